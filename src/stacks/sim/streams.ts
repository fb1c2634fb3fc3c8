/**
 * The streams of one host. **The seam until TCP exists**: flows of memory, whose bytes take the way that packets would
 * take, with its time, its pace, its partitions and its dead hosts, but not as packets: captures do not show them.
 */

import { selectSource } from '../../base/address-selection.ts';
import type { Timer } from '../../base/clock.ts';
import { abortedBy, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import type { Flow, FlowListener } from '../../stack/flow.ts';
import { routeTo } from '../../stack/route.ts';
import type { ConnectOptions, ListenOptions } from '../../stack/stack.ts';
import { Bindings } from '../memory/bindings.ts';
import { MemoryFlow } from '../memory/flow.ts';
import { MemoryListener } from '../memory/listener.ts';
import { Pipe } from '../memory/pipe.ts';
import { failure } from './failure.ts';
import { streamWindow } from './limits.ts';
import type { Node, StreamEnds, World } from './node.ts';
import { StreamWire } from './stream-wire.ts';
import { fateOf, latencyOf, reversed, StreamPiece, type Way, wayTo } from './way.ts';

/** Milliseconds to the second question, each further one twice as late; and until there is no hope. RFC 6298 §2, tcp(7) */
const firstRetry = 1000;
const patience = 127_000;
/** Milliseconds until it is certain that nobody on the link has an address. RFC 4861 §10 */
const resolution = 3000;

export class Streams implements StreamEnds {
	readonly #node: Node;
	readonly #world: World;
	readonly #listeners = new Bindings<MemoryListener>();
	readonly #flows = new Set<MemoryFlow>();
	/** Both ends of each flow and connect, as text. */
	readonly #pairs = new Set<string>();
	readonly #connects = new Set<(error: PostSocketsError) => void>();

	constructor(node: Node, world: World) {
		this.#node = node;
		this.#world = world;
	}

	/** Both ends of every stream, for netstat. */
	list(): { readonly local: SocketAddress; readonly remote: SocketAddress | undefined; readonly state: string }[] {
		return [
			...[...this.#listeners].map(({ local }) => ({ local, remote: undefined, state: 'listen' })),
			...[...this.#flows].map(({ local, remote }) => ({ local, remote, state: 'open' })),
		];
	}

	/** Flows, listeners and connects. */
	get open(): number {
		return this.#flows.size + this.#listeners.size + this.#connects.size;
	}

	listenerAt(local: IpEndpoint): MemoryListener | undefined {
		return this.#listeners.at(local)[0];
	}

	add(flow: MemoryFlow): void {
		this.#flows.add(flow);
	}

	delete(flow: MemoryFlow): void {
		this.#flows.delete(flow);
	}

	async listen(local: SocketAddress, { handler }: ListenOptions): Promise<FlowListener> {
		if (isUnix(local)) throw noUnix('listen', local);
		if (
			!local.address.isUnspecified &&
			this.#world.owner(local.address)?.node !== this.#node &&
			!local.address.isLoopback
		)
			throw failure('EADDRNOTAVAIL', 'listen', local, undefined);
		const free = this.#listeners.free(local, false, 'listen');
		return new MemoryListener(free, handler, this.#node.clock, this.#listeners);
	}

	async connect(remote: SocketAddress, options: ConnectOptions): Promise<Flow> {
		if (isUnix(remote)) throw noUnix('connect', remote);
		const { local, target } = this.#ends(remote, options);
		const pair = pairOf(local, target);
		this.#pairs.add(pair);
		const { promise, resolve, reject } = Promise.withResolvers<Flow>();
		const attempt = new Connect(this.#node, this.#world, local, target, {
			onOpen: (way, listener) => resolve(this.#open(local, target, way, listener)),
			onFailure: reject,
		});
		const fail = (error: PostSocketsError) => {
			attempt.stop();
			reject(error);
		};
		const abort = () => fail(abortedBy(options.signal, 'connect'));
		this.#connects.add(fail);
		options.signal.addEventListener('abort', abort);
		attempt.start();
		try {
			return await promise;
		} catch (error) {
			this.#pairs.delete(pair);
			throw error;
		} finally {
			this.#connects.delete(fail);
			options.signal.removeEventListener('abort', abort);
		}
	}

	/** Everything here ends with this error. Where it can still be told, the others hear of it. */
	end(error: PostSocketsError): void {
		for (const fail of [...this.#connects]) fail(error);
		for (const listener of this.#listeners) void listener.finish(error);
		for (const flow of [...this.#flows]) flow.abort(error);
	}

	#ends(remote: IpEndpoint, options: ConnectOptions): { local: IpEndpoint; target: IpEndpoint } {
		const interfaces = this.#node.ip?.interfaces() ?? [];
		const { local: asked, remote: target } = routeTo(remote, options, () => interfaces);
		const { address: to } = target;
		const known = asked && !asked.address.isUnspecified ? asked.address : undefined;
		if (known && !interfaces.some(({ addresses }) => addresses.some((each) => each.equals(known)))) {
			throw failure('EADDRNOTAVAIL', 'connect', asked, remote);
		}
		const address = known ?? this.#sourceFor(to);
		if (address === undefined) throw failure('ENETUNREACH', 'connect', asked, remote);
		const isFree = (port: number) => !this.#pairs.has(pairOf({ address, port }, target));
		if (asked && asked.port !== 0) {
			if (!isFree(asked.port)) throw failure('EADDRINUSE', 'connect', asked, remote);
			return { local: { address, port: asked.port }, target };
		}
		const port = this.#listeners.ephemeralPort(
			(candidate) => isFree(candidate) && this.#listeners.at({ address, port: candidate }).length === 0,
		);
		if (port === undefined) throw failure('EADDRNOTAVAIL', 'connect', asked, remote);
		return { local: { address, port }, target };
	}

	#sourceFor(to: IpEndpoint['address']) {
		const way = wayTo({ from: this.#node, local: { address: to, port: 0 }, to }, this.#world);
		const outgoing = way.legs[0]?.out.name;
		const candidates = (this.#node.ip?.interfaces() ?? []).flatMap(({ name, addresses, loopback }) =>
			addresses.filter(() => loopback === to.isLoopback).map((address) => ({ address, interface: name })),
		);
		if (to.isLoopback) return candidates.find(({ address }) => address.family === to.family)?.address;
		return selectSource(to, candidates, outgoing)?.address;
	}

	/** The answer has come; the last packet of the handshake still has to go. */
	#open(local: IpEndpoint, remote: IpEndpoint, way: Way, listener: MemoryListener): Flow {
		const [from, to] = [this.#node, way.end!];
		const timedOut = (flow: MemoryFlow) => () => flow.abort(failure('ETIMEDOUT', 'send', flow.local, flow.remote));
		const forth: StreamWire = new StreamWire(
			{
				...{ legs: way.legs, from, to, source: local, destination: remote },
				onTimeout: () => timedOut(near)(),
				onReset: () => near.onReset(),
			},
			this.#world,
		);
		const back: StreamWire = new StreamWire(
			{
				...{ legs: reversed(way.legs), from: to, to: from, source: remote, destination: way.seen },
				onTimeout: () => timedOut(far)(),
				onReset: () => far.onReset(),
			},
			this.#world,
		);
		const near: MemoryFlow = new MemoryFlow(local, remote, forth, () => {
			this.#flows.delete(near);
			this.#pairs.delete(pairOf(local, remote));
		});
		const far: MemoryFlow = new MemoryFlow(remote, way.seen, back, () => to.ends.delete(far));
		// A delay of 0 would go around the wires, which know their own.
		const there = new Pipe(forth, 1, streamWindow, near, far);
		const here = new Pipe(back, 1, streamWindow, far, near);
		near.open(here, there);
		far.open(there, here);
		this.#flows.add(near);
		to.ends.add(far);
		forth.carry(0, () => listener.accept(far));
		return near;
	}
}

interface ConnectSink {
	onOpen(way: Way, listener: MemoryListener): void;
	onFailure(error: PostSocketsError): void;
}

/** The handshake: a question that is repeated until it is answered. */
class Connect {
	readonly #node: Node;
	readonly #world: World;
	readonly #local: IpEndpoint;
	readonly #remote: IpEndpoint;
	readonly #sink: ConnectSink;
	#timer: Timer | undefined;
	#over = false;

	constructor(node: Node, world: World, local: IpEndpoint, remote: IpEndpoint, sink: ConnectSink) {
		this.#node = node;
		this.#world = world;
		this.#local = local;
		this.#remote = remote;
		this.#sink = sink;
	}

	start(): void {
		this.#ask(firstRetry, this.#world.clock.now() + patience);
	}

	stop(): void {
		this.#over = true;
		this.#timer?.cancel();
	}

	#ask(retry: number, deadline: number): void {
		if (this.#over) return;
		const { clock } = this.#world;
		if (clock.now() >= deadline) {
			this.#fail('ETIMEDOUT');
			return;
		}
		this.#timer = clock.after(retry, () => this.#ask(2 * retry, deadline));
		const way = wayTo({ from: this.#node, local: this.#local, to: this.#remote.address }, this.#world);
		if (way.problem === 'no-route' && way.legs.length === 0) {
			clock.soon(() => this.#fail('ENETUNREACH'));
			return;
		}
		this.#travel(way.legs, this.#local, this.#remote, () => {
			const back = (arrive: () => void) => this.#travel(reversed(way.legs), this.#remote, way.seen, arrive);
			if (way.end !== undefined) return this.#arrive(way, back);
			clock.after(way.problem === 'no-host' ? resolution : 0, () => back(() => this.#fail('EHOSTUNREACH')));
		});
	}

	#arrive(way: Way, back: (arrive: () => void) => void): void {
		const end = way.end!;
		const listener = end.ends.listenerAt(this.#remote);
		if (end.ip === undefined) return;
		back(() => {
			if (listener === undefined) this.#fail('ECONNREFUSED');
			else if (!this.#over) {
				this.stop();
				this.#sink.onOpen(way, listener);
			}
		});
	}

	/** A packet of the handshake, which may not arrive. */
	#travel(legs: Way['legs'], from: IpEndpoint, to: IpEndpoint, arrive: () => void): void {
		const { clock, faults, trace } = this.#world;
		const piece = new StreamPiece(from, to, 0, clock.now());
		const fate = fateOf(legs, faults, piece);
		trace.add(`${typeof fate === 'string' ? fate : 'pass'} ${piece}`);
		if (fate === 'lost') return;
		const going = () => {
			const delay = latencyOf(legs) + ('delay' in fate ? fate.delay : 0);
			const land = () => this.#over || arrive();
			if (delay > 0) clock.after(delay, land);
			else clock.soon(land);
		};
		if ('held' in fate) fate.held.push(going);
		else going();
	}

	#fail(errno: 'ECONNREFUSED' | 'EHOSTUNREACH' | 'ENETUNREACH' | 'ETIMEDOUT'): void {
		if (this.#over) return;
		this.stop();
		this.#node.clock.run(() => this.#sink.onFailure(failure(errno, 'connect', this.#local, this.#remote)));
	}
}

function pairOf(local: IpEndpoint, remote: IpEndpoint): string {
	return `${formatSocketAddress(local)} ${formatSocketAddress(remote)}`;
}

function noUnix(operation: string, address: SocketAddress): PostSocketsError {
	return new PostSocketsError('not-supported', 'a simulated host has no Unix sockets; give an address and a port', {
		operation,
		remote: formatSocketAddress(address),
	});
}
