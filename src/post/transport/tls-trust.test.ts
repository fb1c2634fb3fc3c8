/** The callback that has the last word, and what is told to those who watch. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe } from 'node:test';
import { turns, until } from '../../testing/suite.ts';
import { memoryStore } from '../association/memory-store.ts';
import { closeAll, onBothArms, onMemory } from '../carrier/arms-harness.ts';
import { Association } from '../carrier/association.ts';
import { lines } from '../message/text-lines.ts';
import type { Peer, Security } from '../policy/security.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { api, type Ground, ground, meet, pki, refused, trusting, turnedAway } from './tls-harness.ts';

const client = pki.issue({ names: ['client.test'] });
const never = () => new Promise<boolean>(() => {});

describe('trust', () => {
	onBothArms('T-6.3.8a is asked of each peer before a byte of the application, and waited for', async (arm) => {
		const asked: Peer[] = [];
		const { promise: answer, resolve } = Promise.withResolvers<boolean>();
		const ask = (peer: Peer) => {
			asked.push(peer);
			return answer;
		};
		const on = await ground(arm, { ...api, clientCertificates: 'require', ca: pki.ca, trust: ask });
		let ready = false;
		const security = { ...trusting, ...client, trust: ask };
		const connecting = arm.connect(on.listener, { scheme: 'tls', protocol: lines(), security, first: 'hello' });
		connecting.then(() => (ready = true)).catch(() => {});
		const accepting = on.listener.accept();
		await until('both were asked', () => asked.length === 2);
		await turns(5);
		assert.equal(ready, false);
		assert.deepEqual(
			asked.map(({ peerCertificate, remote }) => [peerCertificate!.subject, /^127\.0\.0\.1:\d+$/.test(remote)]).sort(),
			[
				['CN=api.test', true],
				['CN=client.test', true],
			],
		);
		resolve(true);
		const carriers = [await connecting, (await accepting)!] as const;
		assert.equal((await carriers[1].receive())!.content, 'hello');
		await closeAll(...carriers, on.listener);
	});

	onBothArms('T-6.3.8a false, anything but true, and a throw refuse', async (arm) => {
		const on = await ground(arm, api);
		const cause = new Error('not today');
		for (const trust of [
			() => false,
			() => undefined as never,
			() => 1 as never,
			() => Promise.reject(cause),
			() => {
				throw cause;
			},
		]) {
			const error = await refused(on, { ...trusting, trust }, 'certificate-untrusted');
			assert.match(error.message, /`trust`/);
		}
		await on.listener.close();
		const wary = await ground(arm, { ...api, trust: () => false });
		const { told } = await turnedAway(wary, trusting, 'certificate-untrusted');
		assert.match(told.message, /`trust` refused 127/);
		await wary.listener.close();
		assert.equal(await wary.listener.accept(), undefined);
	});

	onBothArms('never accepts what was refused, and is not asked about it', async (arm) => {
		const trust = () => assert.fail('asked');
		const on = await ground(arm, api);
		await refused(on, { serverName: 'api.test', trust }, 'certificate-untrusted');
		await refused(on, { ...trusting, serverName: 'other.test', trust }, 'name-mismatch');
		await refused(on, { pin: selfSigned().fingerprint, trust }, 'certificate-untrusted');
		await on.listener.close();
	});

	onMemory('one that hangs is bounded by the establishment, and by the time for handshakes', async (arm) => {
		const on = await ground(arm, api);
		const start = arm.stack.clock.now();
		await assert.rejects(
			arm.connect(on.listener, { scheme: 'tls', security: { ...trusting, trust: never }, timeout: 5_000 }),
			{ code: 'timed-out' },
		);
		assert.equal(arm.stack.clock.now() - start, 5_000);
		const controller = new AbortController();
		const aborted = arm.connect(on.listener, {
			scheme: 'tls',
			signal: controller.signal,
			security: {
				...trusting,
				trust() {
					controller.abort();
					return never();
				},
			},
		});
		await assert.rejects(aborted, { code: 'aborted' });
		await on.listener.close();
		const wary = await ground(arm, { ...api, trust: never });
		const { told } = await turnedAway(wary, trusting, 'timed-out');
		assert.match(told.message, /10000 ms/);
		await wary.listener.close();
	});

	onBothArms('is asked again for every connection: its sessions are not resumed, nor anybody’s taken', async (arm) => {
		const on = await ground(arm, api);
		const store = memoryStore();
		let asked = 0;
		const make = (more: Security) =>
			new Association({
				remote: on.listener.locals[0]!,
				local: { stack: arm.stack },
				security: { ...trusting, ...more },
				store,
			});
		const talk = (association: Association) => resumes(on, association);
		const trust = () => {
			asked += 1;
			return true;
		};
		for (const more of [{}, { trust }, { trust }, { trust: () => true }, { trust }]) {
			assert.equal(await talk(make(more)), false);
		}
		assert.equal(asked, 3);
		assert.equal(await talk(make({})), true);
		on.listener.reload({ ...api, trust: () => true });
		for (let count = 0; count < 2; count += 1) assert.equal(await talk(make({})), false);
		await on.listener.close();
	});
});

describe('sessions', () => {
	onBothArms('T-6.3.3 a pinned peer is resumed by who pins the same, and by nobody else', async (arm) => {
		const one = selfSigned({ names: ['api.test'] });
		const on = await ground(arm, one);
		const store = memoryStore();
		const talk = (security: Security) =>
			resumes(on, new Association({ remote: on.listener.locals[0]!, local: { stack: arm.stack }, security, store }));
		assert.equal(await talk({ pin: one.fingerprint }), false);
		assert.equal(await talk({ pin: one.fingerprint }), true);
		await assert.rejects(talk({ pin: selfSigned().fingerprint }), { code: 'certificate-untrusted' });
		assert.equal(await talk({ pin: one.fingerprint, groups: ['P-256'] }), false);
		await on.listener.close();
	});

	onBothArms('none are kept where none may be', async (arm) => {
		const on = await ground(arm, api);
		const store = memoryStore();
		const talk = (security: Security) =>
			resumes(
				on,
				new Association({
					remote: on.listener.locals[0]!,
					local: { stack: arm.stack },
					security: { ...trusting, ...security },
					store,
				}),
			);
		for (const security of [{ maxCachedSessions: 0 }, { cachedSessionLifetimeSeconds: 0 }]) {
			for (let count = 0; count < 2; count += 1) assert.equal(await talk(security), false);
		}
		on.listener.reload({ ...api, maxCachedSessions: 0 });
		for (let count = 0; count < 2; count += 1) assert.equal(await talk({}), false);
		await on.listener.close();
	});
});

describe('what is told', () => {
	onBothArms('the key log of both ends is the same, and one that decodes', async (arm) => {
		const log = { client: [] as string[], server: [] as string[] };
		const on = await ground(arm, { ...api, keyLog: (line) => void log.server.push(line) });
		await meet(on, { ...trusting, keyLog: (line) => void log.client.push(line) });
		await on.listener.close();
		assert.deepEqual(log.client.toSorted(), log.server.toSorted());
		for (const line of log.client) assert.match(line, /^[A-Z_]+[A-Z\d_]* [\da-f]{64} [\da-f]{64,96}$/);
		const labels = log.client.map((line) => line.split(' ')[0]);
		for (const label of [
			'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
			'SERVER_HANDSHAKE_TRAFFIC_SECRET',
			'CLIENT_TRAFFIC_SECRET_0',
			'SERVER_TRAFFIC_SECRET_0',
		]) {
			assert.ok(labels.includes(label), label);
		}
	});

	onBothArms('T-6.3.4 the application protocol, and that there is none in common', async (arm) => {
		const on = await ground(arm, { ...api, alpn: ['chat/2', 'chat/1'] });
		const { client: initiator, server } = await meet(on, { ...trusting, alpn: ['chat/1', 'chat/2'] });
		assert.deepEqual([initiator.alpn, server.alpn], ['chat/2', 'chat/2']);
		assert.equal((await meet(on, trusting)).client.alpn, undefined);
		const { error, told } = await turnedAway(on, { ...trusting, alpn: ['smtp'] }, 'tls-failed');
		assert.equal(error.code, 'tls-alert');
		assert.match(error.message, /no application protocol/);
		assert.match(told.message, /`alpn` of the two/);
		await on.listener.close();
	});

	onBothArms(
		'P-73 T-6.3-06 T-6.3.5a T-6.3.5b T-6.3.5c T-6.3.1 what was allowed is what is used, or nothing',
		async (arm) => {
			const on = await ground(arm, {
				...api,
				groups: ['P-384'],
				ciphers: ['TLS_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
				signatureAlgorithms: ['ecdsa_secp256r1_sha256'],
			});
			assert.equal((await meet(on, trusting)).client.cipher, 'TLS_AES_256_GCM_SHA384');
			await refused(on, { serverName: 'api.test' }, 'certificate-untrusted');
			await meet(on, { pin: new X509Certificate(api.cert).fingerprint256 });
			const old = await meet(on, { ...trusting, ciphers: ['ECDHE-ECDSA-AES256-GCM-SHA384'] });
			assert.deepEqual([old.client.protocol, old.client.cipher], ['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384']);
			for (const other of [
				{ groups: ['X25519'] },
				{ ciphers: ['TLS_AES_128_GCM_SHA256'] },
				{ ciphers: ['ECDHE-ECDSA-AES128-GCM-SHA256'] },
				{ signatureAlgorithms: ['rsa_pss_rsae_sha256'] },
			]) {
				const { error } = await turnedAway(on, { ...trusting, ...other }, 'tls-failed');
				assert.equal(error.code, 'tls-alert');
			}
			on.listener.reload({ ...api, allowedSecurityProtocols: ['tls_1_2'] });
			const { error } = await turnedAway(on, { ...trusting, allowedSecurityProtocols: ['tls_1_3'] }, 'tls-failed');
			assert.match(error.message, /protocol version/);
			await on.listener.close();
		},
	);
});

/** Talks a line both ways, which is when TLS 1.3 gives its tickets. */
async function resumes({ listener }: Ground, association: Association): Promise<boolean> {
	const initiating = association.initiate<string, string>({ protocol: lines() });
	const client = await initiating;
	const server = (await listener.accept())!;
	server.onMessage(({ content }) => server.post(content));
	assert.equal(await client.request('hello'), 'hello');
	const { resumed } = client.transients[0]!.security!;
	await closeAll(client, server);
	return resumed;
}
