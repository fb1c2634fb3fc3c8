/**
 * The contract of `Stack` as tests, as far as it dials and accepts, with that of `Flow` over each kind of address:
 * `stackSuite('my stack', make)` in a test file runs them on yours. Ports and resolvers have suites of their own.
 */

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IpAddress } from '../base/address.ts';
import { PostSocketsError } from '../base/errors.ts';
import { formatSocketAddress, isUnix, type SocketAddress, sameSocketAddress } from '../base/socket-address.ts';
import { deaf, type Flow, type FlowListener } from '../stack/flow.ts';
import type { Acceptor, Dialer, Stack, StackFeatures } from '../stack/stack.ts';
import { type FlowProbe, probePair } from './flow-probe.ts';
import { type FlowPair, flowSuite } from './flow-suite.ts';
import { rejection, type SuiteOptions, settled, suite, turns, until } from './suite.ts';

/** A stack of its own for one test. */
export interface StackFixture {
	readonly stack: Stack & Dialer & Acceptor;
	/** An address of the stack that it can listen on and connect to. Default 127.0.0.1. */
	readonly ipv4?: IpAddress | undefined;
	/** Default ::1. */
	readonly ipv6?: IpAddress | undefined;
	/** Flows, listeners and connects that are open or under way; when given, each test expects 0 in the end. */
	readonly open?: (() => number) | undefined;
}

export interface StackSuiteOptions extends SuiteOptions {
	/** For the flow suites that run inside this one. */
	readonly flows?: SuiteOptions | undefined;
}

export function stackSuite(name: string, make: () => Promise<StackFixture>, options: StackSuiteOptions = {}): void {
	suite(name, options, async (declare) => {
		const { stack } = await make();
		const { features } = stack;
		await stack.close();

		for (const kind of kinds) {
			const missing = kind.in(features) ? undefined : `this stack has no ${kind.name}`;

			/** Runs `body` on a fresh stack, which is closed in the end and then has nothing open. */
			function stackTest(title: string, body: (place: Place) => Promise<void>): void {
				declare(
					`${kind.name}: ${title}`,
					async () => {
						const fixture = await make();
						try {
							await body(new Place(fixture, kind.free));
						} finally {
							await fixture.stack.close();
						}
						assert.equal(fixture.open?.() ?? 0, 0, 'something is left open');
					},
					missing,
				);
			}

			declareDialing(stackTest);
			declareAborts(stackTest);
			declareClosing(stackTest);
			if (missing === undefined) flowSuite(`${name}: ${kind.name} flows`, () => makePair(make, kind), options.flows);
		}

		declare(
			'interfaces() lists what is up',
			async () => {
				const { stack } = await make();
				for (const { name, addresses, mtu } of stack.interfaces?.() ?? []) {
					assert.ok(name.length > 0);
					assert.ok(addresses.every((address) => address instanceof IpAddress));
					assert.ok(mtu === undefined || mtu >= 68);
				}
				await stack.close();
			},
			stack.interfaces ? undefined : 'this stack has no interfaces()',
		);
	});
}

type StackTest = (title: string, body: (place: Place) => Promise<void>) => void;

