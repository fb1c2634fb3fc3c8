/** Every option is read back from the kernel; what is not there is not claimed. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { IpAddress } from '../../../base/address.ts';
import { DuplexFlow } from '../../../duplex/duplex-flow.ts';
import { duplexOf } from '../../../duplex/native.ts';
import { backlogOf } from '../../../stack/backlog.ts';
import { deaf, type Flow } from '../../../stack/flow.ts';
import { metricsOf } from '../../../stack/metrics.ts';
import { type FlowTuning, tuneFlow, tunePort } from '../../../stack/tuning.ts';
import { until } from '../../../testing/suite.ts';
import { interfaces } from '../interfaces.ts';
import { kernel } from '../kernel.ts';
import { nativeReader } from '../native-read.ts';
import { tcpDescriptor, udpDescriptor } from './descriptor.ts';
import { openLibc } from './libc.ts';
import { type SocketOption, socketOptions } from './socket-options.ts';
import { TcpSocket } from './tcp-socket.ts';
import { tuneUdp } from './udp-socket.ts';

const libc = openLibc(createRequire(import.meta.url));
const native = { skip: libc ? false : 'koffi is not here, or this is not Linux' };
const ipv6 = interfaces().some(({ addresses }) => addresses.some((each) => each.equals(IpAddress.loopback6)));
const nativeIpv6 = ipv6 ? native : { skip: 'this machine has no ::1' };
const { signal } = new AbortController();
const { loopback4, loopback6 } = IpAddress;

const keepAlive = { level: 1, name: 9 };
const keepAliveIdle = { level: 6, name: 4 };
const everything: Required<FlowTuning> = {
	keepAlive: 30_000,
	keepAliveInterval: 6_001,
	keepAliveCount: 4,
	userTimeout: 9_000,
	trafficClass: 46 << 2,
	notSentLowWater: 16_384,
};

function read(descriptor: number | undefined, option: SocketOption): number {
	const value = new Int32Array(1);
	assert.ok(descriptor !== undefined);
	assert.equal(libc?.get(descriptor, option, new Uint8Array(value.buffer)), 4);
	return value[0]!;
}

/** A connected socket, the other end of which reads whatever comes. */
async function connected(t: TestContext, host: string): Promise<Socket> {
	const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, host);
	await once(server, 'listening');
	const socket = new Socket().pause().connect((server.address() as { port: number }).port, host);
	await once(socket, 'connect');
	t.after(() => {
		socket.destroy();
		server.close();
	});
	return socket;
}

for (const [host, mark] of [
	['127.0.0.1', socketOptions.trafficClass4],
	['::1', socketOptions.trafficClass6],
] as const) {
	const options = host === '::1' ? nativeIpv6 : native;
	for (const older of [false, true]) {
		const where = older ? ', where node does not set the traffic class' : '';
		test(`a socket to ${host} is tuned${where}`, options, async (t) => {
			const socket = await connected(t, host);
			if (older) Object.assign(socket, { setTypeOfService: undefined });
			assert.deepEqual(new TcpSocket(socket, libc).tune(everything), Object.keys(everything));
			const descriptor = tcpDescriptor(socket);
			assert.equal(read(descriptor, keepAlive), 1);
			assert.equal(read(descriptor, keepAliveIdle), 30);
			assert.equal(read(descriptor, socketOptions.keepAliveInterval), 7);
			assert.equal(read(descriptor, socketOptions.keepAliveCount), 4);
			assert.equal(read(descriptor, socketOptions.userTimeout), 9_000);
			assert.equal(read(descriptor, mark), 46 << 2);
			assert.equal(read(descriptor, socketOptions.notSentLowWater), 16_384);
		});
	}
}

test(
	'keep-alive is rounded up to what Linux takes, and ends, also across the change of sockets of the reader',
	native,
	async (t) => {
		let now: Duplex = await connected(t, '127.0.0.1');
		const ends = { local: { address: loopback4, port: 1 }, remote: { address: loopback4, port: 2 } };
		const below = (duplex: Duplex) => new TcpSocket((now = duplex) as Socket, libc);
		const flow = new DuplexFlow(now, { ...ends, reader: nativeReader, below });
		t.after(() => flow.abort());
		const idle = (value: number | false) => {
			assert.deepEqual(tuneFlow(flow, { keepAlive: value }), ['keepAlive']);
			const descriptor = tcpDescriptor(now as Socket);
			return read(descriptor, keepAlive) === 1 && read(descriptor, keepAliveIdle);
		};
		assert.equal(idle(1), 1);
		assert.equal(idle(40_000_001), 32_767);
		const before = now;
		flow.resume();
		assert.equal(idle(false), false);
		assert.notEqual(now, before);
		assert.equal(idle(2_500), 3);
		flow.abort();
		assert.deepEqual(tuneFlow(flow, everything), []);
	},
);

test('the reader does not turn keep-alive on', native, async (t) => {
	const socket = nativeReader(await connected(t, '127.0.0.1'), () => {}) as Socket;
	t.after(() => socket.destroy());
	assert.equal(read(tcpDescriptor(socket), keepAlive), 0);
});

test('without the C library node grants what it can, and nobody measures', async (t) => {
	const socket = new TcpSocket(await connected(t, '127.0.0.1'), undefined);
	const granted = 'setTypeOfService' in Socket.prototype ? ['keepAlive', 'trafficClass'] : ['keepAlive'];
	assert.deepEqual(socket.tune(everything), granted);
	assert.equal(socket.metrics(), undefined);
});

