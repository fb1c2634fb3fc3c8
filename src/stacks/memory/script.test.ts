import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PostSocketsError } from '../../base/errors.ts';
import { parseSocketAddress } from '../../base/socket-address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { deaf, type Flow } from '../../stack/flow.ts';
import { type MemoryOptions, memory } from './memory.ts';
import type { ConnectScript } from './script.ts';

const target = '192.0.2.1:80';
const never = new AbortController().signal;
const nothing = { flows: 0, listeners: 0, ports: 0, connects: 0, questions: 0 };

interface Outcome {
	/** `open` or the code of the error. */
	readonly result: string;
	/** The moment it came. */
	readonly at: number;
	readonly flow: Flow | undefined;
	readonly error: PostSocketsError | undefined;
}

function ground(options: MemoryOptions = {}) {
	const clock = virtualClock();
	const stack = memory({ clock, rtt: 20, ...options });
	async function connect(to = target, signal = never): Promise<Outcome> {
		const start = clock.now();
		return stack.connect(parseSocketAddress(to), { signal }).then(
			(flow) => ({ result: 'open', at: clock.now() - start, flow, error: undefined }),
			(error: PostSocketsError) => ({ result: error.code, at: clock.now() - start, flow: undefined, error }),
		);
	}
	function listen(at: string) {
		const flows: Flow[] = [];
		const handler = { onFlow: (flow: Flow) => void flows.push(flow), onClose() {} };
		return stack.listen(parseSocketAddress(at), { handler, signal: never }).then((listener) => ({ listener, flows }));
	}
	const after = (milliseconds: number) => new Promise<void>((resolve) => void clock.after(milliseconds, resolve));
	return { clock, stack, connect, listen, after };
}

const outcomes: readonly [ConnectScript, result: string, at: number, errno: string | undefined][] = [
	[{}, 'refused', 20, 'ECONNREFUSED'],
	[{ rtt: 300 }, 'refused', 300, 'ECONNREFUSED'],
	[{ connect: 'refuse' }, 'refused', 20, 'ECONNREFUSED'],
	[{ connect: 'refuse', rtt: 45 }, 'refused', 45, 'ECONNREFUSED'],
	[{ connect: 'reset' }, 'reset', 20, 'ECONNRESET'],
	[{ connect: 'unreachable' }, 'unreachable', 20, 'EHOSTUNREACH'],
	[{ connect: 'no-route' }, 'unreachable', 0, 'ENETUNREACH'],
	[{ connect: 'no-route', rtt: 300 }, 'unreachable', 0, 'ENETUNREACH'],
	[{ flow: 'silence' }, 'open', 20, undefined],
	[{ connect: 'answer', flow: 'silence', rtt: 0 }, 'open', 0, undefined],
	[{ flow: 'reset', rtt: 300 }, 'open', 300, undefined],
];

for (const [script, result, at, errno] of outcomes) {
	test(`without a listener ${JSON.stringify(script)} is ${result} after ${at} ms`, async () => {
		const { stack, connect, clock } = ground({ script: { [target]: script } });
		const outcome = await connect();
		assert.deepEqual([outcome.result, outcome.at], [result, at]);
		if (errno) {
			const { cause, local, remote, operation } = outcome.error!;
			assert.equal((cause as NodeJS.ErrnoException).code, errno);
			assert.deepEqual([operation, local, remote], ['connect', '198.18.0.1:49152', target]);
			assert.deepEqual(stack.sockets, nothing);
		}
		await stack.close();
		assert.deepEqual(stack.sockets, nothing);
		assert.equal(clock.pending, 0);
	});
}

test('a script of the round trip lets the listener answer later', async () => {
	const { stack, connect, listen, after } = ground({ script: { '192.0.2.1': { rtt: 300 } } });
	const { flows } = await listen(target);
	const { result, at } = await connect();
	assert.deepEqual([result, at, flows.length], ['open', 300, 0]);
	await after(150);
	assert.equal(flows.length, 1, 'the last packet of the handshake takes half a round trip');
	await stack.close();
});

test('a black hole never answers, and the signal ends it at its moment', async () => {
	const { stack, connect, listen, clock, after } = ground({ script: { '192.0.2.1': { connect: 'black-hole' } } });
	const { listener, flows } = await listen(target);
	const controller = new AbortController();
	const connecting = connect(target, controller.signal);
	await after(100_000);
	assert.deepEqual(stack.sockets, { ...nothing, listeners: 1, connects: 1 });
	controller.abort();
	const { result, at } = await connecting;
	assert.deepEqual([result, at, flows.length, clock.pending], ['aborted', 100_000, 0, 0]);
	await listener.close();
	assert.deepEqual(stack.sockets, nothing);
});

