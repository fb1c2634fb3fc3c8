import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { formatSocketAddress, parseSocketAddress } from '../../base/socket-address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { deaf, type Flow } from '../../stack/flow.ts';
import { type MemoryOptions, memory } from './memory.ts';

const never = new AbortController().signal;

/** A flow between two ends, whose events are written down with their moments since it opened. */
async function ground(options: MemoryOptions = {}) {
	const clock = virtualClock();
	const stack = memory({ clock, rtt: 20, ...options });
	const log: string[] = [];
	let start = 0;
	const note = (text: string) => log.push(`${clock.now() - start} ${text}`);
	function watch(name: string, flow: Flow) {
		flow.handler = {
			onData: (chunk) => note(`${name} data ${chunk.length}`),
			onDrain: () => note(`${name} drain`),
			onEnd: () => note(`${name} end`),
			onClose: (error) => note(`${name} close${error ? ` ${error.code}` : ''}`),
		};
		flow.resume();
	}
	const accepted = Promise.withResolvers<Flow>();
	const handler = { onFlow: accepted.resolve, onClose() {} };
	const listener = await stack.listen(parseSocketAddress('192.0.2.1:80'), { handler, signal: never });
	const a = await stack.connect(listener.local, { signal: never });
	const b = await accepted.promise;
	watch('a', a);
	watch('b', b);
	start = clock.now();
	const after = (milliseconds: number) => new Promise<void>((resolve) => void clock.after(milliseconds, resolve));
	return { clock, stack, listener, a, b, log, note, after };
}

test('bytes and ends take half a round trip, done none', async () => {
	const { a, b, log, note, after } = await ground();
	a.write([new Uint8Array(3), new Uint8Array(4)], () => note('a done'));
	await after(5);
	a.write([new Uint8Array(5)], () => note('a done'));
	a.end();
	await after(5);
	b.end();
	await after(100);
	assert.deepEqual(log, [
		'0 a done',
		'5 a done',
		'10 b data 7',
		'15 b data 5',
		'15 b end',
		'15 b close',
		'20 a end',
		'20 a close',
	]);
});

test('abort closes at once here, and half a round trip later there', async () => {
	const { a, log, note, after, stack } = await ground();
	a.write([new Uint8Array(3)], () => note('a done'));
	await after(2);
	a.write([new Uint8Array(4)], () => note('never'));
	a.abort();
	await after(100);
	assert.deepEqual(log, ['0 a done', '2 a close aborted', '10 b data 3', '12 b close reset']);
	assert.equal(stack.sockets.flows, 0);
});

test('the reader bounds the writer to highWater bytes', async () => {
	const { a, b, log, note, after } = await ground({ highWater: 100 });
	b.pause();
	assert.equal(
		a.write([new Uint8Array(99)], () => note('done 1')),
		true,
	);
	assert.equal(
		a.write([new Uint8Array(1)], () => note('done 2')),
		false,
	);
	assert.equal(
		a.write([new Uint8Array(1)], () => note('done 3')),
		false,
	);
	await after(50);
	assert.deepEqual(log.splice(0), ['0 done 1', '0 done 2']);
	b.resume();
	await after(50);
	assert.deepEqual(log, ['50 b data 100', '50 a drain', '50 done 3', '60 b data 1']);
});

test('a chunk is only lent: what is kept of it is overwritten', async () => {
	const { a, b, after } = await ground();
	const kept: Uint8Array[] = [];
	b.handler = { ...deaf, onData: (chunk) => void kept.push(chunk) };
	a.write([Uint8Array.of(1, 2, 3)]);
	await after(50);
	assert.deepEqual([...kept[0]!], [1, 2, 3]);
	a.write([Uint8Array.of(4, 5, 6)]);
	await after(50);
	assert.deepEqual([...kept[0]!], [4, 5, 6]);
});

test("the bytes and the list of chunks are the writer's again after done", async () => {
	const { a, b, after } = await ground();
	const got: number[] = [];
	b.handler = { ...deaf, onData: (chunk) => void got.push(...chunk) };
	const bytes = Uint8Array.of(1, 2, 3);
	const chunks = [bytes];
	a.write(chunks, () => bytes.fill(0));
	chunks.length = 0;
	await after(50);
	assert.deepEqual(got, [1, 2, 3]);
});

test('a listener for every address hears those of its family, at the address that was meant', async () => {
	const { stack, after } = await ground();
	const flows: Flow[] = [];
	const handler = { onFlow: (flow: Flow) => void flows.push(flow), onClose() {} };
	const wild = await stack.listen(parseSocketAddress('0.0.0.0:81'), { handler, signal: never });
	await stack.connect(parseSocketAddress('203.0.113.7:81'), { signal: never });
	await assert.rejects(stack.connect(parseSocketAddress('[2001:db8::7]:81'), { signal: never }), { code: 'refused' });
	await after(10);
	assert.deepEqual(
		flows.map(({ local, remote }) => [formatSocketAddress(local), formatSocketAddress(remote)]),
		[['203.0.113.7:81', '198.18.0.1:49153']],
	);
	const listen = (at: string) => stack.listen(parseSocketAddress(at), { handler, signal: never });
	await assert.rejects(listen('203.0.113.7:81'), { code: 'address-in-use' });
	await assert.rejects(listen('0.0.0.0:80'), { code: 'address-in-use' });
	await listen('[::]:81');
	await wild.close();
	await listen('203.0.113.7:81');
});

