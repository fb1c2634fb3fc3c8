import assert from 'node:assert/strict';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { test } from 'node:test';
import { IpAddress } from '../base/address.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { PostSocketsError } from '../base/errors.ts';
import { virtualClock } from '../base/virtual-clock.ts';
import type { Flow } from '../stack/flow.ts';
import { memory } from '../stacks/memory/memory.ts';
import { settled, turns, until } from '../testing/suite.ts';
import { FlowDuplex, type FlowDuplexOptions } from './flow-duplex.ts';
import { lingerTime } from './linger.ts';

interface Ends {
	readonly a: FlowDuplex;
	readonly b: FlowDuplex;
	/** Under `a` and `b`. */
	readonly flows: readonly [Flow, Flow];
	/** Ends of flows that are open. */
	open(): number;
	close(): Promise<void>;
}

async function pair(options: FlowDuplexOptions = {}, clock: Clock = systemClock): Promise<Ends> {
	const stack = memory({ clock });
	const { signal } = new AbortController();
	const accepted = Promise.withResolvers<Flow>();
	const handler = { onFlow: accepted.resolve, onClose() {} };
	const { local } = await stack.listen({ address: IpAddress.loopback6, port: 0 }, { handler, signal });
	const flows = [await stack.connect(local, { signal }), await accepted.promise] as const;
	const [a, b] = [new FlowDuplex(flows[0], options), new FlowDuplex(flows[1], options)];
	const close = () => {
		for (const end of [a, b]) end.on('error', () => {});
		return stack.close();
	};
	return { a, b, flows, open: () => stack.sockets.flows, close };
}

test('it has the shape of a connected net.Socket', async () => {
	const { a, b, close } = await pair();
	assert.deepEqual([a.connecting, a.pending, a.readyState, a.encrypted], [false, false, 'open', false]);
	for (const name of ['authorized', 'alpnProtocol', 'getPeerCertificate']) assert.equal(name in a, false);
	assert.deepEqual([a.remoteAddress, a.remoteFamily], ['::1', 'IPv6']);
	assert.deepEqual(a.address(), { address: a.localAddress, family: a.localFamily, port: a.localPort });
	assert.deepEqual([a.remotePort, b.remotePort], [b.localPort, a.localPort]);
	assert.equal(a.setNoDelay(true).setKeepAlive(true, 1000).setTimeout(0).ref().unref().ref(), a);
	const connected = once(a, 'connect');
	let called = 0;
	assert.equal(
		a.connect(80, 'ignored.test', () => void (called += 1)),
		a,
	);
	assert.equal(called, 0);
	await connected;
	assert.equal(called, 1);
	await close();
});

test('a Unix flow has no addresses', async () => {
	const stack = memory();
	const { signal } = new AbortController();
	await stack.listen({ path: '/run/x' }, { handler: { onFlow() {}, onClose() {} }, signal });
	const a = new FlowDuplex(await stack.connect({ path: '/run/x' }, { signal }));
	assert.deepEqual([a.remoteAddress, a.remotePort, a.localFamily, a.address()], [undefined, undefined, undefined, {}]);
	a.on('error', () => {});
	await stack.close();
});

test('bytes are counted on both sides, chunks are copies', async () => {
	const { a, b, close } = await pair();
	const chunks: Buffer[] = [];
	b.on('data', (chunk: Buffer) => chunks.push(chunk));
	for (let index = 0; index < 100; index += 1) a.write(Buffer.alloc(1000, index));
	assert.equal(a.bytesWritten, 100_000);
	a.end('end');
	await once(b, 'end');
	assert.deepEqual([a.bytesWritten, b.bytesRead], [100_003, 100_003]);
	const all = Buffer.concat(chunks);
	for (let index = 0; index < 100; index += 1) assert.equal(all[1000 * index + 999], index);
	assert.equal(all.toString('latin1', 100_000), 'end');
	await close();
});

test('backpressure goes through in both directions', async () => {
	const { a, b, close } = await pair();
	let written = 0;
	const chunk = Buffer.alloc(16_384);
	const write = () => {
		while (written < 1000 && a.write(chunk)) written += 1;
	};
	a.on('drain', write);
	write();
	const bound = await settled(() => written);
	assert.ok(bound < 50, `${bound} chunks were taken although nobody reads`);
	b.resume();
	await until('all is written', () => written === 1000);
	await close();
});

test('the end of the peer ends this side, unless half-open is allowed', async () => {
	const { a, b, open, close } = await pair();
	b.end('bye');
	a.resume();
	b.resume();
	await Promise.all([once(a, 'close'), once(b, 'close')]);
	await settled(open);
	assert.equal(open(), 0);
	await close();

	const half = await pair({ allowHalfOpen: true });
	half.b.end('bye');
	half.a.resume();
	await once(half.a, 'end');
	assert.equal(half.a.readyState, 'writeOnly');
	const answer = once(half.b, 'data');
	half.a.write('still here');
	assert.equal(String((await answer)[0]), 'still here');
	half.a.end();
	await finished(half.a);
	await half.close();
});

