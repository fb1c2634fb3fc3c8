/** Security of the wrong type is a mistake of the caller, told before anything is asked or opened, and never a TypeError. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Security } from '../policy/security.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { onMemory } from './arms-harness.ts';
import { Association } from './association.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';

const own = selfSigned();

const wrong: Readonly<Record<string, readonly unknown[]>> = {
	alpn: ['h2', [7]],
	ca: [7, [7], [null]],
	cert: [7, 'x'],
	key: [7, {}],
	ciphers: [7, 'TLS_AES_128_GCM_SHA256', [7]],
	groups: ['X25519', [7]],
	signatureAlgorithms: ['ed25519', [7]],
	allowedSecurityProtocols: ['tls_1_3', [7]],
	serverName: [42, null],
	pin: [7, null, [Symbol('x')]],
	preSharedKey: [7, null, {}, { identity: 7, key: new Uint8Array(16) }],
	identities: [7, null],
	clientCertificates: [7, null],
	trust: [true, null],
	keyLog: ['file', null],
	maxCachedSessions: ['1', null],
	cachedSessionLifetimeSeconds: ['1', null],
};

describe('wrong security', () => {
	for (const [name, values] of Object.entries(wrong)) {
		onMemory(name, async ({ stack }) => {
			for (const value of values) {
				const security = { ...own, [name]: value } as Security;
				const options = { local: { stack }, security };
				const refused = { name: 'PostSocketsError', code: 'bad-argument' };
				await assert.rejects(initiate('a.test:1', options), refused);
				await assert.rejects(async () => new Association({ remote: 'a.test:1', ...options }).initiate(), refused);
				await assert.rejects(listen({ address: '127.0.0.1', stack }, { security }), refused);
			}
			assert.equal(stack.sockets.questions + stack.sockets.listeners, 0);
		});
	}
});
