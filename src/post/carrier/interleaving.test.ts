/** Messages that go between the chunks of others, where the framing lets them. */

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { closeAll, onBothArms } from './arms-harness.ts';

const chunked = messages(frame.chunked({ maxMessages: 2 }), codec.bytes());

onBothArms('an urgent message overtakes a large one that has begun, which arrives whole', async (arm) => {
	const { client, server } = await arm.pair(chunked);
	const large = new Uint8Array(12_000_000).map((_, index) => index);
	const sending = client.send(large, { ordered: false, immediate: true });
	assert.equal(sending.withdraw(), false, 'the large message has not begun');
	const urgent = client.send(Uint8Array.of(1), { priority: 1, ordered: false });
	assert.deepEqual((await server.receive())!.content, Uint8Array.of(1));
	const { content } = (await server.receive())!;
	assert.equal(Buffer.compare(content, large), 0);
	assert.deepEqual(await Promise.all([sending, urgent]), ['sent', 'sent']);
	await closeAll(client, server);
});

onBothArms('more messages than may be begun wait for one to end; what is one piece does not', async (arm) => {
	const { client, server } = await arm.pair(chunked);
	const writers = [1, 2, 3, 4].map((number) => {
		const writer = client.open({ ordered: false });
		void writer.write(Uint8Array.of(number));
		return writer;
	});
	const small = client.send(Uint8Array.of(9), { priority: 1, ordered: false });
	assert.deepEqual((await server.receive())!.content, Uint8Array.of(9));
	assert.equal(await small, 'sent');
	const ended = writers.toReversed().map((writer) => writer.end(Uint8Array.of(0)));
	const received = [];
	for (const _ of writers) received.push([...(await server.receive())!.content]);
	assert.deepEqual(received.sort(), [
		[1, 0],
		[2, 0],
		[3, 0],
		[4, 0],
	]);
	assert.deepEqual(await Promise.all(ended), ['sent', 'sent', 'sent', 'sent']);
	await closeAll(client, server);
});