function declareDialing(stackTest: StackTest): void {
	stackTest('a listener says where it really is', async (place) => {
		const asked = place.free();
		const { listener } = await place.listen(asked);
		if (isUnix(asked)) assert.ok(sameSocketAddress(listener.local, asked));
		else {
			assert.ok(!isUnix(listener.local) && listener.local.address.equals(asked.address));
			assert.notEqual(listener.local.port, 0);
		}
	});

	stackTest('connect reaches the listener, and both ends agree on their addresses', async (place) => {
		const { listener, flows } = await place.listen();
		const flow = await place.connect(listener.local);
		await until('the listener has the flow', () => flows.length === 1);
		const accepted = flows[0]!;
		assert.ok(sameSocketAddress(flow.remote, listener.local), formatSocketAddress(flow.remote));
		assert.ok(sameSocketAddress(accepted.local, listener.local), formatSocketAddress(accepted.local));
		assert.ok(sameSocketAddress(accepted.remote, flow.local), formatSocketAddress(flow.local));
		assert.ok(isUnix(flow.local) || flow.local.port !== 0);
	});

	stackTest('connect comes from the local address it is told', async (place) => {
		const { listener } = await place.listen();
		if (isUnix(listener.local)) return;
		const local = { address: listener.local.address, port: 0 };
		const flow = await place.connect(listener.local, { local });
		assert.ok(!isUnix(flow.local) && flow.local.address.equals(local.address));
		assert.notEqual(flow.local.port, 0);
	});

	stackTest('connect to where nobody listens is refused, with the ends named', async (place) => {
		const { listener } = await place.listen();
		const remote = listener.local;
		await listener.close();
		const error = await rejection(place.connect(remote), 'refused');
		assert.equal(error.remote, formatSocketAddress(remote));
		assert.equal(error.operation, 'connect');
		if (isUnix(remote)) return;
		const local = { address: remote.address, port: 0 };
		const named = await rejection(place.connect(remote, { local }), 'refused');
		assert.ok(named.local?.startsWith(formatSocketAddress(local).slice(0, -1)), `local is ${named.local}`);
	});

	stackTest('two listeners cannot share an address', async (place) => {
		const { listener } = await place.listen();
		const error = await rejection(place.listen(listener.local), 'address-in-use');
		assert.equal(error.local, formatSocketAddress(listener.local));
		assert.equal(error.operation, 'listen');
		await place.exchange(listener.local);
	});

	stackTest('an interface that is not there is not passed over', async (place) => {
		const { listener } = await place.listen();
		await assert.rejects(place.connect(listener.local, { interface: 'none-such0' }), PostSocketsError);
	});

	stackTest('two hundred connects at once all arrive, each at its own flow', async (place) => {
		const { listener, flows } = await place.listen();
		const connected = await Promise.all(Array.from({ length: 200 }, () => place.connect(listener.local)));
		await until('all were accepted', () => flows.length === 200);
		// Who sent which byte: the answer must come to the one who asked.
		for (const flow of flows) flow.handler = { ...deaf, onData: (chunk) => void flow.write([chunk.slice(0, 1)]) };
		for (const flow of flows) flow.resume();
		const answers = connected.map((flow, index) => {
			const answer: number[] = [];
			flow.handler = { ...deaf, onData: (chunk) => void answer.push(...chunk) };
			flow.resume();
			flow.write([Uint8Array.of(index)]);
			return answer;
		});
		await until('all were answered', () => answers.every((answer) => answer.length === 1));
		assert.deepEqual(
			answers,
			answers.map((_, index) => [index]),
		);
	});
}

