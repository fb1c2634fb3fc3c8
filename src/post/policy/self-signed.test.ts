/** The certificates of `selfSigned()`, as node's OpenSSL reads them. */

import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { virtualClock } from '../../base/virtual-clock.ts';
import { memory } from '../../stacks/memory/memory.ts';
import { initiate } from '../carrier/initiate.ts';
import { listen } from '../carrier/listen.ts';
import { selfSigned } from './self-signed.ts';

const day = 86_400_000;

describe('selfSigned()', () => {
	for (const options of [
		{},
		{ names: ['api.test', '*.api.test', '192.0.2.1', '2001:db8::1'] },
		{ days: 1 },
		{ days: 20_000 },
		{ names: Array.from({ length: 50 }, (_, index) => `host-${index}.test`) },
	]) {
		test(`is what OpenSSL says a certificate is: ${JSON.stringify(options).slice(0, 60)}`, () => {
			const { cert, key, fingerprint } = selfSigned(options);
			const { names = ['localhost', '127.0.0.1', '::1'], days = 30 } = options as { names?: string[]; days?: number };
			const x509 = new X509Certificate(cert);
			assert.ok(x509.verify(x509.publicKey));
			assert.ok(x509.checkPrivateKey(createPrivateKey(key)));
			assert.equal(x509.fingerprint256, fingerprint);
			assert.equal(x509.ca, true);
			const { validFromDate: from, validToDate: until } = x509;
			assert.ok(from <= new Date() && new Date() <= until);
			assert.equal(until.getTime() - from.getTime(), days * day);
			assert.equal(x509.subject, `CN=${names[0]}`);
			assert.equal(x509.subjectAltName?.split(', ').length, names.length);
			for (const name of names)
				assert.ok(/^[\d.:a-f]+$/.test(name) ? x509.checkIP(name) : x509.checkHost(name.replace('*', 'x')), name);
		});
	}

	test('serves as its own authority and as a pin, each time another', async () => {
		const stack = memory({ clock: virtualClock(), names: { 'api.test': { A: ['192.0.2.1'] } } });
		const security = selfSigned({ names: ['api.test'] });
		assert.notEqual(selfSigned().fingerprint, security.fingerprint);
		await using listener = await listen({ address: '192.0.2.1', port: 443, stack }, { security });
		const { fingerprint, cert } = security;
		for (const client of [
			{ ca: cert },
			{ ca: Buffer.from(cert) },
			{ ca: [cert] },
			{ pin: fingerprint },
			{ pin: ['00'.repeat(32), fingerprint.replaceAll(':', '').toLowerCase()] },
		]) {
			const carrier = await initiate('api.test:443', {
				security: { ...client, maxCachedSessions: 0 },
				local: { stack },
			});
			assert.equal(carrier.transients[0]!.security!.peerFingerprint, fingerprint);
			await Promise.all([carrier.close(), listener.accept().then((taken) => taken!.close())]);
		}
	});
});
