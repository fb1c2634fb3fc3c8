/** The ways to receive: iteration, onMessage, receive(), one of them at a time, and nothing is lost between them. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { PostSocketsError } from '../../base/errors.ts';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { closeAll, collect, onBothArms } from './arms-harness.ts';

const blobs = messages(frame.lengthPrefix(), codec.bytes());
const bytes = messages(frame.stream(), codec.bytes());

describe('iteration', () => {
	onBothArms('P-104 T-9.3-02 leaving the loop loses nothing and closes nothing', async (arm) => {
		const { client, server } = await arm.pair(lines());
		for (let index = 0; index < 10; index += 1) client.post(`${index}`);
		const got: string[] = [];
		for await (const { content } of server) if (got.push(content) === 3) break;
		got.push((await server.receive())!.content);
		assert.equal(server.state, 'active');
		for await (const { content } of server) if (got.push(content) === 10) break;
		assert.deepEqual(
			got,
			Array.from({ length: 10 }, (_, index) => `${index}`),
		);
		await closeAll(client, server);
	});

	onBothArms('a second consumer of any kind throws, and the first goes on', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const consumed = collect(server);
		const refused = { code: 'bad-argument', message: /one consumer at a time/ } as const;
		await assert.rejects(collect(server), refused);
		assert.throws(() => server.onMessage(() => {}), refused);
		assert.throws(() => server.receive(), refused);
		client.send('last', { final: true });
		assert.deepEqual(await consumed, ['last']);
		const handler = client.onMessage(() => {});
		await assert.rejects(collect(client), refused);
		assert.throws(() => client.receive(), refused);
		handler[Symbol.dispose]();
		const receiving = client.receive();
		assert.throws(() => client.onMessage(() => {}), refused);
		await assert.rejects(collect(client), refused);
		server.post('free again');
		assert.equal((await receiving)!.content, 'free again');
		await closeAll(client, server);
	});

	onBothArms(
		'T-9.3.2.3 T-10-09 I-8-01 a reset throws once, after what came before it; sends fail; closed tells',
		async (arm) => {
			const listener = await arm.listen(lines());
			const [peer, carrier] = await Promise.all([arm.rawClient(listener), listener.accept()]);
			peer.write('one\ntwo\n');
			const first = await carrier!.receive();
			assert.equal(first!.content, 'one');
			peer.flow.abort();
			const { by, error } = await carrier!.closed;
			assert.deepEqual([by, error?.code], ['remote', 'reset']);
			assert.equal((await carrier!.receive())!.content, 'two');
			await assert.rejects(collect(carrier!), { code: 'reset' });
			assert.deepEqual(await collect(carrier!), []);
			await assert.rejects(
				carrier!.send('late'),
				(late: PostSocketsError) => late.code === 'closed' && late.cause === error,
			);
			await listener.close();
		},
	);
});

describe('onMessage', () => {
	onBothArms('T-9.3-02 what waits is delivered later, never from inside the call', async (arm) => {
		const { client, server } = await arm.pair(lines());
		for (const line of ['a', 'b', 'c']) client.post(line);
		await server.receive({ minIncompleteLength: 1 });
		const got: string[] = [];
		const handler = server.onMessage(({ content }) => got.push(content));
		assert.deepEqual(got, [], 'not yet');
		await until('they came', () => got.length === 2);
		handler[Symbol.dispose]();
		client.post('d');
		assert.equal((await server.receive())!.content, 'd');
		assert.deepEqual(got, ['b', 'c']);
		await closeAll(client, server);
	});

	onBothArms('nothing is delivered from inside abort() or close()', async (arm) => {
		for (const end of ['abort', 'close'] as const) {
			const { client, server } = await arm.pair(lines());
			client.post('waits');
			client.post('waits too');
			await server.receive();
			let calls = 0;
			server.onMessage(() => (calls += 1));
			const over = server[end]();
			assert.equal(calls, 0);
			await over;
			client.abort();
			await Promise.all([client.closed, server.closed]);
		}
	});

	onBothArms('P-08 returning false stops; a handler that replaced itself is not the one that stops', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const got: string[] = [];
		const first = server.onMessage(({ content }) => {
			got.push(`first ${content}`);
			first[Symbol.dispose]();
			server.onMessage(({ content }) => got.push(`second ${content}`) < 4);
			return false;
		});
		for (const line of ['a', 'b', 'c', 'd', 'e']) client.post(line);
		await until('it stopped', () => got.length === 4);
		assert.deepEqual(got, ['first a', 'second b', 'second c', 'second d']);
		assert.equal((await server.receive())!.content, 'e');
		await closeAll(client, server);
	});

	onBothArms('a handler may close and abort its carrier', async (arm) => {
		const { client, server } = await arm.pair(lines());
		let calls = 0;
		server.onMessage(() => {
			calls += 1;
			server.abort();
		});
		for (let index = 0; index < 5; index += 1) client.post('x');
		assert.equal((await server.closed).error?.code, 'aborted');
		assert.equal(calls, 1);
		assert.equal((await client.closed).error?.code, 'reset');
	});

	onBothArms('when the peer has ended, the carrier closes once the handlers are done', async (arm) => {
		const { client, server } = await arm.pair(lines());
		server.onMessage(async ({ content }) => {
			await arm.after(50);
			await server.send(`echo ${content}`);
		});
		client.post('a');
		client.send('b', { final: true });
		assert.deepEqual((await collect(client)).sort(), ['echo a', 'echo b']);
		await client.close();
		assert.deepEqual([(await server.closed).error, (await client.closed).error], [undefined, undefined]);
	});
});

describe('receive()', () => {
	onBothArms(
		'P-09 T-9.3-01 T-9.3.2-01 T-9.3.2-03 calls queue up and are served in order; undefined at the end',
		async (arm) => {
			const { client, server } = await arm.pair(lines());
			const calls = Array.from({ length: 4 }, () => server.receive());
			for (const line of ['a', 'b']) client.post(line);
			client.post('c', { final: true });
			assert.deepEqual(
				(await Promise.all(calls)).map((received) => received?.content),
				['a', 'b', 'c', undefined],
			);
			assert.equal(await server.receive(), undefined);
			await closeAll(client, server);
		},
	);

	onBothArms(
		'T-9.3.1-02 T-9.3.2.2-01 P-30 a message of 1500 bytes comes as 1000 and 500 where 1000 are allowed',
		async (arm) => {
			const { client, server } = await arm.pair(blobs);
			const message = Uint8Array.from({ length: 1500 }, (_, index) => index);
			client.post(message);
			client.post(Uint8Array.of(7));
			const pieces = [
				await server.receive({ maxLength: 1000 }),
				await server.receive({ maxLength: 1000 }),
				await server.receive({ maxLength: 1000 }),
			];
			assert.deepEqual(
				pieces.map((piece) => [piece!.length, piece!.complete]),
				[
					[1000, false],
					[500, true],
					[1, true],
				],
			);
			assert.deepEqual(
				Buffer.concat(pieces.map((piece) => piece!.content)),
				Buffer.concat([message, Uint8Array.of(7)]),
			);
			assert.notEqual(pieces[0]!.content.buffer, pieces[1]!.content.buffer, 'each piece is its receiver’s alone');
			await closeAll(client, server);
		},
	);

	onBothArms(
		'T-9.3.1-01 T-9.3.2.2-03 T-9.3.2.2-04 P-31 a stream is one message, given out from minIncompleteLength on',
		async (arm) => {
			const { client, server } = await arm.pair(bytes);
			const receiving = server.receive({ minIncompleteLength: 5, maxLength: 6 });
			for (const piece of [1, 2, 3, 4, 5, 6, 7]) await client.send(Uint8Array.of(piece));
			const first = await receiving;
			assert.ok(first!.length >= 5 && first!.length <= 6 && !first!.complete);
			client.send(Uint8Array.of(8), { final: true });
			const rest = await server.receive({ minIncompleteLength: 1000 });
			assert.deepEqual(
				[...first!.content, ...rest!.content],
				[1, 2, 3, 4, 5, 6, 7, 8],
				'the end gives out what there is',
			);
			assert.equal(rest!.complete, true);
			assert.equal(await server.receive(), undefined);
			await closeAll(client, server);
		},
	);

	onBothArms('a signal ends a call, and only that one', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const controller = new AbortController();
		const given = server.receive({ signal: controller.signal });
		const kept = server.receive();
		controller.abort(new Error('enough'));
		await assert.rejects(
			given,
			(error: PostSocketsError) => error.code === 'aborted' && (error.cause as Error).message === 'enough',
		);
		await assert.rejects(server.receive({ signal: AbortSignal.abort() }), { code: 'aborted' });
		client.post('for the other');
		assert.equal((await kept)!.content, 'for the other');
		assert.throws(() => server.receive({ maxLength: 0 }), { code: 'bad-argument' });
		await closeAll(client, server);
	});

	onBothArms('T-10-03 I-5.2-01 close() ends pending receives; abort() fails them', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const [pending, failing] = [server.receive(), client.receive()];
		const closing = server.close();
		assert.equal(await pending, undefined);
		client.abort();
		await assert.rejects(
			failing
				.then((received) => assert.equal(received, undefined))
				.then(() => client.closed)
				.then(({ error }) => Promise.reject(error)),
			PostSocketsError,
		);
		await closing;
		await server.closed;
	});
});
