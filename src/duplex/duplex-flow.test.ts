import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { IpAddress } from '../base/address.ts';
import type { PostSocketsError } from '../base/errors.ts';
import { deaf, type Flow } from '../stack/flow.ts';
import { memory } from '../stacks/memory/memory.ts';
import { testPki } from '../testing/certificates.ts';
import { type FlowPair, flowSuite } from '../testing/flow-suite.ts';
import { settled, turns, until } from '../testing/suite.ts';
import { DuplexFlow } from './duplex-flow.ts';
import { FlowDuplex } from './flow-duplex.ts';

const near = { address: IpAddress.loopback4, port: 1 };
const far = { address: IpAddress.loopback4, port: 2 };

function pairOver(a: Duplex, b: Duplex, close: () => Promise<void> = async () => {}): FlowPair {
	return {
		a: new DuplexFlow(a, { local: near, remote: far }),
		b: new DuplexFlow(b, { local: far, remote: near }),
		close,
	};
}

async function sockets(): Promise<{ client: Socket; server: Socket; close(): Promise<void> }> {
	const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true });
	listener.listen(0, '127.0.0.1');
	await once(listener, 'listening');
	const client = new Socket({ allowHalfOpen: true });
	client.pause();
	const accepted = once(listener, 'connection');
	client.connect(listener.address() as { port: number });
	await once(client, 'connect');
	const [server] = (await accepted) as [Socket];
	const close = () => new Promise<void>((resolve) => void listener.close(() => resolve()));
	return { client, server, close };
}

async function memoryFlows(): Promise<FlowPair> {
	const stack = memory();
	const { signal } = new AbortController();
	const accepted = Promise.withResolvers<Flow>();
	const handler = { onFlow: accepted.resolve, onClose() {} };
	const { local } = await stack.listen({ address: IpAddress.loopback4, port: 0 }, { handler, signal });
	return { a: await stack.connect(local, { signal }), b: await accepted.promise, close: () => stack.close() };
}

flowSuite('net.Socket', async () => {
	const { client, server, close } = await sockets();
	return pairOver(client, server, close);
});

// Its buffer of 64 KiB is full after one write, and empty again in the next turn.
const skip = {
	'write says when no more is welcome, and onDrain when it is again':
		'the test takes the first write that is not welcome for the last before everything is full',
};

const tlsPair = async () => {
	const { client, server, close } = await sockets();
	const { ca, issue } = testPki();
	const b = new TLSSocket(server, { isServer: true, ...issue({ names: ['tls.test'] }) });
	const a = connectTls({ socket: client, ca, servername: 'tls.test' });
	await Promise.all([once(a, 'secureConnect'), once(b, 'secure')]);
	return pairOver(a, b, close);
};

flowSuite('tls.TLSSocket', tlsPair, { skip });

const duplexPairOverMemory = async () => {
	const { a, b, close } = await memoryFlows();
	const options = { allowHalfOpen: true };
	return pairOver(new FlowDuplex(a, options), new FlowDuplex(b, options), close);
};

flowSuite('FlowDuplex over memory', duplexPairOverMemory, { skip });

/** Records how a flow ends. */
function watch(flow: Flow): { closes: (PostSocketsError | undefined)[] } {
	const closes: (PostSocketsError | undefined)[] = [];
	flow.handler = { ...deaf, onClose: (error) => void closes.push(error) };
	return { closes };
}

test('an error of the duplex is ours, with that of the system as its cause and both ends named', async () => {
	const { client, server, close } = await sockets();
	const { a, b } = pairOver(client, server);
	const { closes } = watch(a);
	a.resume();
	await turns(2);
	b.abort();
	await until('a closed', () => closes.length === 1);
	const [error] = closes;
	assert.equal(error?.code, 'reset');
	assert.equal(error.operation, 'receive');
	assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNRESET');
	assert.equal(`${error.local} ${error.remote}`, '127.0.0.1:1 127.0.0.1:2');
	await close();
});

test('a duplex that somebody else destroys closes its flow with an error', async () => {
	const { client, server, close } = await sockets();
	const { a, b } = pairOver(client, server);
	const { closes } = watch(a);
	a.resume();
	client.destroy();
	await until('a closed', () => closes.length === 1);
	assert.equal(closes[0]?.code, 'reset');
	b.abort();
	await close();
});

test('errors of a duplex whose flow has closed are heard by nobody', async () => {
	const { client, server, close } = await sockets();
	const { a, b } = pairOver(client, server);
	const { closes } = watch(a);
	a.abort();
	await until('a closed', () => closes.length === 1);
	client.emit('error', new Error('too late'));
	b.abort();
	await close();
});

// libuv refuses to reset a handle that is shutting down, and node then loses it: see reset() in duplex-flow.ts.
for (const ticks of [0, 1, 2, 3, 8]) {
	test(`abort ${ticks} ticks after end resets, and leaves no handle`, async () => {
		const handles = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
		const before = await settled(handles);
		const { client, server, close } = await sockets();
		const { a, b } = pairOver(client, server);
		const { closes } = watch(a);
		a.write([Buffer.from('unread')]);
		a.end();
		for (let tick = 0; tick < ticks; tick += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
		a.abort();
		await until('a closed', () => closes.length === 1);
		assert.equal(closes[0]?.code, 'aborted');
		// The end came before the reset: b sees that when it writes.
		const end = watch(b);
		b.resume();
		await until('b was reset', () => {
			b.write([Buffer.from('x')]);
			return end.closes.length === 1;
		});
		assert.equal(end.closes[0]?.code, 'reset');
		await close();
		await settled(handles);
		assert.equal(handles(), before);
	});
}

test('a handler that throws anywhere does not keep the flow from its end', async () => {
	const uncaught: unknown[] = [];
	process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error));
	try {
		const { client, server, close } = await sockets();
		const { a, b } = pairOver(client, server);
		const heard: string[] = [];
		const fail = (event: string) => () => {
			heard.push(event);
			throw new Error(event);
		};
		a.handler = { onData: fail('data'), onDrain: fail('drain'), onEnd: fail('end'), onClose: fail('close') };
		const { closes } = watch(b);
		a.resume();
		b.resume();
		b.write([Buffer.from('x')]);
		await until('data came', () => heard.includes('data'));
		let done = false;
		a.write([new Uint8Array(20_000_000)], fail('done'));
		a.write([new Uint8Array(20_000_000)], () => void (done = true));
		await until('drain and done came', () => heard.includes('drain') && done);
		a.end();
		b.end();
		await until('both closed', () => heard.includes('close') && closes.length === 1);
		assert.deepEqual(heard.sort(), ['close', 'data', 'done', 'drain', 'end']);
		await until('all was thrown', () => uncaught.length === 5);
		assert.deepEqual(closes, [undefined]);
		await close();
	} finally {
		process.setUncaughtExceptionCaptureCallback(null);
	}
});

test('a chunk is written from where it is, without a copy', async () => {
	const [a, b] = duplexPair();
	const flow = new DuplexFlow(a, { local: near, remote: far });
	const bytes = Uint8Array.of(1, 2, 3, 4);
	const received = once(b, 'data');
	flow.write([bytes.subarray(1, 3)]);
	const [chunk] = (await received) as [Buffer];
	assert.equal(chunk.buffer, bytes.buffer);
	assert.deepEqual([...chunk], [2, 3]);
	flow.abort();
});
