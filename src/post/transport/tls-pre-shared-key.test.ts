/** Keys that both ends know, instead of certificates. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe } from 'node:test';
import { closeAll, onBothArms } from '../carrier/arms-harness.ts';
import type { Security } from '../policy/security.ts';
import { api, ground, meet, refused, trusting, turnedAway } from './tls-harness.ts';

const keys = new Map(['sensor-1', 'sensor-2'].map((identity) => [identity, randomBytes(32)]));
const security = (identity: string, key = keys.get(identity)!): Security => ({ preSharedKey: { identity, key } });
const versions = [
	[{ allowedSecurityProtocols: ['tls_1_2'] }, /^ECDHE-PSK-/],
	[{ allowedSecurityProtocols: ['tls_1_3'] }, /^TLS_AES_128_GCM_SHA256$/],
	[{}, /^TLS_/],
] as const;

describe('pre-shared keys', () => {
	onBothArms('T-6.3.7 each peer by its own, looked up by identity', async (arm) => {
		const on = await ground(arm, { preSharedKey: (identity) => keys.get(identity) });
		for (const identity of keys.keys()) {
			for (const [version, cipher] of versions) {
				for (const info of Object.values(await meet(on, { ...security(identity), ...version }))) {
					assert.match(info.cipher, cipher);
					assert.deepEqual(
						[info.preSharedKeyIdentity, info.resumed, info.peerCertificate],
						[identity, false, undefined],
					);
				}
			}
		}
		await on.listener.close();
		const one = await ground(arm, security('sensor-1'));
		assert.equal((await meet(one, security('sensor-1'))).server.preSharedKeyIdentity, 'sensor-1');
		await turnedAway(one, security('sensor-2'), 'tls-failed');
		await one.listener.close();
	});

	onBothArms('P-53 they and trusted certificates are the two ways to know a peer', async (arm) => {
		const [keyed, certified] = [await ground(arm, security('sensor-1')), await ground(arm, api)];
		await meet(keyed, security('sensor-1'));
		await meet(certified, trusting);
		await turnedAway(keyed, trusting, 'tls-failed');
		await refused(certified, security('sensor-1'), 'certificate-untrusted');
		await closeAll(keyed.listener, certified.listener);
	});

	onBothArms('a wrong key, an unknown identity and no key at all are refused', async (arm) => {
		const on = await ground(arm, { preSharedKey: (identity) => keys.get(identity) });
		for (const [version] of versions) {
			for (const wrong of [security('sensor-1', randomBytes(32)), security('nobody', randomBytes(32)), {}]) {
				const { error } = await turnedAway(on, { ...wrong, ...version }, 'tls-failed');
				assert.equal(error.code, 'tls-alert');
			}
		}
		await on.listener.close();
	});

	onBothArms('a listener that shows a certificate instead is refused, whatever it says', async (arm) => {
		const on = await ground(arm, api);
		const error = await refused(on, { ...security('sensor-1'), serverName: 'api.test' }, 'certificate-untrusted');
		assert.match(error.message, /did not take the pre-shared key/);
		await turnedAway(on, { ...security('sensor-1'), ...versions[0][0] }, 'tls-failed');
		await on.listener.close();
	});

	onBothArms('a listener whose look-up throws, or finds what can be guessed, refuses and says so', async (arm) => {
		const cause = new Error('the key store is away');
		for (const [preSharedKey, code] of [
			[
				() => {
					throw cause;
				},
				'tls-failed',
			],
			[() => new Uint8Array(15), 'bad-argument'],
			[() => 'secret' as never, 'bad-argument'],
		] as const) {
			const on = await ground(arm, { preSharedKey });
			await turnedAway(on, security('sensor-1'), code);
			await on.listener.close();
		}
	});
});