test('what was received before an orderly close can be read after it', async () => {
	const { a, b, open, close } = await pair();
	b.end(Buffer.alloc(50_000, 7));
	b.resume();
	a.end();
	await until('both flows have closed', () => open() === 0);
	let length = 0;
	for await (const chunk of a) length += (chunk as Buffer).length;
	assert.equal(length, 50_000);
	await close();
});

test('setTimeout tells of each idle period once, and of none while there is traffic', async () => {
	const clock = virtualClock({ auto: false });
	const { a, b, close } = await pair({ clock });
	let timeouts = 0;
	let first = 0;
	a.on('timeout', () => void (timeouts += 1));
	assert.equal(
		a.setTimeout(1000, () => void (first += 1)),
		a,
	);
	assert.equal(a.timeout, 1000);
	b.resume();
	for (let round = 0; round < 5; round += 1) {
		await clock.advance(700);
		a.write('x');
		await turns(3);
	}
	assert.equal(timeouts, 0);
	await clock.advance(990);
	assert.equal(timeouts, 0);
	await clock.advance(5000);
	assert.deepEqual([timeouts, first], [1, 1]);
	b.write('y');
	a.resume();
	await turns(3);
	await clock.advance(1000);
	assert.deepEqual([timeouts, first], [2, 1]);
	a.setTimeout(0);
	a.write('x');
	await clock.advance(5000);
	assert.equal(timeouts, 2);
	a.setTimeout(1000);
	a.destroy();
	await clock.advance(lingerTime);
	assert.equal(clock.pending, 0);
	await close();
});

test('an error of the flow destroys with the error of the system', async () => {
	const { a, b, close } = await pair();
	a.resume();
	b.resetAndDestroy();
	b.on('error', () => {});
	const [error] = (await once(a, 'error')) as [NodeJS.ErrnoException];
	assert.equal(error.code, 'ECONNRESET');
	assert.ok(a.destroyed);
	await close();

	const other = await pair();
	const reason = new PostSocketsError('too-large', 'this test says so');
	other.flows[0].abort(reason);
	assert.deepEqual(await once(other.a, 'error'), [reason]);
	await other.close();
});

test('a write that is interrupted gets an error, and so do those behind it', async () => {
	const { a, close } = await pair();
	const outcomes: unknown[] = [];
	const closed = once(a, 'close');
	for (let index = 0; index < 3; index += 1) a.write(Buffer.alloc(1_000_000), (error) => outcomes.push(error?.name));
	await settled(() => outcomes.length);
	assert.deepEqual(outcomes, []);
	a.destroy();
	await closed;
	await until('all writes have an outcome', () => outcomes.length === 3);
	assert.ok(outcomes.every((name) => name !== undefined));
	await close();
});

test('destroy after write still sends, as a kernel would', async () => {
	const { a, b, open, close } = await pair();
	const received: Buffer[] = [];
	b.on('data', (chunk: Buffer) => received.push(chunk));
	a.write('last words');
	a.destroy();
	await once(b, 'end');
	assert.equal(Buffer.concat(received).toString(), 'last words');
	await until('both flows have closed', () => open() === 0);
	await close();
});

test('destroySoon ends first', async () => {
	const { a, b, close } = await pair();
	let length = 0;
	b.on('data', (chunk: Buffer) => void (length += chunk.length));
	a.write(Buffer.alloc(1_000_000));
	a.destroySoon();
	await Promise.all([once(b, 'end'), once(a, 'close')]);
	assert.equal(length, 1_000_000);
	await close();
});

test('a peer that goes on sending after destroy is reset', async () => {
	const { a, b, open, close } = await pair({ allowHalfOpen: true });
	b.resume();
	a.destroy();
	await once(b, 'end');
	b.write('nobody reads this');
	const [error] = (await once(b, 'error')) as [NodeJS.ErrnoException];
	assert.equal(error.code, 'ECONNRESET');
	await until('both flows have closed', () => open() === 0);
	await close();
});

test('a peer that never ends its side is reset after a while', async () => {
	const clock = virtualClock({ auto: false });
	const { a, b, open, close } = await pair({ allowHalfOpen: true, clock });
	b.resume();
	a.destroy();
	await once(a, 'close');
	await clock.advance(lingerTime - 1);
	assert.equal(open(), 2);
	const reset = once(b, 'error');
	await clock.advance(1);
	await reset;
	assert.equal(open(), 0);
	await close();
});