function declareAborts(stackTest: StackTest): void {
	stackTest('a signal that has already fired aborts connect and listen, with its reason', async (place) => {
		const { listener, flows } = await place.listen();
		const reason = new Error('changed my mind');
		const signal = AbortSignal.abort(reason);
		const error = await rejection(place.connect(listener.local, { signal }), 'aborted');
		assert.equal(error.cause, reason);
		await rejection(place.listen(place.free(), signal), 'aborted');
		const ours = new PostSocketsError('timed-out', 'a deadline of the caller');
		const promise = place.connect(listener.local, { signal: AbortSignal.abort(ours) });
		assert.equal(await promise.catch((error: unknown) => error), ours);
		await settled(() => flows.length);
		assert.equal(flows.length, 0);
	});

	stackTest('connect aborted in the turn it was called leaves nothing', async (place) => {
		const { listener, flows, closed } = await place.listen();
		const controller = new AbortController();
		const connecting = place.connect(listener.local, { signal: controller.signal });
		controller.abort();
		await rejection(connecting, 'aborted');
		await settled(() => flows.length);
		await until('what was accepted has closed', () => closed() === flows.length);
	});

	stackTest('connect aborted at any later moment leaves nothing', async (place) => {
		const { listener, flows, closed } = await place.listen();
		for (let moment = 0; moment < 12; moment += 1) {
			const controller = new AbortController();
			const connecting = place.connect(listener.local, { signal: controller.signal });
			const outcome = abortIfLate(connecting, controller.signal);
			await turns(moment);
			controller.abort();
			await outcome;
		}
		await settled(() => flows.length);
		await until('what was accepted has closed', () => closed() === flows.length);
		await place.exchange(listener.local);
	});

	stackTest('a flow lives on when the signal of its connect fires later', async (place) => {
		const { listener } = await place.listen();
		const controller = new AbortController();
		const flow = await place.connect(listener.local, { signal: controller.signal });
		let gone = false;
		flow.handler = { ...deaf, onClose: () => void (gone = true) };
		flow.resume();
		await turns(3);
		controller.abort();
		await settled(() => gone);
		assert.equal(gone, false);
	});

	stackTest('two hundred connects, half of them aborted in the turn they complete, leak nothing', async (place) => {
		const { listener, flows, closed } = await place.listen();
		const kept: Flow[] = [];
		const outcomes: Promise<unknown>[] = [];
		for (let pair = 0; pair < 100; pair += 1) {
			const doomed = new AbortController();
			outcomes.push(
				place.connect(listener.local).then((flow) => {
					kept.push(flow);
					doomed.abort();
				}),
				abortIfLate(place.connect(listener.local, { signal: doomed.signal }), doomed.signal),
			);
		}
		await Promise.all(outcomes);
		assert.equal(kept.length, 100);
		await settled(() => flows.length);
		await until('only the flows that were kept are open', () => flows.length - closed() === kept.length);
		await settled(closed);
		assert.equal(flows.length - closed(), kept.length);
	});
}

function declareClosing(stackTest: StackTest): void {
	stackTest('a listener that closes leaves its flows alone and frees its address', async (place) => {
		const first = await place.listen();
		const { local } = first.listener;
		const { a, b } = await place.pair(first);
		const closing = first.listener.close();
		assert.deepEqual(first.closes, [], 'onClose came from inside close()');
		await closing;
		await until('the listener had onClose', () => first.closes.length > 0);
		assert.deepEqual(first.closes, [undefined]);
		await rejection(place.connect(local), 'refused');
		await exchange(a, b);
		const second = await place.listen(local);
		await place.exchange(second.listener.local);
		await exchange(a, b);
		assert.equal(first.closes.length, 1);
	});

	stackTest('a listener may be closed twice', async (place) => {
		const { listener, closes } = await place.listen();
		listener.unref();
		listener.ref();
		await Promise.all([listener.close(), listener.close()]);
		await listener.close();
		await settled(() => closes.length);
		assert.deepEqual(closes, [undefined]);
	});

	stackTest('closing the stack ends flows, listeners and connects, and nothing starts any more', async (place) => {
		const { stack } = place.fixture;
		const accepting = await place.listen();
		const { local } = accepting.listener;
		const { a, b } = await place.pair(accepting);
		const connecting = place.connect(local).then(
			(flow) => flow.abort(),
			(error: unknown) => assert.ok(error instanceof PostSocketsError, String(error)),
		);
		await stack.close();
		await connecting;
		await until('the flow and the listener ended', () => a.closed && b.closed && accepting.closes.length === 1);
		assert.ok(a.error && b.error && accepting.closes[0], 'an end that nobody asked for is an error');
		await rejection(place.connect(local), 'closed');
		await rejection(place.listen(place.free()), 'closed');
		await stack.close();
		assert.deepEqual([a.breaches, b.breaches, accepting.closes.length], [[], [], 1]);
	});

	stackTest('closing the stack at once aborts what is under way', async (place) => {
		const { stack } = place.fixture;
		const { listener } = await place.listen();
		const outcomes = Array.from({ length: 10 }, () => place.connect(listener.local).catch((error: unknown) => error));
		await stack.close();
		for (const outcome of await Promise.all(outcomes)) {
			if (outcome instanceof Error) assert.ok(outcome instanceof PostSocketsError, String(outcome));
		}
	});
}

interface Kind {
	readonly name: string;
	in(features: StackFeatures): boolean;
	/** An address nobody uses. */
	free(fixture: StackFixture): SocketAddress;
}

let paths = 0;

