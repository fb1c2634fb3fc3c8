/**
 * A stack in memory: one little internet in which every address is at hand, and trouble comes by script.
 *
 * ```ts
 * const stack = memory({ rtt: 20, names: { 'api.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] } } });
 * stack.script('2001:db8::1', { connect: 'black-hole' });
 * ```
 *
 * Nothing in it holds the process, so `ref` and `unref` do nothing: no event can reach these sockets from outside of
 * the program, and what is under way in it (a datagram, an answer, a turn) is a timer of the clock, which does hold it.
 * The same calls in the same order give the same events, ports and moments.
 */

import { type Clock, systemClock } from '../../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { deaf, type Flow, type FlowListener } from '../../stack/flow.ts';
import { readMulticast } from '../../stack/multicast.ts';
import type { Port } from '../../stack/port.ts';
import { routeTo } from '../../stack/route.ts';
import type {
	BindOptions,
	ConnectOptions,
	Interface,
	InterfaceChange,
	ListenOptions,
	Stack,
	StackFeatures,
} from '../../stack/stack.ts';
import { Bindings } from './bindings.ts';
import { Devices, type MemoryInterface } from './devices.ts';
import { failure } from './failure.ts';
import { connectedFlows, type MemoryFlow } from './flow.ts';
import { MemoryListener } from './listener.ts';
import { PortMulticast } from './multicast.ts';
import { MemoryResolver, type NameAnswers, Names } from './names.ts';
import { MemoryPort } from './port.ts';
import { type ConnectScript, Scripts } from './script.ts';
import { Waits, Wire } from './wire.ts';

export interface MemoryOptions {
	/** Default `memory`. */
	readonly name?: string | undefined;
	/** Default `systemClock`. */
	readonly clock?: Clock | undefined;
	/** Milliseconds of a round trip, where no script says otherwise. Default 0: everything arrives in the next turn. */
	readonly rtt?: number | undefined;
	/** Bytes each way of a flow that the reader has not taken, at most. Default 65 536. */
	readonly highWater?: number | undefined;
	/** Names that resolve, besides `localhost`. */
	readonly names?: Readonly<Record<string, NameAnswers>> | undefined;
	/** Its interfaces, in place of `lo` and `memory0`, which has 198.18.0.1 and 2001:2::1. */
	readonly interfaces?: readonly MemoryInterface[] | undefined;
	/** Scripts by target. */
	readonly script?: Readonly<Record<string, ConnectScript>> | undefined;
}

/** What is open or under way, for a test that wants to see nothing left. */
export interface MemorySockets {
	/** Ends of flows; the end of a scripted peer counts too. */
	readonly flows: number;
	readonly listeners: number;
	readonly ports: number;
	readonly connects: number;
	/** Of the resolver. */
	readonly questions: number;
}

export interface MemoryStack extends Required<Stack> {
	/** What the resolver answers; it may change at any time. */
	readonly names: Names;
	/** The interfaces; they may change at any time, and `watch` tells. */
	readonly devices: Devices;
	readonly sockets: MemorySockets;
	/**
	 * Says what happens to connects from now on. `target`: `192.0.2.1`, `192.0.2.1:443` (which counts before the bare
	 * address), `[2001:db8::1]:443` or `unix:/path`. Of several for one target the newest counts, until it was
	 * disposed of or has been followed `times` times. Datagrams follow no script. Throws `bad-argument`.
	 */
	script(target: string, script: ConnectScript): Disposable;
}

/** Makes a stack of its own: what listens in one is not seen from another. Throws `bad-argument`. */
export function memory(options: MemoryOptions = {}): MemoryStack {
	return new Memory(options);
}

class Memory implements MemoryStack {
	readonly name: string;
	readonly clock: Clock;
	readonly features: StackFeatures = { ipv4: true, ipv6: true, unix: true };
	readonly names = new Names();
	readonly devices: Devices;
	readonly resolver: MemoryResolver;
	readonly #rtt: number;
	readonly #highWater: number;
	readonly #wire: Wire;
	readonly #connects: Waits;
	readonly #scripts = new Scripts();
	readonly #listeners = new Bindings<MemoryListener>();
	readonly #ports = new Bindings<MemoryPort>();
	readonly #flows = new Set<MemoryFlow>();
	/** Both ends of each flow or connect over IP, as text: no two may be alike. */
	readonly #pairs = new Set<string>();
	#closed = false;

