/** What of a `Security` is refused before anything is opened. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testPki } from '../../testing/certificates.ts';
import { canListen, type Security, withIdentity } from '../policy/security.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { supportedSecurity } from './supported-security.ts';
import { tls } from './tls.ts';

const pki = testPki();
const one = selfSigned();
const other = pki.issue({ names: ['a.test'] });
const preSharedKey = { identity: 'me', key: new Uint8Array(16) };

const bad: readonly [Security, RegExp, side?: 'listen'][] = [
	[{ cert: 'x', key: 'y' }, /PEM/],
	[{ cert: one.cert, key: other.key }, /key belongs to cert/],
	[{ cert: one.cert }, /one is missing/],
	[{ key: one.key }, /one is missing/],
	[{ ca: 'x' }, /PEM/],
	[{ ca: [] }, /nobody would be trusted/],
	[{ pin: 'ab' }, /no SHA-256 fingerprint/],
	[{ serverName: 42 as never }, /no string/],
	[{ alpn: 'h2' as never }, /list of strings/],
	[{ alpn: [7 as never] }, /list of strings/],
	[{ ca: 7 as never }, /PEM/],
	[{ cert: 7 as never, key: 7 as never }, /PEM/],
	[{ pin: 7 as never }, /no SHA-256 fingerprint/],
	[{ ciphers: [7 as never] }, /list of strings/],
	[{ groups: 'X25519' as never }, /list of strings/],
	[{ maxCachedSessions: '1' as never }, /number from 0/],
	[{ preSharedKey: 'secret' as never }, /identity, key/],
	[{ preSharedKey: null as never }, /identity, key/],
	[{ alpn: [''] }, /1 to 255 bytes/],
	[{ alpn: ['x'.repeat(256)] }, /1 to 255 bytes/],
	[{ allowedSecurityProtocols: [] }, /is empty/],
	[{ allowedSecurityProtocols: ['tls_1_1' as never] }, /"tls_1_1" is not known/],
	[{ groups: [] }, /is empty/],
	[{ groups: ['X25519', 'nonsense'] }, /"nonsense" is not known/],
	[{ groups: ['X25519:P-256'] }, /not known/],
	[{ ciphers: ['TLS_AES_128_GCM_SHA256', 'NONSENSE'] }, /"NONSENSE" is not known/],
	[{ ciphers: ['ALL'] }, /not known/],
	[{ ciphers: ['TLS_AES_128_GCM_SHA256'], allowedSecurityProtocols: ['tls_1_2'] }, /none of the/],
	[{ ciphers: ['ECDHE-RSA-AES128-GCM-SHA256'], allowedSecurityProtocols: ['tls_1_3'] }, /none of the/],
	[{ signatureAlgorithms: ['nonsense'] }, /not known/],
	[{ maxCachedSessions: -1 }, /maxCachedSessions is -1/],
	[{ cachedSessionLifetimeSeconds: Number.NaN }, /cachedSessionLifetimeSeconds is NaN/],
	[{ trust: true as never }, /trust is no function/],
	[{ keyLog: 'file' as never }, /keyLog is no function/],
	[{ clientCertificates: 'maybe' as never }, /none, request or require/],
	[{ identities: { 'a.test': { cert: one.cert, key: other.key } } }, /identities\["a\.test"\]/, 'listen'],
	[{ preSharedKey: { identity: 'me', key: new Uint8Array(15) } }, /16 to 256/],
	[{ preSharedKey: { identity: '', key: preSharedKey.key } }, /1 to 128 bytes/],
	[{ preSharedKey: () => undefined }, /only a listener/],
	...(['ca', 'cert', 'key', 'pin'] as const).map(
		(name) => [{ preSharedKey, [name]: one.cert }, /leave out|one is missing|fingerprint/] as [Security, RegExp],
	),
	[{ preSharedKey, clientCertificates: 'require' }, /leave out `clientCertificates`/, 'listen'],
	[{ preSharedKey, ca: other.cert }, /leave out `ca`/, 'listen'],
];

describe('security that cannot be used', () => {
	for (const [security, message, side] of bad) {
		test(`${Object.keys(security)}: ${message.source}`, () => {
			assert.throws(() => tls.check!(security, side), { code: 'bad-argument', message });
		});
	}

	test('and all that can be', () => {
		for (const security of [
			{},
			one,
			{ ca: [pki.ca, Buffer.from(one.cert)], pin: [one.fingerprint] },
			{ groups: ['X25519', 'P-256', 'X25519MLKEM768'], ciphers: ['TLS_AES_128_GCM_SHA256'] },
			{ ciphers: ['ECDHE-RSA-AES128-GCM-SHA256'], signatureAlgorithms: ['rsa_pss_rsae_sha256', 'ed25519'] },
			{ preSharedKey },
			{ maxCachedSessions: 0, cachedSessionLifetimeSeconds: 1e9 },
		] as Security[])
			tls.check!(security);
		tls.check!({ preSharedKey: () => undefined }, 'listen');
	});
});

test('T-6.3-07 the values that are supported are listed, and each may be named', () => {
	const supported = supportedSecurity();
	tls.check!(supported);
	for (const [name, values] of Object.entries(supported)) {
		assert.ok(values.length > 0, name);
		for (const value of values) tls.check!({ [name]: [value] });
	}
	assert.deepEqual(supported.allowedSecurityProtocols, ['tls_1_2', 'tls_1_3']);
	assert.ok(supported.ciphers.includes('TLS_AES_128_GCM_SHA256'));
	assert.ok(supported.groups.includes('X25519') && supported.signatureAlgorithms.includes('ed25519'));
});

describe('identities', () => {
	test('that of the locals counts, and contradicts nobody', () => {
		const security = { alpn: ['a'] };
		assert.equal(withIdentity(security, [undefined, undefined]), security);
		assert.deepEqual(withIdentity(security, [other]), { ...security, ...other });
		assert.deepEqual(withIdentity({ ...other, key: Buffer.from(other.key) }, [other]), other);
		for (const [stated, locals] of [
			[one, [other]],
			[{ cert: other.cert }, [other]],
			[{}, [other, one]],
			[{}, [undefined, other]],
		] as const) {
			assert.throws(() => withIdentity(stated, locals), { code: 'bad-argument' });
		}
	});

	test('a listener needs one, of whatever kind', () => {
		for (const security of [one, { identities: {} }, { preSharedKey }]) assert.ok(canListen(security));
		for (const security of [{}, { cert: one.cert }, { ca: one.cert }]) assert.ok(!canListen(security));
	});
});
