/** Requests and their replies: in order, or joined by a key. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { closeAll, onBothArms } from './arms-harness.ts';

interface Keyed {
	readonly id: number;
	readonly text?: string;
}
const keyed = messages(frame.lines(), codec.json<Keyed>(), {
	correlate: { sent: ({ id }) => id, received: ({ id }) => id },
});

describe('requests', () => {
	onBothArms('P-100 without a key replies are taken in the order of the requests', async (arm) => {
		const { client, server } = await arm.pair(lines());
		server.onMessage(({ content }) => server.send(content.toUpperCase()));
		assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((text) => client.request(text))), ['A', 'B', 'C']);
		await server.send('unasked');
		assert.equal((await client.receive())!.content, 'unasked');
		await closeAll(client, server);
	});

	onBothArms('a reply that comes too late is swallowed, and the next request gets its own', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const first = client.request('slow', { timeout: 50 });
		await server.receive();
		await assert.rejects(first, { code: 'timed-out', message: /within 50 ms; the option `timeout`/ });
		const second = client.request('quick');
		await server.receive();
		server.post('to slow');
		server.post('to quick');
		assert.equal(await second, 'to quick');
		await closeAll(client, server);
	});

	onBothArms(
		'with a key replies come in any order, late ones are swallowed, others go to the consumer',
		async (arm) => {
			const { client, server } = await arm.pair(keyed);
			const [one, two, three] = [1, 2, 3].map((id) => client.request({ id }, { timeout: id === 2 ? 50 : 60_000 }));
			assert.throws(() => client.request({ id: 1 }), { code: 'bad-argument', message: /key 1 is under way/ });
			await assert.rejects(two!, { code: 'timed-out' });
			for (const id of [3, 9, 2, 1]) server.post({ id, text: `reply ${id}` });
			assert.deepEqual([(await three!).text, (await one!).text], ['reply 3', 'reply 1']);
			assert.equal((await client.receive())!.content.id, 9);
			server.post({ id: 2, text: 'once more' });
			assert.equal((await client.receive())!.content.text, 'once more', 'one late reply is expected, not two');
			await closeAll(client, server);
		},
	);

	onBothArms('a key may be used again after it was given up', async (arm) => {
		const { client, server } = await arm.pair(keyed);
		await assert.rejects(client.request({ id: 1 }, { timeout: 20 }), { code: 'timed-out' });
		const again = client.request({ id: 1 });
		server.post({ id: 1, text: 'reply' });
		assert.equal((await again).text, 'reply');
		await closeAll(client, server);
	});

	onBothArms('a signal ends a request; one that fired before sends nothing', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const controller = new AbortController();
		const asked = client.request('asked', { signal: controller.signal });
		controller.abort();
		await assert.rejects(asked, { code: 'aborted' });
		await assert.rejects(client.request('never asked', { signal: controller.signal }), { code: 'aborted' });
		client.post('after');
		assert.deepEqual([(await server.receive())!.content, (await server.receive())!.content], ['asked', 'after']);
		await closeAll(client, server);
	});

	onBothArms('a bare stream has no replies', async (arm) => {
		const { client, server } = await arm.pair(messages(frame.stream(), codec.bytes()));
		assert.throws(() => client.request(new Uint8Array(1)), {
			code: 'bad-argument',
			message: /no messages that could be a reply/,
		});
		await closeAll(client, server);
	});

	onBothArms('an aborted request does not wake a lazy carrier', async (arm) => {
		const server = await arm.rawServer();
		const carrier = await arm.connect(server.port, { protocol: lines(), lazy: true });
		await assert.rejects(carrier.request('x', { signal: AbortSignal.abort() }), { code: 'aborted' });
		assert.equal(carrier.state, 'dormant');
		await carrier.close();
		await server.close();
	});

	onBothArms('whoever ends, requests end with it, and say why', async (arm) => {
		for (const [end, code, message] of [
			[
				async (_: unknown, server: { close(): Promise<void> }) => server.close(),
				'closed',
				/the peer ended without replying/,
			],
			[async (client: { close(): Promise<void> }) => client.close(), 'closed', /closed before the reply came/],
			[async (client: { abort(): void }) => client.abort(), 'aborted', /was aborted/],
			[async (_: unknown, server: { abort(): void }) => server.abort(), 'reset', /broke the connection off/],
		] as const) {
			const { client, server } = await arm.pair(lines());
			const asked = client.request('x');
			asked.catch(() => {});
			await server.receive();
			await end(client, server);
			await assert.rejects(asked, { code, message });
			await closeAll(client, server);
			await Promise.all([client.closed, server.closed]);
		}
	});

	onBothArms('requests are bounded, and a refused one rejects', async (arm) => {
		const { client, server } = await arm.pair(keyed, { limits: { maxRequests: 2 } });
		const asked = [1, 2].map((id) => client.request({ id }, { timeout: 100 }));
		await assert.rejects(client.request({ id: 3 }), { code: 'queue-full', message: /2 requests wait/ });
		await Promise.allSettled(asked);
		const third = client.request({ id: 3 });
		server.onMessage(({ content }) => server.send(content));
		assert.deepEqual(await third, { id: 3 });
		await closeAll(client, server);
		await until('closed', () => client.state === 'closed');
	});

	onBothArms('without correlation a rank or a lifetime does not take a request out of its order', async (arm) => {
		const listener = await arm.listen(lines());
		const client = await arm.connect(listener, { protocol: lines(), reconnect: {} });
		const server = (await listener.accept())!;
		server.onMessage(({ content }) => server.send(`re ${content}`));
		const replies = [
			client.request('a'),
			client.request('b', { lifetime: 5_000 }),
			client.request('c', { priority: 1 }),
		];
		assert.deepEqual(await Promise.all(replies), ['re a', 're b', 're c']);
		await closeAll(client, server);
		await listener.close();
	});
});
