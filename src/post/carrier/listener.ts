/** A Listener: carriers that peers open (P-20). Iterate over it; each carrier is ready, its handshake done. */

import type { IpAddress } from '../../base/address.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import { formatSocketAddress, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';
import type { Flow, FlowListener, FlowListenerHandler } from '../../stack/flow.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Protocol } from '../message/protocol.ts';
import { canListen, ownSecurity, type Security } from '../policy/security.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import type { Established, Transport } from '../transport/transport.ts';
import { type AnyCarrier, Carrier } from './carrier.ts';
import { Group } from './group.ts';
import type { CarrierLimits } from './limits.ts';

export interface ListenerLimits {
	/** Secure handshakes under way at once; a peer beyond it is turned away. Default 1024. */
	readonly handshakes: number;
	/** Carriers ready but not taken yet; a peer beyond it is turned away. Default 1024. */
	readonly pending: number;
}

/** Who asks to be let in. */
export interface Peer {
	/** Both ends as text. */
	readonly local: string;
	readonly remote: string;
	/** Undefined for a Unix socket. */
	readonly address: IpAddress | undefined;
}

export interface ListenerOptions {
	readonly stack: Stack;
	readonly transport: Transport;
	readonly security: Security;
	readonly policy: SettledPolicy;
	/**
	 * Whether to let a peer in, told before its handshake (P-21); one that is not sees a reset. Throwing is a no, too.
	 * Default: everybody.
	 */
	readonly admit?: ((peer: Peer) => boolean | Promise<boolean>) | undefined;
	/** Milliseconds for one handshake, `admit` included. Default 10000. */
	readonly handshakeTimeout?: number | undefined;
	readonly closeTimeout?: number | undefined;
	readonly limits?: Partial<ListenerLimits & CarrierLimits> | undefined;
	/** Hears of peers that never became a carrier: a failed handshake, a limit. Default: nobody does. */
	readonly onError?: ((error: PostSocketsError) => void) | undefined;
}

const defaults = { handshakes: 1_024, pending: 1_024 };
const defaultHandshakeTimeout = 10_000;

export class Listener<In = Uint8Array, Out = In> implements AsyncIterable<Carrier<In, Out>>, AsyncDisposable {
	/** Resolves, never rejects, when nothing is accepted any more; with the cause if the stack ended it. */
	readonly closed: Promise<PostSocketsError | undefined>;
	readonly #protocol: Protocol<In, Out>;
	readonly #options: ListenerOptions;
	readonly #limits: ListenerLimits;
	#security: Security;
	readonly #resolveClosed: (error: PostSocketsError | undefined) => void;
	readonly #ready = new Queue<Carrier<In, Out>>();
	readonly #waiting = new Queue<(carrier: Carrier<In, Out> | undefined) => void>();
	readonly #giveUp = new AbortController();
	#newConnectionLimit = Number.POSITIVE_INFINITY;
	#places: readonly FlowListener[] = [];
	#handshakes = 0;
	#over = false;

	/** @internal Made by `listen`. */
	constructor(protocol: Protocol<In, Out>, options: ListenerOptions) {
		const { promise, resolve } = Promise.withResolvers<PostSocketsError | undefined>();
		this.closed = promise;
		this.#resolveClosed = resolve;
		this.#protocol = protocol;
		this.#options = options;
		this.#security = options.security;
		this.#limits = { ...defaults, ...options.limits };
	}

	/** Every address it stands on, with the ports that were really taken: `127.0.0.1:3005`, `unix:/run/x`. */
	get locals(): readonly string[] {
		return this.#addresses.map(formatSocketAddress);
	}

	/** The port, the same on all addresses; undefined on a Unix socket. */
	get port(): number | undefined {
		const [first] = this.#addresses;
		return first && !isUnix(first) ? first.port : undefined;
	}