test('what the kernel refuses is not claimed', native, async (t) => {
	const socket = new TcpSocket(await connected(t, '127.0.0.1'), libc);
	assert.deepEqual(socket.tune({ keepAliveCount: 1_000, keepAliveInterval: 0, userTimeout: 1 }), ['userTimeout']);
});

for (const [address, mark, discovery] of [
	[loopback4, socketOptions.trafficClass4, socketOptions.mtuDiscovery4],
	[loopback6, socketOptions.trafficClass6, socketOptions.mtuDiscovery6],
] as const) {
	test(`a port at ${address} is tuned`, address.family === 6 ? nativeIpv6 : native, async () => {
		const socket = createSocket(`udp${address.family}`);
		socket.bind(0, String(address));
		await once(socket, 'listening');
		const wish = { trafficClass: 0xff, dontFragment: true };
		assert.deepEqual(tuneUdp(socket, address.family, wish, libc), ['trafficClass', 'dontFragment']);
		assert.equal(read(udpDescriptor(socket), mark), 0xff);
		assert.equal(read(udpDescriptor(socket), discovery), 2);
		assert.deepEqual(tuneUdp(socket, address.family, { dontFragment: false }, libc), ['dontFragment']);
		assert.equal(read(udpDescriptor(socket), discovery), 1);
		assert.deepEqual(tuneUdp(socket, address.family, wish, undefined), []);
		socket.close();
		assert.deepEqual(tuneUdp(socket, address.family, wish, libc), []);
	});
}

/** The ends of a flow of `kernel(options)`, both paused. */
async function flows(t: TestContext, options: { internals?: boolean } = {}): Promise<[Flow, Flow]> {
	const stack = kernel(options);
	t.after(() => stack.close());
	const accepted = Promise.withResolvers<Flow>();
	const handler = { onFlow: accepted.resolve, onClose() {} };
	const { local } = await stack.listen({ address: loopback4, port: 0 }, { handler, signal });
	return [await stack.connect(local, { signal }), await accepted.promise];
}

test('a flow tells what is under way, what arrived, and nothing when it is gone', native, async (t) => {
	const [client, server] = await flows(t);
	let written = false;
	client.write([new Uint8Array(8 * 2 ** 20)], () => void (written = true));
	// Nobody reads: the window closes, and the kernel keeps the rest.
	await until('nothing moves', () => {
		const metrics = metricsOf(client)!;
		return metrics.unacknowledged === 0 && metrics.notSent! > 0 && metrics.bytesAcked! > 1;
	});
	assert.equal(written, false);
	assert.deepEqual(backlogOf(client), { bytes: metricsOf(client)!.notSent, underWay: false });
	server.resume();
	await until('all of it has arrived', () => metricsOf(client)?.bytesAcked === 8 * 2 ** 20 + 1);
	const { roundTrip, pathMtu, maxSegmentSize, congestionWindow, deliveryRate, notSent } = metricsOf(client)!;
	assert.equal(notSent, 0);
	assert.ok(roundTrip! > 0 && deliveryRate! > 0 && maxSegmentSize! < pathMtu! && congestionWindow! >= maxSegmentSize!);
	const closed = Promise.withResolvers<void>();
	client.handler = { ...deaf, onClose: () => closed.resolve() };
	client.abort();
	assert.equal(backlogOf(client), undefined);
	assert.equal(metricsOf(client), undefined);
	await closed.promise;
	assert.equal(metricsOf(client), undefined);
	assert.deepEqual(tuneFlow(client, everything), []);
});

test('a flow over a duplex that was taken from a flow asks that one', native, async (t) => {
	const [below] = await flows(t);
	const { local, remote } = below;
	const flow = new DuplexFlow(duplexOf(below), { local, remote, below: () => below });
	assert.ok(metricsOf(flow)!.roundTrip! > 0);
	assert.deepEqual(tuneFlow(flow, { userTimeout: 5_000 }), ['userTimeout']);
});

test('a flow measures nothing without internals', async (t) => {
	const [flow] = await flows(t, { internals: false });
	assert.equal(metricsOf(flow), undefined);
	assert.ok(tuneFlow(flow, { keepAlive: 1_000, userTimeout: 1_000 }).includes('keepAlive'));
	assert.deepEqual(tuneFlow(flow, { userTimeout: 1_000 }), []);
});

test('a port of the stack is tuned', native, async (t) => {
	const stack = kernel();
	t.after(() => stack.close());
	const port = await stack.bind({ address: loopback4, port: 0 }, { signal });
	assert.deepEqual(tunePort(port, { trafficClass: 8, dontFragment: true }), ['trafficClass', 'dontFragment']);
});

test('without koffi, or with one that cannot be used, there is no C library and no error', () => {
	const broken = { load: () => assert.fail('no such library') };
	assert.equal(
		openLibc(() => assert.fail('Cannot find module')),
		undefined,
	);
	assert.equal(
		openLibc(() => broken),
		undefined,
	);
	const script = `import { libc } from ${JSON.stringify(new URL('./libc.ts', import.meta.url).href)}; console.log(libc())`;
	const env = { ...process.env, POST_NO_NATIVE: '1' };
	const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
	assert.equal(output, 'undefined\n');
});
