/** Carriers over datagrams: every message stands for itself, and nothing ends by what the network says. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PostSocketsError } from '../../base/errors.ts';
import { turns, until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { profiles } from '../policy/profiles.ts';
import { type Arm, closeAll, memoryArm, onArm, onBothArms } from './arms-harness.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';

const policy = profiles.unreliableDatagram;
const json = messages(frame.datagram(), codec.json<unknown>());

async function ground({ stack }: Arm) {
	const listener = await listen({ scheme: 'udp', address: '127.0.0.1', stack }, { protocol: json, policy });
	const remote = `udp://127.0.0.1:${listener.port}`;
	const dial = () => initiate(remote, { protocol: json, policy, local: { stack } });
	return { listener, remote, dial };
}

describe('carriers over datagrams', () => {
	test('T-9.1.3.4-02 T-6.2-03 I-3.1-02 UDP needs a policy that can live with it, before anything is opened', () =>
		onArm(memoryArm(), async ({ stack }) => {
			const refusal = { code: 'no-candidates', message: /reliability is required by default.*unreliableDatagram/ };
			await assert.rejects(initiate('udp://127.0.0.1:53', { local: { stack } }), refusal);
			await assert.rejects(listen({ scheme: 'udp', address: '127.0.0.1', stack }), refusal);
			const { safelyReplayable: _, ...unsafe } = policy;
			await assert.rejects(initiate('udp://127.0.0.1:53', { local: { stack }, policy: unsafe }), {
				message: /may deliver a message twice/,
			});
		}));

	onBothArms(
		'T-2-01 T-7.2-06 I-2-03 each peer is a carrier from its first message on, each message a datagram',
		async (arm) => {
			const { listener, dial } = await ground(arm);
			const clients = [await dial(), await dial()];
			for (const [index, client] of clients.entries()) {
				for (let count = 0; count < 20; count += 1) client.post({ index, count });
				const server = (await listener.accept())!;
				for (let count = 0; count < 20; count += 1) {
					assert.deepEqual((await server.receive())!.content, { index, count });
				}
				assert.equal(await server.send('to you'), 'sent');
				assert.equal((await client.receive())!.content, 'to you');
				await server.close();
			}
			await closeAll(...clients, listener);
		},
	);

	onBothArms(
		'I-4.4.1-03 I-4.6-01 I-4.7.2-01 ready at once, heard of by its first message, told apart by its four-tuple',
		async (arm) => {
			const { listener, dial } = await ground(arm);
			const accepting = listener.accept();
			const clients = [await dial(), await dial()] as const;
			for (const { state, paths } of clients) {
				assert.equal(state, 'active');
				assert.match(paths[0]!.local, /:[1-9]\d*$/, 'its port is reserved');
			}
			await turns(5);
			assert.equal(await Promise.race([accepting, 'nobody']), 'nobody');
			clients[0].post('zero');
			const first = (await accepting)!;
			clients[1].post('one');
			const second = (await listener.accept())!;
			for (let count = 0; count < 5; count += 1)
				for (const [index, each] of clients.entries()) each.post([index, count]);
			for (const [index, server] of [first, second].entries()) {
				assert.equal((await server.receive())!.content, ['zero', 'one'][index]);
				for (let count = 0; count < 5; count += 1) {
					assert.deepEqual((await server.receive())!.content, [index, count]);
				}
			}
			await closeAll(...clients, first, second, listener);
		},
	);

	onBothArms('T-9.2.1-01 one that is too large is refused alone', async (arm) => {
		const { listener, dial } = await ground(arm);
		const client = await dial();
		await assert.rejects(Promise.resolve(client.send('x'.repeat(70_000))), { code: 'too-large' });
		assert.equal(await client.send('small'), 'sent');
		const server = (await listener.accept())!;
		assert.equal((await server.receive())!.content, 'small');
		await closeAll(client, server, listener);
	});

	onBothArms('I-7-02 a malformed one is dropped, told as a soft error, and the carrier lives', async (arm) => {
		const { listener, remote } = await ground(arm);
		const client = await initiate(remote, { protocol: lines(), policy, local: { stack: arm.stack } });
		client.post('{"fine": 1}');
		const server = (await listener.accept())!;
		const soft: PostSocketsError[] = [];
		server.observe('softError', (error) => void soft.push(error));
		client.post('no JSON');
		client.post('{"fine": 2}');
		assert.deepEqual((await server.receive())!.content, { fine: 1 });
		assert.deepEqual((await server.receive())!.content, { fine: 2 });
		await until('the soft error is told', () => soft.length === 1);
		assert.equal(soft[0]!.code, 'malformed');
		await closeAll(client, server, listener);
	});

	onBothArms('I-7-02 I-10.3-03 T-8.3.1 nobody there is a soft error, never the end', async ({ stack }) => {
		const port = await listen({ scheme: 'udp', address: '127.0.0.1', stack }, { protocol: json, policy });
		const remote = `udp://127.0.0.1:${port.port}`;
		await port.close();
		const client = await initiate(remote, { protocol: json, policy, local: { stack } });
		const soft: PostSocketsError[] = [];
		client.observe('softError', (error) => void soft.push(error));
		await client.send('anybody?');
		await until('the soft error is told', () => soft.length > 0);
		assert.equal(soft[0]!.code, 'refused');
		assert.equal(client.state, 'active');
		await client.close();
	});

	onBothArms('I-10.3-01 close is local and at once', async (arm) => {
		const { listener, dial } = await ground(arm);
		const client = await dial();
		await client.close();
		assert.deepEqual(await client.closed, { by: 'local', error: undefined });
		await listener.close();
	});

	test('a peer that is silent for a minute is forgotten', () =>
		onArm(memoryArm(), async (arm) => {
			const { listener, dial } = await ground(arm);
			const client = await dial();
			client.post('hello');
			const server = (await listener.accept())!;
			const { clock } = arm.stack;
			await server.closed;
			assert.ok(clock.now() >= 60_000 && clock.now() <= 121_000, `forgotten at ${clock.now()}`);
			await closeAll(client, listener);
		}));
});