	get #addresses(): readonly SocketAddress[] {
		return this.#places.map(({ local }) => local);
	}

	/** The next carrier; undefined once the listener is closed. Rejects with `aborted`, and then has taken none. */
	accept({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Carrier<In, Out> | undefined> {
		if (signal?.aborted) return Promise.reject(abortedBy(signal, 'accept'));
		const carrier = this.#next();
		if (carrier || this.#over) return Promise.resolve(carrier);
		return new Promise((resolve, reject) => {
			const onAbort = () => {
				this.#waiting.remove((waiting) => waiting === take);
				reject(abortedBy(signal!, 'accept'));
			};
			const take = (taken: Carrier<In, Out> | undefined) => {
				signal?.removeEventListener('abort', onAbort);
				resolve(taken);
			};
			signal?.addEventListener('abort', onAbort, { once: true });
			this.#waiting.push(take);
		});
	}

	/** Carriers as they come, until the listener is closed. Leaving the loop does not close it. */
	async *[Symbol.asyncIterator](): AsyncGenerator<Carrier<In, Out>, void, void> {
		for (let carrier = await this.accept(); carrier; carrier = await this.accept()) yield carrier;
	}

	/**
	 * Carriers that will still be given out; each counts it down (RFC 9622 §7.2). At 0 they wait, as many as the limit
	 * `pending` lets, until it is raised. Default Infinity.
	 */
	get newConnectionLimit(): number {
		return this.#newConnectionLimit;
	}

	set newConnectionLimit(limit: number) {
		if (!(limit >= 0)) throw badArgument(`newConnectionLimit is ${limit}; a number from 0, or Infinity`);
		this.#newConnectionLimit = limit;
		while (this.#waiting.length > 0) {
			const carrier = this.#next();
			if (!carrier) return;
			this.#waiting.shift()!(carrier);
		}
	}

	/**
	 * The security of handshakes that begin from now on, instead of what `listen` was given: all of it, `clientCertificates`
	 * and `trust` too. Carriers and handshakes under way keep theirs, and no session of theirs is resumed. Throws
	 * `bad-argument` for what cannot be used, or for a listener without security, and leaves the old one.
	 */
	reload(security: Security): void {
		const { transport } = this.#options;
		if (!transport.features.secure) throw badArgument(`${transport.name} has no security to reload`, 'reload');
		const fresh = ownSecurity(security);
		if (!canListen(fresh)) throw badArgument('a listener needs `security: { cert, key }`', 'reload');
		transport.check?.(fresh, 'listen');
		this.#security = fresh;
	}

	/** Stops accepting and frees the address. Carriers that were taken live on; those nobody took are aborted. */
	async close(): Promise<void> {
		this.#end(undefined);
		await this.closed;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** Keeps the process alive while it listens: the default. */
	ref(): this {
		for (const place of this.#places) place.ref();
		return this;
	}

	/** Lets the process exit although it listens. */
	unref(): this {
		for (const place of this.#places) place.unref();
		return this;
	}

	/** @internal */
	stand(places: readonly FlowListener[]): void {
		this.#places = places;
	}

	/** @internal What the stack tells of its listeners. */
	readonly handler: FlowListenerHandler = {
		onFlow: (flow) => void this.#accept(flow),
		onClose: (error) => this.#end(error),
	};

	async #accept(flow: Flow): Promise<void> {
		if (this.#over) return flow.abort();
		const { features } = this.#options.transport;
		if (features.secure && this.#handshakes >= this.#limits.handshakes) return this.#turnAway(flow, 'handshakes');
		const { stack, transport, handshakeTimeout = defaultHandshakeTimeout } = this.#options;
		const security = this.#security;
		const timer = stack.clock.after(handshakeTimeout, () =>
			attempt.abort(
				new PostSocketsError('timed-out', `${peer} did not finish its handshake in ${handshakeTimeout} ms`, {
					operation: 'accept',
					remote: peer,
				}),
			),
		);
		const attempt = new AbortController();
		const peer = formatSocketAddress(flow.remote);
		this.#handshakes += 1;
		try {
			const signal = AbortSignal.any([attempt.signal, this.#giveUp.signal]);
			await this.#admit(flow, signal);
			const established = await transport.accept(flow, { stack, security, signal });
			if (this.#over) return established.flow.abort();
			if (this.#ready.length >= this.#limits.pending) return this.#turnAway(established.flow, 'pending');
			this.#deliver(established);
		} catch (error) {
			this.#options.onError?.(fromSystem(error, { operation: 'accept', remote: peer }));
		} finally {
			timer.cancel();
			this.#handshakes -= 1;
		}
	}

	/** Rejects unless the peer may come in; then the flow is closed. */
	async #admit(flow: Flow, signal: AbortSignal): Promise<void> {
		const { admit } = this.#options;
		if (!admit) return;
		const { local, remote } = flow;
		const peer = {
			local: formatSocketAddress(local),
			remote: formatSocketAddress(remote),
			address: isUnix(remote) ? undefined : remote.address,
		};
		const aborted = new Promise<never>((_, reject) => {
			signal.addEventListener('abort', () => reject(abortedBy(signal, 'accept')), { once: true });
		});
		aborted.catch(() => {});
		try {
			if (await Promise.race([admit(peer), aborted])) return;
		} catch (cause) {
			flow.abort();
			throw cause;
		}
		flow.abort();
		throw new PostSocketsError('refused', `${peer.remote} was not let in by \`admit\``, {
			operation: 'accept',
			remote: peer.remote,
		});
	}

	#deliver(established: Established): void {
		const { stack, transport, closeTimeout, limits } = this.#options;
		const target = formatSocketAddress(established.flow.remote);
		const group = new Group<AnyCarrier>(this.#options.policy);
		const common = { stack, target, group, closeTimeout, limits };
		const carrier = new Carrier<In, Out>(this.#protocol, common);
		carrier.attach(established, transport, stack);
		this.#ready.push(carrier);
		if (this.#waiting.length === 0) return;
		const next = this.#next();
		if (next) this.#waiting.shift()!(next);
	}

	/** The next carrier that may be given out now. */
	#next(): Carrier<In, Out> | undefined {
		if (this.#newConnectionLimit === 0) return undefined;
		const carrier = this.#ready.shift();
		if (carrier) this.#newConnectionLimit -= 1;
		return carrier;
	}

	#turnAway(flow: Flow, limit: keyof ListenerLimits): void {
		const remote = formatSocketAddress(flow.remote);
		flow.abort();
		this.#options.onError?.(
			new PostSocketsError('queue-full', `${remote} was turned away: the limit \`${limit}\` is reached`, {
				operation: 'accept',
				remote,
			}),
		);
	}

	#end(error: PostSocketsError | undefined): void {
		if (this.#over) return;
		this.#over = true;
		this.#giveUp.abort();
		for (let carrier = this.#ready.shift(); carrier; carrier = this.#ready.shift()) carrier.abort();
		for (let take = this.#waiting.shift(); take; take = this.#waiting.shift()) take(undefined);
		void Promise.all(this.#places.map((place) => place.close())).then(() => this.#resolveClosed(error));
	}
}
