import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectNative } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { IpAddress } from '../../base/address.ts';
import { PostSocketsError } from '../../base/errors.ts';
import { isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { deaf, type Flow } from '../../stack/flow.ts';
import type { ConnectOptions } from '../../stack/stack.ts';
import { portSuite } from '../../testing/port-suite.ts';
import { stackSuite } from '../../testing/stack-suite.ts';
import { rejection, settled, turns, until } from '../../testing/suite.ts';
import { interfaces } from './interfaces.ts';
import { type KernelOptions, type KernelStack, kernel } from './kernel.ts';

const { loopback4, loopback6, any4, any6 } = IpAddress;
const hasIpv6 = interfaces().some(({ addresses }) => addresses.some((address) => address.equals(loopback6)));
const noIpv6 = hasIpv6 ? false : 'this machine has no ::1';

/** An interface that carries multicast; that to oneself does it for IPv4 alone. */
function outward(family: 4 | 6) {
	const all = interfaces().filter(({ addresses }) => addresses.some((address) => address.family === family));
	return all.find(({ loopback }) => !loopback) ?? (family === 4 ? all[0] : undefined);
}

const { signal } = new AbortController();

for (const internals of [true, false]) {
	const name = internals ? 'kernel' : 'kernel without internals';
	const fixture = async () => {
		const stack = kernel({ internals });
		// The suites skip what a stack does not have.
		if (!hasIpv6) Object.assign(stack, { features: { ...stack.features, ipv6: false } });
		return { stack, open: () => stack.open };
	};
	stackSuite(name, fixture);
	if (internals) {
		const multicast = { ipv4: outward(4)?.name, ipv6: hasIpv6 ? outward(6)?.name : undefined };
		portSuite(`${name}: ports`, async () => ({ ...(await fixture()), multicast }));
	}

	test(`${name}: a thousand connects and closes leave nothing`, async () => {
		await turns(3);
		const before = await settled(handles);
		const stack = kernel({ internals });
		const { local, flows } = await echo(stack);
		for (let batch = 0; batch < 20; batch += 1) {
			await Promise.all(
				Array.from({ length: 50 }, async (_, index) => {
					const flow = await stack.connect(local, { signal });
					await talk(flow, index % 3);
				}),
			);
		}
		await until('all accepted flows are gone', () => stack.open === 1);
		// Those aborted before anything was said may have been reset before they were accepted.
		assert.ok(flows.length > 600);
		await stack.close();
		assert.equal(stack.open, 0);
		await settled(handles);
		assert.equal(handles(), before);
	});

	test(`${name}: many flows at once read the same buffer, and each gets its own bytes`, async () => {
		const stack = kernel({ internals });
		const { local } = await echo(stack);
		const sums = await Promise.all(
			Array.from({ length: 64 }, async (_, index) => {
				const flow = await stack.connect(local, { signal });
				const received = Promise.withResolvers<boolean>();
				let length = 0;
				let right = true;
				flow.handler = {
					...deaf,
					onData(chunk) {
						right &&= chunk.every((byte) => byte === index);
						length += chunk.length;
						if (length === 200_000) received.resolve(right);
					},
				};
				flow.resume();
				for (let part = 0; part < 10; part += 1) flow.write([new Uint8Array(20_000).fill(index)]);
				return received.promise;
			}),
		);
		assert.deepEqual(new Set(sums), new Set([true]));
		await stack.close();
	});

	test(`${name}: a listener closes at once, though its flows go on`, async () => {
		const stack = kernel({ internals });
		const { local, listener } = await echo(stack);
		const flow = await stack.connect(local, { signal });
		await talkOnce(flow);
		const before = handles();
		await listener.close();
		await until('its handle is gone', () => handles() === before - 1);
		await talkOnce(flow);
		await stack.close();
	});

	test(`${name}: a connection that was reset before it was accepted does no harm`, async () => {
		const stack = kernel({ internals });
		const { local, flows } = await echo(stack);
		assert.ok(!isUnix(local));
		for (let index = 0; index < 20; index += 1) {
			const socket = connectNative({ port: local.port, host: '127.0.0.1' });
			await once(socket, 'connect');
			socket.resetAndDestroy();
		}
		await talkOnce(await stack.connect(local, { signal }));
		await until('what was accepted is gone', () => stack.open === 3);
		assert.ok(flows.length <= 21);
		await stack.close();
	});
}

/** Sockets of every kind. */
function handles(): number {
	return process.getActiveResourcesInfo().filter((name) => /^(TCP|Pipe|UDP)/.test(name)).length;
}

async function echo(stack: KernelStack, at: SocketAddress = { address: loopback4, port: 0 }) {
	const flows: Flow[] = [];
	const listener = await stack.listen(at, {
		handler: {
			onFlow(flow) {
				flows.push(flow);
				flow.handler = { ...deaf, onData: (chunk) => void flow.write([chunk.slice()]), onEnd: () => flow.end() };
				flow.resume();
			},
			onClose() {},
		},
		signal,
	});
	return { listener, local: listener.local, flows };
}

/** Sends one byte and waits for it to come back. */
async function talkOnce(flow: Flow): Promise<void> {
	const answer = Promise.withResolvers<void>();
	flow.handler = { ...deaf, onData: () => answer.resolve(), onClose: (error) => answer.reject(error) };
	flow.resume();
	flow.write([Uint8Array.of(1)]);
	await answer.promise;
}

/** Talks, then ends in one of three ways: in order, by abort, or by abort before anything was said. */
async function talk(flow: Flow, way: number): Promise<void> {
	if (way < 2) await talkOnce(flow);
	const closed = Promise.withResolvers<void>();
	flow.handler = { ...deaf, onClose: () => closed.resolve() };
	if (way === 0) flow.end();
	else flow.abort();
	await closed.promise;
}

async function withKernel<T>(body: (stack: KernelStack) => Promise<T>, options?: KernelOptions): Promise<T> {
	const stack = kernel(options);
	try {
		return await body(stack);
	} finally {
		await stack.close();
	}
}

test('POST_NO_INTERNALS=1 turns internals off', async () => {
	for (const value of [undefined, '1']) {
		if (value) process.env['POST_NO_INTERNALS'] = value;
		await withKernel(async (stack) => {
			const { local, flows } = await echo(stack);
			await talkOnce(await stack.connect(local, { signal }));
			assert.equal(flows.length, 1);
		});
		delete process.env['POST_NO_INTERNALS'];
	}
});

test('0.0.0.0 and :: can have the same port', { skip: noIpv6 }, () =>
	withKernel(async (stack) => {
		const first = await echo(stack, { address: any6, port: 0 });
		assert.ok(!isUnix(first.local));
		const { port } = first.local;
		const second = await echo(stack, { address: any4, port });
		await talkOnce(await stack.connect({ address: loopback6, port }, { signal }));
		await talkOnce(await stack.connect({ address: loopback4, port }, { signal }));
		assert.deepEqual([first.flows.length, second.flows.length], [1, 1]);
		assert.deepEqual(second.flows[0]?.local, { address: loopback4, port });
	}),
);

test('a socket that meets itself is not a connection', () =>
	withKernel(async (stack) => {
		const { local, listener } = await echo(stack);
		assert.ok(!isUnix(local));
		await listener.close();
		const error = await rejection(stack.connect(local, { local, signal }), 'refused');
		assert.match(error.message, /itself/);
	}));

test('connect by an interface comes from its address', () =>
	withKernel(async (stack) => {
		for (const { name, addresses } of stack.interfaces()) {
			for (const address of addresses.filter(({ family }) => hasIpv6 || family === 4)) {
				const { local } = await echo(stack, { address, port: 0 });
				assert.ok(!isUnix(local));
				// Without its zone a link-local address gets that of the interface.
				const remote = { ...local, address: address.withZone(undefined) };
				const flow = await stack.connect(remote, { interface: name, signal });
				const { local: source } = flow;
				assert.ok(!isUnix(source) && addresses.some((own) => own.equals(source.address)), String(address));
				assert.equal(source.address.isLinkLocal, address.isLinkLocal);
				await talkOnce(flow);
			}
		}
	}));

test('connect says what is wrong with its local address or interface', () =>
	withKernel(async (stack) => {
		const { local } = await echo(stack);
		const connect = (options: Partial<ConnectOptions>, remote: SocketAddress = local) =>
			stack.connect(remote, { signal, ...options });
		const loopback = stack.interfaces().find((each) => each.loopback);
		assert.ok(loopback);

		const unknown = await rejection(connect({ interface: 'none0' }), 'address-unavailable');
		assert.ok(unknown.message.includes(loopback.name), unknown.message);
		await rejection(connect({ local: { address: loopback6, port: 0 } }), 'bad-argument');
		await rejection(connect({ local: { address: IpAddress.parse('203.0.113.77'), port: 0 } }), 'address-unavailable');
		const elsewhere = { address: IpAddress.parse('203.0.113.77'), port: 0 };
		const { message } = await rejection(connect({ interface: loopback.name, local: elsewhere }), 'address-unavailable');
		assert.ok(message.includes('203.0.113.77'), message);
		await rejection(connect({ interface: loopback.name }, { path: '/none' }), 'not-supported');
		const anyFrom = { interface: loopback.name, local: { address: any4, port: 0 } };
		await talkOnce(await connect(anyFrom));
	}));

test('arguments that node throws at are bad arguments', () =>
	withKernel(async (stack) => {
		const wrong = { address: loopback4, port: 70_000 };
		const error = await rejection(stack.connect(wrong, { signal }), 'bad-argument');
		assert.match(error.message, /70000/);
		await rejection(stack.listen(wrong, { handler: { onFlow() {}, onClose() {} }, signal }), 'bad-argument');
		await rejection(stack.bind(wrong, { signal }), 'bad-argument');
		await until('nothing is open', () => stack.open === 0);
		assert.throws(() => kernel({ servers: ['not an address'] }), { code: 'bad-argument' });
	}));

test('a refused connect names both ends, the errno and what to do', () =>
	withKernel(async (stack) => {
		const { local, listener } = await echo(stack);
		await listener.close();
		const error = await rejection(stack.connect(local, { signal }), 'refused');
		assert.ok(!isUnix(local));
		assert.equal(
			error.message,
			`connect 127.0.0.1:${local.port}: nothing listens there; is the server running, and is the port right?`,
		);
		assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED');
	}));

test('closing the stack also stops a question, and takes no new one', async () => {
	const stack = kernel({ servers: ['192.0.2.53'] });
	const asking = stack.resolver.resolve('silent.test', 'A', signal);
	await turns(2);
	assert.equal(stack.open, 1);
	await Promise.all([rejection(asking, 'closed'), stack.close()]);
	await rejection(stack.resolver.resolve('localhost', 'A', signal), 'closed');
	const promise = kernel().resolver.resolve('localhost', 'A', AbortSignal.abort());
	assert.ok((await promise.catch((error: unknown) => error)) instanceof PostSocketsError);
});

/** Runs a program over a kernel stack in a process of its own; what it prints tells whether it ended by itself. */
async function run(body: string): Promise<string> {
	const program = `
		import { kernel } from ${JSON.stringify(new URL('./kernel.ts', import.meta.url).href)};
		import { IpAddress } from ${JSON.stringify(new URL('../../base/address.ts', import.meta.url).href)};
		const stack = kernel();
		const { signal } = new AbortController();
		const at = { address: IpAddress.loopback4, port: 0 };
		const flows = [];
		const listener = await stack.listen(at, { handler: { onFlow: (flow) => flows.push(flow), onClose() {} }, signal });
		const flow = await stack.connect(listener.local, { signal });
		const port = await stack.bind(at, { signal });
		while (flows.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
		const all = [listener, flow, flows[0], port];
		${body}
		// Does not hold the process itself: it only runs when something else does.
		setTimeout(() => process.exit(console.log('held')), 200).unref();
		process.on('exit', () => console.log('over'));
	`;
	const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
	return stdout + stderr;
}

const release = 'for (const each of all) each.unref();';

// The native reader puts another socket around the handle; what was said to the first one holds.
for (const [body, held] of [
	[release, false],
	['await stack.close();', false],
	[`flow.resume(); flows[0].write([Buffer.from("x")]); ${release}`, false],
	[`${release} flow.resume(); flows[0].resume();`, false],
	[`${release} listener.ref();`, true],
	[`${release} port.ref();`, true],
	[`${release} flow.ref(); flow.resume();`, true],
	[`flow.resume(); ${release} flow.ref();`, true],
	// A flow holds while it reads: one that is paused has nothing to tell.
	[`${release} flow.ref();`, false],
] as const) {
	test(`a process with "${body}" ${held ? 'goes on' : 'ends'}`, async () => {
		assert.equal(await run(body), held ? 'held\nover\n' : 'over\n');
	});
}
