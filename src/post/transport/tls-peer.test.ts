/** Names of certificates, which strangers write. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { alternativeNames, newKeys, writeCertificate } from '../policy/x509.ts';
import { readNames } from './tls-peer.ts';

const keys = newKeys();

function printed(names: readonly string[]): string {
	const [from, until] = [new Date(0), new Date(2e12)];
	const extensions = [alternativeNames(names)];
	const contents = { issuer: 'i', subject: 's', keys, signer: keys.privateKey, from, until, extensions };
	return new X509Certificate(writeCertificate(contents)).subjectAltName ?? '';
}

test('names, addresses and URIs come apart', () => {
	const text = printed(['a.test', '192.0.2.1', '2001:db8::1', 'spiffe://x/y', '*.b.test']);
	assert.deepEqual(readNames(text), {
		names: ['a.test', '192.0.2.1', '2001:DB8:0:0:0:0:0:1', '*.b.test'],
		uris: ['spiffe://x/y'],
	});
	assert.deepEqual(readNames(''), { names: [], uris: [] });
	assert.deepEqual(readNames('email:a@b.test, othername:<unsupported>, DNS:a.test, DirName:"CN = DNS:evil.test"'), {
		names: ['a.test'],
		uris: [],
	});
});

test('what is in a name stays in it, whatever it looks like', () => {
	const name = fc
		.stringMatching(/^[ -~]{1,20}$/)
		.filter((text) => !/^[\d.:a-f]+$/i.test(text) && !text.includes('://'));
	const tricky = fc.constantFrom('a, DNS:evil.test', 'a", DNS:"evil.test', 'a\\", URI:x', 'x\nDNS:evil.test', ',', '"');
	fc.assert(
		fc.property(fc.array(fc.oneof(name, tricky), { minLength: 1, maxLength: 4 }), (names) => {
			assert.deepEqual(readNames(printed(names)), { names, uris: [] });
		}),
	);
});

test('no text throws', () => {
	const text = fc.oneof(fc.string(), fc.stringMatching(/^((DNS|URI|IP Address|x):?("|\\|,| |a)*,? ?)*$/));
	fc.assert(fc.property(text, (text) => void readNames(text)));
});
