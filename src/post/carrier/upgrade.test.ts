/** `upgrade`: the same connection, secured or spoken over otherwise. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { type Arm, closeAll, onBothArms, onMemory } from './arms-harness.ts';

const security = selfSigned();
const pinned = { pin: security.fingerprint };

/** The asked side says "go" and is secured; returns both ends after it. */
async function startTls(arm: Arm) {
	const { client, server } = await arm.pair(lines());
	const serving = (async () => {
		assert.equal((await server.receive())!.content, 'STARTTLS');
		server.post('go');
		return server.upgrade({ security });
	})();
	assert.equal(await client.request('STARTTLS'), 'go');
	const [safe, safeServer] = await Promise.all([client.upgrade({ security: pinned }), serving]);
	return { client, server, safe, safeServer };
}

describe('upgrade', () => {
	onBothArms('I-6.1-07 STARTTLS: the connection goes on secured, the carriers before are over', async (arm) => {
		const { client, server, safe, safeServer } = await startTls(arm);
		for (const old of [client, server]) assert.deepEqual(await old.closed, { by: 'local', error: undefined });
		assert.match(safe.transients[0]!.security!.protocol, /^TLSv1\.[23]$/);
		assert.equal(safe.transients[0]!.transport, 'tls');
		safeServer.onMessage(({ content }) => safeServer.send(`${content}!`));
		assert.equal(await safe.request('secret'), 'secret!');
		await closeAll(safe, safeServer);
	});

	onBothArms('I-6.1-08 I-6.1-09 another protocol gets the bytes that came early', async (arm) => {
		const { client, server } = await arm.pair(lines());
		server.post('CONNECT');
		const raw = messages(frame.stream(), codec.bytes());
		const spoken = messages(frame.lengthPrefix(), codec.text());
		const upgradedServer = server.upgrade({ protocol: spoken });
		assert.equal((await client.receive())!.content, 'CONNECT');
		const tunnel = await (await upgradedServer).send('first').then(() => client.upgrade({ protocol: spoken }));
		assert.equal((await tunnel.receive())!.content, 'first');
		await assert.rejects(async () => client.upgrade({ protocol: raw }), { code: 'bad-argument' });
		await closeAll(tunnel, await upgradedServer);
	});

	onBothArms('I-6.1-09 bytes slipped in before TLS end the carrier', async (arm) => {
		for (const injected of ['go\nRSET\n', 'go\nRS']) {
			const raw = await arm.rawServer();
			const client = await arm.connect(raw.port, { protocol: lines() });
			await until('it is there', () => raw.peers.length === 1);
			raw.peers[0]!.flow.write([new TextEncoder().encode(injected)]);
			assert.equal((await client.receive())!.content, 'go');
			await assert.rejects(client.upgrade({ security: pinned }), { code: 'malformed', message: /before TLS/ });
			assert.equal((await client.closed).error?.code, 'malformed');
			for (const peer of raw.peers) peer.flow.abort();
			await raw.close();
		}
	});

	onBothArms('a certificate that is not pinned ends both sides', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const serving = server.upgrade({ security });
		const refused = client.upgrade({ security: { pin: '00'.repeat(32) } });
		await assert.rejects(refused, { code: 'certificate-untrusted' });
		// It may learn of that only after the handshake.
		await serving.then(
			(carrier) => carrier.close(),
			() => {},
		);
		await Promise.all([client.closed, server.closed]);
	});

	onMemory('a peer that never answers the handshake ends it by time', async (arm) => {
		const raw = await arm.rawServer();
		const client = await arm.connect(raw.port, { protocol: lines() });
		await assert.rejects(client.upgrade({ security: pinned, timeout: 100 }), { code: 'timed-out' });
		for (const peer of raw.peers) peer.flow.abort();
		await raw.close();
	});

	onMemory('I-6.1-07 not while somebody waits, nor without a stream', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const waiting = client.receive();
		await assert.rejects(client.upgrade({ security: pinned }), { code: 'bad-argument' });
		await server.send('done');
		await waiting;
		await closeAll(client, server);
		await assert.rejects(client.upgrade({ security: pinned }), { code: 'bad-argument' });
	});

	onBothArms('I-6.1-08 what came with the go-ahead is the new protocol’s first', async (arm) => {
		const raw = await arm.rawServer();
		const client = await arm.connect(raw.port, { protocol: lines() });
		await until('it is there', () => raw.peers.length === 1);
		raw.peers[0]!.write('200 go on\n\u0000\u0000\u0000\u0005first');
		assert.equal((await client.receive())!.content, '200 go on');
		const tunnel = await client.upgrade({ protocol: messages(frame.lengthPrefix(), codec.text()) });
		assert.equal((await tunnel.receive())!.content, 'first');
		tunnel.abort();
		for (const peer of raw.peers) peer.flow.abort();
		await raw.close();
	});

	onBothArms('a promise of security that fails, and security that is none, end the connection', async (arm) => {
		for (const make of [() => Promise.reject(new Error('no key today')), () => ({ ca: 'no certificate' })]) {
			const { client, server } = await arm.pair(lines());
			await assert.rejects(client.upgrade({ security: make() as never }));
			assert.equal((await client.closed).by, 'local');
			await server.close();
			await server.closed;
		}
	});

	onBothArms('nothing is upgraded whose other direction has ended', async (arm) => {
		const { client, server } = await arm.pair(lines());
		await server.send('bye', { final: true });
		await client.receive();
		assert.equal(await client.receive(), undefined);
		await assert.rejects(client.upgrade({ security: pinned }), { code: 'bad-argument', message: /has ended/ });
		await closeAll(client, server);
	});
});