test('a connect is aborted at the moment of the signal, not at that of the answer', async () => {
	const { stack, connect, listen, clock, after } = ground({ rtt: 300 });
	const { flows } = await listen(target);
	const controller = new AbortController();
	const connecting = connect(target, controller.signal);
	await after(100);
	controller.abort();
	const { result, at } = await connecting;
	assert.deepEqual([result, at, clock.pending], ['aborted', 100, 0]);
	await after(1000);
	assert.equal(flows.length, 0);
	await stack.close();
});

test('flow silence: takes everything, says nothing, and ends only when it is aborted', async () => {
	const { stack, connect, clock, after } = ground({ script: { [target]: { flow: 'silence' } } });
	const { flow } = await connect();
	const events: string[] = [];
	flow!.handler = {
		onData: () => events.push('data'),
		onDrain() {},
		onEnd: () => events.push('end'),
		onClose: (error) => events.push(`close ${error?.code}`),
	};
	flow!.resume();
	let done = 0;
	for (let index = 0; index < 100; index += 1) flow!.write([new Uint8Array(10_000)], () => (done += 1));
	await after(10_000);
	flow!.end();
	await after(10_000);
	assert.deepEqual([done, events], [100, []]);
	flow!.abort();
	await after(10);
	assert.deepEqual(events, ['close aborted']);
	await after(1);
	assert.deepEqual([stack.sockets, clock.pending], [nothing, 0]);
});

test('flow reset: resets one round trip after the first byte was written', async () => {
	const { stack, connect, clock, after } = ground({ script: { '192.0.2.1': { flow: 'reset', rtt: 40 } } });
	const { flow } = await connect();
	await after(1000);
	const start = clock.now();
	const closed = new Promise<string>((resolve) => {
		flow!.handler = { ...deaf, onClose: (error) => resolve(`${error?.code} after ${clock.now() - start}`) };
	});
	flow!.resume();
	flow!.write([Uint8Array.of(22)]);
	assert.equal(await closed, 'reset after 40');
	await after(0);
	assert.deepEqual(stack.sockets, nothing);
});

test('address and port count before the address, the newest script before the others, each as often as it says', async () => {
	const { stack, connect, listen } = ground();
	await listen('[2001:db8::1]:80');
	const codes = async (count: number, to = '[2001:db8::1]:80') => {
		const results: string[] = [];
		for (let index = 0; index < count; index += 1) results.push((await connect(to)).result);
		return results;
	};
	stack.script('2001:DB8:0::1', { connect: 'unreachable' });
	stack.script('[2001:db8::1]:80', { connect: 'reset', times: 2 });
	const refusing = stack.script('[2001:db8:0:0::1]:80', { connect: 'refuse', times: 1 });
	assert.deepEqual(await codes(4), ['refused', 'reset', 'reset', 'unreachable']);
	refusing[Symbol.dispose]();
	{
		using _ = stack.script('[2001:db8::1]:80', { connect: 'answer' });
		assert.deepEqual(await codes(2), ['open', 'open']);
	}
	assert.deepEqual(await codes(1), ['unreachable']);
	assert.deepEqual(await codes(1, '[2001:db8::2]:80'), ['refused']);
	await stack.close();
});

test('Unix paths have scripts too', async () => {
	const { stack, connect } = ground({ script: { 'unix:/run/x': { connect: 'reset' } } });
	assert.equal((await connect('unix:/run/x')).result, 'reset');
	const { result, error } = await connect('unix:/run/y');
	assert.deepEqual([result, (error!.cause as NodeJS.ErrnoException).code], ['refused', 'ENOENT']);
	await stack.close();
});

test('mistakes throw at once', () => {
	const { stack } = ground();
	const bad = { name: 'PostSocketsError', code: 'bad-argument' };
	assert.throws(() => stack.script('example.com', {}), bad);
	assert.throws(() => stack.script('192.0.2.1:99999', {}), bad);
	assert.throws(() => stack.script(target, { rtt: -1 }), bad);
	assert.throws(() => stack.script(target, { rtt: Number.NaN }), bad);
	assert.throws(() => stack.script(target, { times: 0 }), bad);
	assert.throws(() => stack.script(target, { connect: 'refuse', flow: 'silence' }), bad);
	assert.throws(() => memory({ script: { nowhere: {} } }), bad);
	assert.throws(() => memory({ rtt: -1 }), bad);
	assert.throws(() => memory({ highWater: 0 }), bad);
});
