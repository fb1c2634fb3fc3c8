/** Who shows which certificate to whom, and what is made of it. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe } from 'node:test';
import { closeAll, onBothArms } from '../carrier/arms-harness.ts';
import { initiate } from '../carrier/initiate.ts';
import { listen } from '../carrier/listen.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { api, connect, ground, meet, pki, refused, trusting, turnedAway } from './tls-harness.ts';

const client = pki.issue({ names: ['client.test', 'spiffe://example.test/worker'], usage: 'client' });
const stranger = selfSigned({ names: ['client.test'] });
const tls12 = { allowedSecurityProtocols: ['tls_1_2'] } as const;

describe('certificates of listeners', () => {
	onBothArms('T-6.3-05 what is wrong with them, each by its code', async (arm) => {
		const good = await ground(arm, api);
		await meet(good, trusting);
		await refused(good, { ...trusting, serverName: 'other.test' }, 'name-mismatch');
		await refused(good, { ...trusting, ca: stranger.cert }, 'certificate-untrusted');
		await refused(good, { pin: stranger.fingerprint }, 'certificate-untrusted');
		await good.listener.close();
		const late = await ground(arm, pki.issue({ names: ['api.test'], expired: true }));
		await refused(late, trusting, 'certificate-expired');
		await late.listener.close();
	});

	onBothArms('that of an initiator is none', async (arm) => {
		const impostor = await ground(arm, pki.issue({ names: ['api.test'], usage: 'client' }));
		const error = await refused(impostor, trusting, 'certificate-untrusted');
		assert.match(error.message, /unsuitable certificate purpose/);
		await impostor.listener.close();
	});

	onBothArms('T-6.3.2a several, by the server name that is asked for', async (arm) => {
		const names = ['a.test', '*.b.test', 'x.b.test'];
		const issued = Object.fromEntries(names.map((name) => [name, pki.issue({ names: [name] })]));
		const on = await ground(arm, { ...api, identities: issued });
		for (const [asked, shown] of [
			['a.test', 'a.test'],
			['A.TEST', 'a.test'],
			['y.b.test', '*.b.test'],
			['x.b.test', 'x.b.test'],
			['api.test', 'api.test'],
		] as const) {
			const infos = await meet(on, { ...trusting, serverName: asked });
			assert.deepEqual(infos.client.peerCertificate!.names.slice(0, 1), [shown]);
			assert.equal(infos.server.serverName?.toLowerCase(), asked.toLowerCase());
		}
		await refused(on, { ...trusting, serverName: 'deep.y.b.test' }, 'name-mismatch');
		await on.listener.close();
		const only = await ground(arm, { identities: issued });
		await meet(only, { ...trusting, serverName: 'a.test' });
		const { error, told } = await turnedAway(only, { ...trusting, serverName: 'c.test' }, 'tls-failed');
		assert.equal(error.code, 'tls-alert');
		assert.match(error.message, /handshake failure/);
		assert.match(told.message, /nothing in common/);
		await only.listener.close();
	});
});

describe('certificates of initiators', () => {
	onBothArms('T-6.3.2b are shown when asked for, and told of', async (arm) => {
		for (const clientCertificates of ['request', 'require'] as const) {
			const on = await ground(arm, { ...api, clientCertificates, ca: pki.ca });
			for (const version of [{}, tls12]) {
				const { server } = await meet(on, { ...trusting, ...client, ...version });
				const x509 = new X509Certificate(client.cert);
				assert.equal(server.peerFingerprint, x509.fingerprint256);
				const { subject, issuer, names, uris, validTo, raw } = server.peerCertificate!;
				assert.deepEqual([subject, issuer], ['CN=client.test', 'CN=post-sockets test authority']);
				assert.deepEqual([names, uris], [['client.test'], ['spiffe://example.test/worker']]);
				assert.deepEqual([validTo, Buffer.from(raw)], [x509.validToDate, x509.raw]);
			}
			await on.listener.close();
		}
		const unasked = await ground(arm, { ...api, ca: pki.ca });
		assert.equal((await meet(unasked, { ...trusting, ...client })).server.peerCertificate, undefined);
		await unasked.listener.close();
	});

	onBothArms('none, a stranger’s, one that is late, that of a listener: refused where required', async (arm) => {
		for (const version of [{}, tls12]) {
			const on = await ground(arm, { ...api, clientCertificates: 'require', ca: pki.ca, ...version });
			const { error, told } = await turnedAway(on, trusting, 'certificate-untrusted');
			assert.equal(error.code, 'tls-alert');
			assert.match(error.message, version === tls12 ? /handshake failure/ : /certificate required/);
			assert.match(told.message, /showed no certificate/);
			for (const [{ cert, key }, code] of [
				[stranger, 'certificate-untrusted'],
				[pki.issue({ names: ['client.test'], usage: 'server' }), 'certificate-untrusted'],
				[pki.issue({ names: ['client.test'], usage: 'client', expired: true }), 'certificate-expired'],
			] as const) {
				await turnedAway(on, { ...trusting, cert, key }, code);
			}
			await on.listener.close();
			assert.equal(await on.listener.accept(), undefined);
		}
	});

	onBothArms('where requested, none will do, a wrong one will not', async (arm) => {
		const on = await ground(arm, { ...api, clientCertificates: 'request', ca: pki.ca });
		assert.equal((await meet(on, trusting)).server.peerCertificate, undefined);
		const { cert, key } = stranger;
		await turnedAway(on, { ...trusting, cert, key }, 'certificate-untrusted');
		await on.listener.close();
	});

	onBothArms('may be pinned, by who asks for them', async (arm) => {
		const on = await ground(arm, { ...api, clientCertificates: 'require', pin: stranger.fingerprint });
		const { cert, key } = stranger;
		for (const resumed of [false, true]) {
			const { server } = await meet(on, { ...trusting, cert, key });
			assert.deepEqual([server.peerFingerprint, server.resumed], [stranger.fingerprint, resumed]);
		}
		for (const identity of [client, {}]) await turnedAway(on, { ...trusting, ...identity }, 'certificate-untrusted');
		await on.listener.close();
	});
});

describe('the identity of a local', () => {
	onBothArms('P-64 counts as certificate and key, at both ends', async (arm) => {
		const { stack } = arm;
		const security = { clientCertificates: 'require', ca: pki.ca } as const;
		const place = { interface: 'lo', address: '127.0.0.1', port: 0, stack, identity: api };
		const listener = await listen<string, string>(place, { protocol: lines(), security });
		const carrier = await initiate<string, string>(listener.locals[0]!, {
			protocol: lines(),
			security: trusting,
			local: { stack, identity: client },
			first: 'hello',
		});
		const server = (await listener.accept())!;
		assert.equal((await server.receive())!.content, 'hello');
		assert.equal(server.transients[0]!.security!.peerCertificate!.subject, 'CN=client.test');
		await closeAll(carrier, server, listener);
	});

	onBothArms('may not contradict the security, nor the other locals of a race', async ({ stack }) => {
		const bad = { code: 'bad-argument' } as const;
		const mine = { stack, identity: client };
		await assert.rejects(async () => initiate('127.0.0.1:9', { local: mine, security: api }), bad);
		await assert.rejects(async () => initiate('127.0.0.1:9', { local: [mine, { stack }] }), bad);
		await assert.rejects(listen({ address: '127.0.0.1', stack, identity: client }, { security: api }), bad);
		await assert.rejects(async () => listen({ stack, identity: { cert: api.cert } as never }), bad);
	});
});

describe('reload', () => {
	onBothArms('new handshakes get the new certificate, carriers live on', async (arm) => {
		const on = await ground(arm, api);
		const before = await connect(on, trusting);
		const renewed = pki.issue({ names: ['api.test'] });
		on.listener.reload(renewed);
		const after = await connect(on, trusting);
		const [old, fresh] = [before, after].map(({ client }) => client.transients[0]!.security!);
		assert.equal(old!.peerFingerprint, new X509Certificate(api.cert).fingerprint256);
		assert.deepEqual(
			[fresh!.resumed, fresh!.peerFingerprint],
			[false, new X509Certificate(renewed.cert).fingerprint256],
		);
		for (const { client } of [before, after]) assert.equal(await client.request('still here'), 'still here');
		await closeAll(before.client, before.server, after.client, after.server, on.listener);
	});

	onBothArms('whom the listener trusts changes for sessions too', async (arm) => {
		const on = await ground(arm, { ...api, clientCertificates: 'require', ca: pki.ca, ...tls12 });
		const security = { ...trusting, ...client };
		assert.equal((await meet(on, security)).server.resumed, false);
		assert.equal((await meet(on, security)).server.resumed, true);
		on.listener.reload({ ...api, clientCertificates: 'require', ca: stranger.cert, ...tls12 });
		await turnedAway(on, security, 'certificate-untrusted');
		await on.listener.close();
	});

	onBothArms('what cannot be used throws, and the old stays', async (arm) => {
		const on = await ground(arm, api);
		for (const security of [{}, { cert: api.cert }, { cert: api.cert, key: client.key }, { cert: 'x', key: 'y' }]) {
			assert.throws(() => on.listener.reload(security), { code: 'bad-argument' });
		}
		await meet(on, trusting);
		await on.listener.close();
		const plain = await arm.listen(lines());
		assert.throws(() => plain.reload(api), { code: 'bad-argument' });
		await plain.close();
	});
});