	constructor(options: MemoryOptions) {
		const { name = 'memory', clock = systemClock, rtt = 0, highWater = 65_536, names = {}, script = {} } = options;
		if (!(rtt >= 0)) throw badArgument(`an rtt is a number of milliseconds, not ${rtt}`, 'memory');
		if (!(highWater >= 1)) throw badArgument(`highWater is a number of bytes from 1, not ${highWater}`, 'memory');
		this.name = name;
		this.clock = clock;
		this.#rtt = rtt;
		this.#highWater = highWater;
		this.devices = new Devices(clock, options.interfaces);
		this.#wire = new Wire(clock);
		this.#connects = new Waits(this.#wire);
		this.resolver = new MemoryResolver(this.names, this.#wire, name);
		this.names.set('localhost', { A: ['127.0.0.1'], AAAA: ['::1'] });
		for (const [key, answers] of Object.entries(names)) this.names.set(key, answers);
		for (const [target, each] of Object.entries(script)) this.script(target, each);
	}

	get sockets(): MemorySockets {
		return {
			flows: this.#flows.size,
			listeners: this.#listeners.size,
			ports: this.#ports.size,
			connects: this.#connects.size,
			questions: this.resolver.pending,
		};
	}

	script(target: string, script: ConnectScript): Disposable {
		return this.#scripts.add(target, script);
	}

	interfaces(): readonly Interface[] {
		return this.devices.list();
	}

	watch(listener: (change: InterfaceChange) => void): Disposable {
		if (this.#closed) throw this.#closedError('watch');
		return this.devices.watch(listener);
	}

	async connect(remote: SocketAddress, options: ConnectOptions): Promise<Flow> {
		this.#begin('connect', options.signal);
		const local = this.#nearEnd(remote, options);
		const script = this.#scripts.take(remote);
		const { connect = 'answer', rtt = this.#rtt } = script;
		if (connect === 'no-route') throw failure('ENETUNREACH', 'connect', local, remote);
		const pair = pairOf(local, remote);
		this.#pairs.add(pair);
		try {
			return await this.#connects.wait(
				connect === 'black-hole' ? Number.POSITIVE_INFINITY : rtt,
				options.signal,
				'connect',
				() => this.#answer(local, remote, { ...script, connect, rtt }),
			);
		} catch (error) {
			this.#pairs.delete(pair);
			throw error;
		}
	}

	async listen(local: SocketAddress, { handler, signal }: ListenOptions): Promise<FlowListener> {
		this.#begin('listen', signal);
		const free = this.#listeners.free(local, false, 'listen');
		return new MemoryListener(free, handler, this.clock, this.#listeners);
	}

	async bind(local: IpEndpoint, options: BindOptions): Promise<Port> {
		const { remote, signal } = options;
		this.#begin('bind', signal);
		const read = readMulticast(local, options);
		const at = read.membership ? { address: read.membership.address, port: local.port } : local;
		const context = { operation: 'bind', local: formatSocketAddress(at) };
		const { devices } = this;
		const multicast = new PortMulticast(read, local.address.family, devices, context);
		const shared = options.shared === true || multicast.joined;
		const free = this.#ports.free(at, shared, 'bind');
		return new MemoryPort(free, { remote, shared, multicast, devices, rtt: this.#rtt }, this.#wire, this.#ports);
	}

	close(): Promise<void> {
		if (!this.#closed) {
			this.#closed = true;
			const error = this.#closedError('close');
			this.#wire.cut();
			this.devices.close();
			this.#connects.end(error);
			this.resolver.close(error);
			for (const listener of this.#listeners) void listener.finish(error);
			for (const flow of this.#flows) flow.abort(error);
			for (const port of this.#ports) port.finish(error);
		}
		// Every onClose was put off to the end of this turn; what is put off later runs later.
		return new Promise((resolve) => this.clock.soon(resolve));
	}

	/** What every operation asks first. */
	#begin(operation: string, signal: AbortSignal): void {
		if (this.#closed) throw this.#closedError(operation);
		if (signal.aborted) throw abortedBy(signal, operation);
	}

	#closedError(operation: string): PostSocketsError {
		return new PostSocketsError('closed', `the stack ${this.name} is closed`, { operation });
	}

	/** Where a connect comes from. */
	#nearEnd(remote: SocketAddress, options: ConnectOptions): SocketAddress {
		if (isUnix(remote)) {
			if (options.interface === undefined) return { path: '' };
			throw new PostSocketsError('not-supported', 'a Unix socket has no interface', {
				operation: 'connect',
				remote: formatSocketAddress(remote),
			});
		}
		const { local: asked } = routeTo(remote, options, () => this.devices.list());
		const known = asked && !asked.address.isUnspecified;
		const address = known ? asked.address : this.devices.sourceFor(remote.address);
		if (address === undefined) throw failure('ENETUNREACH', 'connect', asked, remote);
		const isFree = (port: number) => !this.#pairs.has(pairOf({ address, port }, remote));
		if (asked && asked.port !== 0) {
			if (isFree(asked.port)) return { address, port: asked.port };
			throw failure('EADDRINUSE', 'connect', asked, remote);
		}
		const port = this.#listeners.ephemeralPort(
			(candidate) => isFree(candidate) && this.#listeners.at({ address, port: candidate }).length === 0,
		);
		if (port === undefined) throw failure('EADDRNOTAVAIL', 'connect', asked, remote);
		return { address, port };
	}

	/** The answer to a connect has come: returns its flow, or throws why there is none. */
	#answer(local: SocketAddress, remote: SocketAddress, script: ConnectScript & { readonly rtt: number }): Flow {
		const { connect, rtt, flow } = script;
		if (connect === 'reset') throw failure('ECONNRESET', 'connect', local, remote);
		if (connect === 'unreachable') throw failure('EHOSTUNREACH', 'connect', local, remote);
		const [listener] = this.#listeners.at(remote);
		if (connect === 'refuse' || !(listener || flow)) {
			throw failure(isUnix(remote) ? 'ENOENT' : 'ECONNREFUSED', 'connect', local, remote);
		}
		const [near, far] = connectedFlows(local, remote, this.#wire, {
			rtt,
			highWater: this.#highWater,
			gone: (end) => {
				this.#flows.delete(end);
				if (end === near) this.#pairs.delete(pairOf(local, remote));
			},
		});
		this.#flows.add(near).add(far);
		if (flow) {
			far.handler = flow === 'silence' ? deaf : { ...deaf, onData: () => far.abort() };
			far.resume();
		} else {
			// The last packet of the handshake takes its time too.
			this.#wire.carry(rtt / 2, () => listener!.accept(far));
		}
		return near;
	}
}

/** Both ends as text. Those of Unix flows may be alike, and nothing comes of it: their near end takes no port. */
function pairOf(local: SocketAddress, remote: SocketAddress): string {
	return `${formatSocketAddress(local)} ${formatSocketAddress(remote)}`;
}