test('free ports come in order, and skip those that are taken', async () => {
	const { stack } = await ground();
	const handler = { onFlow() {}, onClose() {} };
	const listen = async (at: string) => {
		const { local } = await stack.listen(parseSocketAddress(at), { handler, signal: never });
		return formatSocketAddress(local);
	};
	assert.equal(await listen('192.0.2.1:49153'), '192.0.2.1:49153');
	assert.equal(await listen('192.0.2.1:0'), '192.0.2.1:49154');
	assert.equal(await listen('192.0.2.2:0'), '192.0.2.2:49155');
	const remote = parseSocketAddress('192.0.2.1:80');
	const flow = await stack.connect(remote, { signal: never });
	assert.equal(formatSocketAddress(flow.local), '198.18.0.1:49156');
	const local = parseSocketAddress('198.18.0.1:49156') as { address: never; port: number };
	await assert.rejects(stack.connect(remote, { local, signal: never }), { code: 'address-in-use' });
	flow.abort();
	await stack.close();
});

test('more connects than there are ports fail, and their ports come back', async () => {
	const { stack, after } = await ground({ rtt: 0 });
	const remote = parseSocketAddress('192.0.2.1:80');
	const connects = Array.from({ length: 16_384 }, () =>
		stack.connect(remote, { signal: new AbortController().signal }),
	);
	const outcomes = await Promise.allSettled(connects);
	const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
	assert.deepEqual(
		failed.map(({ reason }) => reason.code),
		['address-unavailable'],
	);
	for (const outcome of outcomes) if (outcome.status === 'fulfilled') outcome.value.abort();
	await after(1);
	await stack.connect(remote, { signal: never });
	await stack.close();
	assert.equal(stack.sockets.flows, 0);
});

test('a listener that closes while the last packet of a handshake is under way resets the flow', async () => {
	const { stack, listener, log, after, note } = await ground();
	const flow = await stack.connect(listener.local, { signal: never });
	flow.handler = { ...deaf, onClose: (error) => void note(`close ${error?.code}`) };
	flow.resume();
	await listener.close();
	await after(100);
	assert.deepEqual(log, ['40 close reset']);
	assert.equal(stack.sockets.flows, 2);
});

test('a stack that closes leaves no timer behind', async () => {
	const { stack, clock, a, b, listener } = await ground();
	a.write([new Uint8Array(100_000)]);
	b.write([new Uint8Array(100_000)]);
	const connecting = stack.connect(listener.local, { signal: never });
	await new Promise<void>((resolve) => clock.soon(resolve));
	assert.notEqual(clock.pending, 0);
	const closing = stack.close();
	await assert.rejects(connecting, { code: 'closed' });
	await closing;
	assert.deepEqual(stack.sockets, { flows: 0, listeners: 0, ports: 0, connects: 0, questions: 0 });
	assert.equal(clock.pending, 0);
});

test('the same calls give the same events at the same moments', async () => {
	async function story(): Promise<string[]> {
		const { stack, listener, log, note, after } = await ground({ rtt: 7 });
		for (let index = 0; index < 20; index += 1) {
			const controller = new AbortController();
			stack.connect(listener.local, { signal: controller.signal }).then(
				(flow) => {
					note(`${index} open ${formatSocketAddress(flow.local)}`);
					flow.handler = { ...deaf, onClose: (error) => void note(`${index} close ${error?.code}`) };
					flow.resume();
					flow.write([new Uint8Array(index)]);
				},
				(error) => note(`${index} ${error.code}`),
			);
			if (index % 3 === 0) await after(index);
			if (index % 5 === 0) controller.abort();
		}
		await after(50);
		await stack.close();
		return log;
	}
	const first = await story();
	assert.ok(first.length > 30, first.join('\n'));
	assert.deepEqual(await story(), first);
});

test('nothing that is open holds the process', () => {
	const program = `
		import { memory } from ${JSON.stringify(import.meta.resolve('./memory.ts'))};
		import { parseSocketAddress } from ${JSON.stringify(import.meta.resolve('../../base/socket-address.ts'))};
		const { signal } = new AbortController();
		const stack = memory({ script: { '192.0.2.2': { connect: 'black-hole' } } });
		const end = parseSocketAddress('192.0.2.1:80');
		await stack.listen(end, { handler: { onFlow() {}, onClose() {} }, signal });
		await stack.bind(end, { signal });
		const flow = await stack.connect(end, { signal });
		flow.resume();
		stack.connect(parseSocketAddress('192.0.2.2:80'), { signal });
		process.stdout.write(JSON.stringify(stack.sockets));
	`;
	const { stdout, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
		encoding: 'utf8',
		timeout: 60_000,
	});
	assert.equal(status, 0, stderr);
	assert.deepEqual(JSON.parse(stdout), { flows: 2, listeners: 1, ports: 1, connects: 1, questions: 0 });
});
