/** `allowPlaintext`: only where no TLS is spoken, never instead of a certificate that was refused, and never unsaid. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { closeAll, onBothArms, type RawPeer } from './arms-harness.ts';
import { initiate } from './initiate.ts';

const protocol = lines();
const options = { scheme: 'tls', protocol, allowPlaintext: true, timeout: 2_000 } as const;

describe('allowPlaintext', () => {
	const dumb: readonly [string, (peer: RawPeer) => void][] = [
		['answers with nonsense', (peer) => void peer.write('220 ready when you are\r\n')],
		['hangs up', (peer) => peer.flow.end()],
		['resets', (peer) => peer.flow.abort()],
		['says nothing', () => {}],
	];
	for (const [what, answer] of dumb) {
		onBothArms(
			`a server that ${what} at a ClientHello is then spoken to in plain text, and the report says so`,
			async (arm) => {
				const server = await arm.rawServer((peer) => {
					peer.onData = (chunk) => {
						if (chunk[0] === 0x16) answer(peer);
						else peer.received += chunk.length;
					};
				});
				const client = await arm.connect(server.port, options);
				assert.equal(client.transients[0]!.security, undefined);
				assert.equal(client.transients[0]!.transport, 'tcp');
				const { plaintextFallback, attempts, milliseconds } = client.race!;
				assert.deepEqual([plaintextFallback, attempts.map(({ protocol }) => protocol)], [true, ['tls', 'tcp']]);
				assert.ok(
					attempts[1]!.start >= attempts[0]!.end! && attempts[1]!.end! <= milliseconds,
					'one time for both races',
				);
				await until('both have come', () => server.peers.length === 2);
				for (const peer of server.peers) peer.flow.abort();
				await client.closed;
				await server.close();
			},
		);
	}

	onBothArms('one family dead, the other without TLS: still', async (arm) => {
		const server = await arm.rawServer((peer) => {
			peer.onData = (chunk) => void (chunk[0] === 0x16 && peer.write('what?\r\n'.repeat(10)));
		});
		const remote = { hostName: 'localhost', addresses: ['::1', '127.0.0.1'], port: server.port };
		const client = await initiate(remote, { protocol, allowPlaintext: true, local: { stack: arm.stack } });
		assert.equal(client.race!.plaintextFallback, true);
		await until('both have come', () => server.peers.length === 2);
		for (const peer of server.peers) peer.flow.abort();
		await client.closed;
		await server.close();
	});

	onBothArms('never when a certificate was refused, nobody answers, or the name asks for something', async (arm) => {
		const security = selfSigned();
		const listener = await arm.listen(protocol, { security }, 'tls');
		await assert.rejects(arm.connect(listener, options), { code: 'certificate-untrusted' });
		await assert.rejects(arm.connect(listener, { ...options, security: { ca: security.cert, serverName: 'x.test' } }), {
			code: 'name-mismatch',
		});
		const client = await arm.connect(listener, { ...options, security: { pin: security.fingerprint } });
		assert.equal(client.race!.plaintextFallback, false);
		await closeAll(client, (await listener.accept())!, listener);
		await assert.rejects(arm.connect(listener.port!, options), { code: 'refused' });
		const mute = await arm.rawServer((peer) => peer.flow.end());
		await assert.rejects(
			initiate(`tls://127.0.0.1:${mute.port}`, { allowPlaintext: true, local: { stack: arm.stack } }),
			{ code: 'reset' },
		);
		for (const peer of mute.peers) peer.flow.abort();
		await mute.close();
	});
});