const kinds: readonly Kind[] = [
	{
		name: 'tcp4',
		in: (features) => features.ipv4,
		free: ({ ipv4 = IpAddress.loopback4 }) => ({ address: ipv4, port: 0 }),
	},
	{
		name: 'tcp6',
		in: (features) => features.ipv6,
		free: ({ ipv6 = IpAddress.loopback6 }) => ({ address: ipv6, port: 0 }),
	},
	{
		name: 'unix',
		in: (features) => features.unix,
		free: () => ({ path: socketPath() }),
	},
];

function socketPath(): string {
	const name = `post-sockets-${process.pid}-${(paths += 1)}`;
	return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name);
}

/** A listener and everything it heard. */
interface Listening {
	readonly listener: FlowListener;
	readonly flows: readonly Flow[];
	/** How many of `flows` have closed. They are resumed, so that they notice. */
	closed(): number;
	readonly closes: readonly (PostSocketsError | undefined)[];
}

/** A stack and a kind of address: the ground on which one test stands. */
class Place {
	readonly fixture: StackFixture;
	readonly #free: Kind['free'];

	constructor(fixture: StackFixture, free: Kind['free']) {
		this.fixture = fixture;
		this.#free = free;
	}

	free(): SocketAddress {
		return this.#free(this.fixture);
	}

	async listen(local = this.free(), signal = never()): Promise<Listening> {
		const flows: Flow[] = [];
		const closes: (PostSocketsError | undefined)[] = [];
		let closed = 0;
		const listener = await this.fixture.stack.listen(local, {
			handler: {
				onFlow(flow) {
					flows.push(flow);
					// An owner that ends when its peer does; a test that wants another sets it.
					flow.handler = { ...deaf, onEnd: () => flow.end(), onClose: () => void (closed += 1) };
					flow.resume();
				},
				onClose: (error) => void closes.push(error),
			},
			signal,
		});
		return { listener, flows, closed: () => closed, closes };
	}

	connect(remote: SocketAddress, options: Partial<Parameters<Dialer['connect']>[1]> = {}): Promise<Flow> {
		return this.fixture.stack.connect(remote, { signal: never(), ...options });
	}

	/** One flow with both ends probed and resumed. */
	async pair({ listener, flows }: Listening): Promise<{ a: FlowProbe; b: FlowProbe }> {
		const before = flows.length;
		const flow = await this.connect(listener.local);
		await until('the listener has the flow', () => flows.length > before);
		const probes = probePair(flow, flows.at(-1)!);
		probes.a.resume();
		probes.b.resume();
		return probes;
	}

	/** Proves that connecting there works. */
	async exchange(remote: SocketAddress): Promise<void> {
		const flow = await this.connect(remote);
		let ended = false;
		let closed = false;
		flow.handler = { ...deaf, onEnd: () => void (ended = true), onClose: () => void (closed = true) };
		flow.resume();
		flow.end();
		await until('the peer has ended too', () => ended && closed);
	}
}

async function exchange(a: FlowProbe, b: FlowProbe): Promise<void> {
	a.write(1000);
	b.write(1000);
	await until('both have it', () => b.received === a.sent && a.received === b.sent);
}

/** What a caller of connect must do: a flow that was delivered after the signal fired is aborted. */
async function abortIfLate(connecting: Promise<Flow>, signal: AbortSignal): Promise<void> {
	let flow: Flow;
	try {
		flow = await connecting;
	} catch (error) {
		assert.ok(error instanceof PostSocketsError && error.code === 'aborted', String(error));
		return;
	}
	if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
	flow.abort();
}

async function makePair(make: () => Promise<StackFixture>, kind: Kind): Promise<FlowPair> {
	const fixture = await make();
	const accepted = Promise.withResolvers<Flow>();
	const listener = await fixture.stack.listen(kind.free(fixture), {
		handler: { onFlow: accepted.resolve, onClose() {} },
		signal: never(),
	});
	const a = await fixture.stack.connect(listener.local, { signal: never() });
	return { a, b: await accepted.promise, close: () => fixture.stack.close() };
}

function never(): AbortSignal {
	return new AbortController().signal;
}
