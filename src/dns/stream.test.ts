import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldName } from '../wire/dns/name.ts';
import { a, Ground, never, type Said, type Script } from './server-harness.ts';

const one = '192.0.2.53';

const every: Script = ({ name }) => ({ answers: [a(name, '192.0.2.1', 0)] });

/** A server by TCP alone, and a resolver without UDP. */
async function ground(script: Script, limits = {}) {
	const made = new Ground();
	await made.serve(one, script, ['tcp']);
	let connects = 0;
	const { clock } = made.stack;
	const connect: typeof made.stack.connect = (...parameters) => {
		connects += 1;
		return made.stack.connect(...parameters);
	};
	const resolver = made.resolver([one], { stack: { clock, connect }, limits });
	const ask = async (name: string, signal = never) => (await resolver.resolve(name, 'A', signal)).status;
	return { made, resolver, ask, connects: () => connects };
}

test('queries go over one connection, without waiting for each other, and are answered in any order', async () => {
	const delays: Record<string, number> = { 'a.test': 300, 'b.test': 10, 'c.test': 0 };
	const { made, ask, connects } = await ground((asked) => ({
		...(every(asked) as object),
		after: delays[foldName(asked.name)]!,
	}));
	const order: string[] = [];
	await Promise.all(Object.keys(delays).map((name) => ask(name).then((status) => order.push(`${name} ${status}`))));
	assert.deepEqual(order, ['c.test found', 'b.test found', 'a.test found']);
	assert.deepEqual(new Set(made.asked.map(({ at }) => at)).size, 1);
	assert.equal(connects(), 1);
	const ids = made.asked.map(({ query }) => query.id);
	assert.equal(new Set(ids).size, 3);
});

test('a connection is used again, and closed five seconds after its last answer', async () => {
	const { made, ask, connects } = await ground(every);
	await ask('a.test');
	await made.after(4_900);
	await ask('b.test');
	assert.equal(connects(), 1);
	assert.equal(made.stack.sockets.flows, 2);
	await made.after(5_100);
	assert.deepEqual([made.left, made.clock.pending], [0, 0]);
	await ask('c.test');
	assert.equal(connects(), 2);
});

test('a connection that the server closed when it was idle costs nothing', async () => {
	let closing = false;
	const { made, ask, connects } = await ground((asked): Said[] => {
		if (!closing) return [every(asked) as Said];
		closing = false;
		return ['close'];
	});
	await ask('a.test');
	closing = true;
	assert.equal(await ask('b.test'), 'found');
	assert.equal(connects(), 2);
	await made.after(6_000);
	assert.equal(made.left, 0);
});

test('one that closes on its first query fails, and so does one that does it again', async () => {
	const first = await ground(() => 'close');
	assert.equal(await first.ask('a.test'), 'failed');
	assert.equal(first.connects(), 1);
	let answered = 0;
	const again = await ground((asked) => (answered++ === 0 ? every(asked) : 'close'));
	await again.ask('a.test');
	assert.equal(await again.ask('b.test'), 'failed');
	assert.equal(again.connects(), 2);
	await again.made.after(100);
	assert.equal(again.made.left, 0);
});

test('an answer in pieces of any size is put together', async () => {
	const split = new Ground();
	await split.serve(one, every, ['tcp']);
	const { clock } = split.stack;
	const resolver = split.resolver([one], {
		stack: {
			clock,
			async connect(remote, options) {
				const flow = await split.stack.connect(remote, options);
				let inner = flow.handler;
				Object.defineProperty(flow, 'handler', {
					get: () => ({
						...inner,
						onData(chunk: Uint8Array) {
							for (const octet of chunk) {
								const lent = Uint8Array.of(octet);
								inner.onData(lent);
								lent.fill(0xff);
							}
						},
						onDrain() {},
						onEnd: () => inner.onEnd(),
						onClose: (error: undefined) => inner.onClose(error),
					}),
					set: (handler) => (inner = handler),
				});
				return flow;
			},
		},
	});
	assert.equal((await resolver.resolve('a.test', 'A', never)).status, 'found');
	resolver.close();
});

test('what was not asked, or is no message, ends the connection', async () => {
	for (const bytes of [Uint8Array.of(1), new Uint8Array(0), new Uint8Array(40)]) {
		const { ask, made } = await ground(() => [bytes]);
		assert.equal(await ask('a.test'), 'failed');
		await made.after(100);
		assert.equal(made.left, 0);
	}
});

test('the late answer to a query that was given up is dropped', async () => {
	const { ask, made, connects } = await ground((asked) => ({
		...(every(asked) as object),
		after: foldName(asked.name) === 'slow.test' ? 200 : 0,
	}));
	const controller = new AbortController();
	const slow = assert.rejects(ask('slow.test', controller.signal), { code: 'aborted' });
	const other = ask('other-slow.test').then(() => ask('slow.test'));
	await made.after(45);
	controller.abort();
	await slow;
	assert.equal(await other, 'found');
	assert.ok(connects() <= 2);
	await made.after(6_000);
	assert.equal(made.left, 0);
});

test('when all are given up the connection is, even one that is not there yet', async () => {
	const { ask, made } = await ground(() => undefined);
	for (const moment of [0, 5, 25, 60]) {
		const controller = new AbortController();
		const asking = assert.rejects(ask('a.test', controller.signal), { code: 'aborted' });
		if (moment > 0) await made.after(moment);
		controller.abort();
		await asking;
		await made.after(200);
		assert.deepEqual([made.left, made.clock.pending], [0, 0], `${moment}`);
	}
});

test('more queries than one connection takes get another', async () => {
	const { made, ask, connects } = await ground((asked) => ({ ...(every(asked) as object), after: 50 }), {
		concurrent: 300,
	});
	const all = Array.from({ length: 300 }, (_, index) => ask(`n${index}.test`));
	assert.ok((await Promise.all(all)).every((status) => status === 'found'));
	assert.equal(connects(), 3);
	await made.after(6_000);
	assert.equal(made.left, 0);
});
