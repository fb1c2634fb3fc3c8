/**
 * The stack of this machine's kernel, over node:net, node:dgram and c-ares.
 *
 * ```ts
 * const stack = kernel();
 * const { signal } = new AbortController();
 * const flow = await stack.connect({ address: IpAddress.parse('192.0.2.1'), port: 80 }, { signal });
 * ```
 */

import { systemClock } from '../../base/clock.ts';
import { abortedBy, PostSocketsError } from '../../base/errors.ts';
import type { IpEndpoint, SocketAddress } from '../../base/socket-address.ts';
import { atTurnEnd } from '../../base/turn.ts';
import type { Flow, FlowListener } from '../../stack/flow.ts';
import type { Port } from '../../stack/port.ts';
import type { Resolver } from '../../stack/resolver.ts';
import type {
	Acceptor,
	BindOptions,
	ConnectOptions,
	Datagrams,
	Dialer,
	Interface,
	InterfaceChange,
	ListenOptions,
	Naming,
	Stack,
	StackFeatures,
	Watchable,
} from '../../stack/stack.ts';
import { connect } from './connect.ts';
import type { Ground } from './ground.ts';
import { InterfacePoll } from './interface-poll.ts';
import { interfaces } from './interfaces.ts';
import { listen } from './listen.ts';
import { libc } from './native/libc.ts';
import { nativeReader } from './native-read.ts';
import { OpenThings } from './open-things.ts';
import { bind } from './port.ts';
import { KernelResolver } from './resolver.ts';

export interface KernelOptions {
	/** Default `kernel`. */
	readonly name?: string | undefined;
	/**
	 * Use node's undocumented `_handle`: to read twice as fast as by 'data' events, and with koffi, unless the environment
	 * has `POST_NO_NATIVE=1`, for metrics and what node cannot tune. Default: unless the environment has
	 * `POST_NO_INTERNALS=1`.
	 */
	readonly internals?: boolean | undefined;
	/** Default: that of the system. */
	readonly hostsFile?: string | undefined;
	/** DNS servers as `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`. Default: those of the system. */
	readonly servers?: readonly string[] | undefined;
}

export type KernelStack = Stack &
	Dialer &
	Acceptor &
	Datagrams &
	Watchable &
	Naming & {
		/** Flows, listeners, ports, connects and questions that are open or under way. */
		readonly open: number;
	};

/** The kernel's stack; each has its own list of what is open. Throws `bad-argument` for a server that is not one. */
export function kernel(options: KernelOptions = {}): KernelStack {
	return new Kernel(options);
}

class Kernel implements KernelStack {
	readonly name: string;
	readonly clock = systemClock;
	readonly features: StackFeatures = { ipv4: true, ipv6: true, unix: process.platform !== 'win32' };
	readonly resolver: Resolver;
	readonly #things = new OpenThings();
	readonly #ground: Ground;
	readonly #poll = new InterfacePoll(systemClock, interfaces);
	#closing: Promise<void> | undefined;

	constructor(options: KernelOptions) {
		const { name = 'kernel', internals = process.env['POST_NO_INTERNALS'] !== '1' } = options;
		this.name = name;
		this.#ground = {
			things: this.#things,
			reader: internals ? nativeReader : undefined,
			libc: internals ? libc : () => undefined,
		};
		const resolver = new KernelResolver(options, this.#things);
		this.resolver = {
			resolve: async (name, type, signal) => {
				this.#begin('resolve', signal);
				return resolver.resolve(name, type, signal);
			},
		};
	}

	get open(): number {
		return this.#things.size;
	}

	async connect(remote: SocketAddress, options: ConnectOptions): Promise<Flow> {
		this.#begin('connect', options.signal);
		return connect(remote, options, this.#ground);
	}

	async listen(local: SocketAddress, options: ListenOptions): Promise<FlowListener> {
		this.#begin('listen', options.signal);
		return listen(local, options, this.#ground);
	}

	async bind(local: IpEndpoint, options: BindOptions): Promise<Port> {
		this.#begin('bind', options.signal);
		return bind(local, options, this.#ground);
	}

	interfaces(): readonly Interface[] {
		return interfaces();
	}

	watch(listener: (change: InterfaceChange) => void): Disposable {
		if (this.#closing) throw this.#closedError('watch');
		return this.#poll.watch(listener);
	}

	/** Aborts flows and whatever is under way, closes listeners and ports, all with `closed`. */
	close(): Promise<void> {
		this.#poll.close();
		this.#closing ??= this.#things.end(this.#closedError('close')).then(turn);
		return this.#closing;
	}

	/** What every operation asks first. */
	#begin(operation: string, signal: AbortSignal): void {
		if (this.#closing) throw this.#closedError(operation);
		if (signal.aborted) throw abortedBy(signal, operation);
	}

	#closedError(operation: string): PostSocketsError {
		return new PostSocketsError('closed', `the stack ${this.name} is closed`, { operation });
	}
}

/** Handles that were closed are gone at the end of the turn. */
function turn(): Promise<void> {
	return new Promise((resolve) => atTurnEnd(resolve));
}
