/** Messages written in pieces, web streams, and what goes before, after and instead of them. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { turns, until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { profiles } from '../policy/profiles.ts';
import { closeAll, onBothArms, onMemory } from './arms-harness.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const stream = messages(frame.stream(), codec.bytes());

describe('open', () => {
	onBothArms('P-30 pieces make one message, in its place among the others', async (arm) => {
		const { client, server } = await arm.pair(lines());
		client.post('before');
		const writer = client.open();
		client.post('after');
		await writer.write(bytes('one '));
		await turns(3);
		await writer.write(bytes('two '));
		assert.equal(await writer.end(bytes('three')), 'sent');
		for (const text of ['before', 'one two three', 'after']) assert.equal((await server.receive())!.content, text);
		assert.throws(() => writer.write(bytes('more')), { code: 'bad-argument' });
		await closeAll(client, server);
	});

	onBothArms('P-10 P-26 P-46 over a bare stream the pieces arrive as they come, the end with the last', async (arm) => {
		const { client, server } = await arm.pair(stream);
		const writer = client.open({ final: true });
		assert.equal(client.canSend, false);
		for (let index = 0; index < 50; index += 1) {
			await writer.write(new Uint8Array(40_000).fill(index));
			const { content, complete } = (await server.receive({ minIncompleteLength: 40_000, maxLength: 40_000 }))!;
			assert.deepEqual([content.length, content[0], complete], [40_000, index, false]);
		}
		await writer.end(new Uint8Array(3));
		assert.equal((await server.receive({ minIncompleteLength: 3 }))!.length, 3);
		assert.equal((await server.receive())?.complete ?? true, true);
		await closeAll(client, server);
	});

	onBothArms('a slow reader makes the writer wait', async (arm) => {
		const { client, server } = await arm.pair(stream);
		const writer = client.open();
		let written = 0;
		const writing = (async () => {
			for (let index = 0; index < 400; index += 1) {
				await writer.write(new Uint8Array(65_536));
				written += 65_536;
			}
			await writer.end();
		})();
		await arm.after(200);
		assert.ok(written < 400 * 65_536, 'nobody reads, so it waits');
		assert.ok(client.queued.bytes < 400_000, `${client.queued.bytes} bytes wait`);
		let received = 0;
		while (received < 400 * 65_536) received += (await server.receive())!.length;
		await writing;
		await closeAll(client, server);
	});

	onBothArms('it can be taken back before it began, and not after', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const first = client.open();
		const second = client.open();
		await second.write(bytes('never'));
		assert.equal(second.withdraw(), true);
		assert.equal(await second.sending, 'withdrawn');
		await second.write(bytes('dropped'));
		await first.write(bytes('begun'));
		await turns(3);
		assert.equal(first.withdraw(), false);
		first.end();
		assert.equal((await server.receive())!.content, 'begun');
		await closeAll(client, server);
	});

	onBothArms('what the framing does not take throws where it is written', async (arm) => {
		const { client, server } = await arm.pair(lines({ maxLength: 10 }));
		const writer = client.open();
		await writer.write(bytes('1234567'));
		assert.throws(() => writer.write(bytes('89012')), { code: 'too-large' });
		assert.throws(() => writer.write('text' as never), { code: 'bad-argument' });
		client.abort();
		await assert.rejects(writer.sending, { code: 'send-failed' });
		await server.closed;
	});

	onMemory('a message under way is lost with its connection, what waits behind it is not', async (arm) => {
		const listener = await arm.listen(lines());
		const client = await arm.connect(listener, { protocol: lines(), reconnect: {} });
		const server = (await listener.accept())!;
		const writer = client.open();
		await writer.write(bytes('half'));
		const behind = client.send('behind');
		await turns(3);
		server.abort();
		await assert.rejects(writer.sending, { code: 'send-failed' });
		const next = (await listener.accept())!;
		assert.equal((await next.receive())!.content, 'behind');
		assert.equal(await behind, 'sent');
		await closeAll(client, next);
		await listener.close();
	});

	onMemory('datagrams are sent whole', async (arm) => {
		const policy = { ...profiles.unreliableDatagram, safelyReplayable: true };
		const client = await arm.connect(9, { scheme: 'udp', policy });
		assert.throws(() => client.open(), { code: 'bad-argument' });
		await client.close();
	});
});

describe('toWebStreams', () => {
	onBothArms('messages as chunks, both ways, with an end', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const mine = client.toWebStreams();
		const theirs = server.toWebStreams();
		const source = new ReadableStream<string>({
			start(controller) {
				for (let index = 0; index < 1_000; index += 1) controller.enqueue(`line ${index}`);
				controller.close();
			},
		});
		const sending = source.pipeTo(mine.writable);
		const received: string[] = [];
		for await (const chunk of theirs.readable) received.push(chunk);
		await sending;
		assert.equal(received.length, 1_000);
		assert.equal(received.at(-1), 'line 999');
		const writer = theirs.writable.getWriter();
		await writer.write('answer');
		await writer.close();
		assert.deepEqual(await Array.fromAsync(mine.readable), ['answer']);
		await closeAll(client, server);
	});

	onBothArms('cancelling aborts the carrier', async (arm) => {
		const { client, server } = await arm.pair(lines());
		await client.toWebStreams().readable.cancel();
		assert.equal((await client.closed).error?.code, 'aborted');
		await until('the peer has seen it', () => server.state === 'closed');
	});
});
