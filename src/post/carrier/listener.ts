/** A Listener: carriers that peers open (P-20). Iterate over it; each carrier is ready, its handshake done. */

import { abortedBy, PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import { formatSocketAddress, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';
import type { Flow, FlowListener, FlowListenerHandler } from '../../stack/flow.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Protocol } from '../message/protocol.ts';
import type { Security } from '../policy/security.ts';
import type { Transport } from '../transport/transport.ts';
import { Carrier } from './carrier.ts';
import type { CarrierLimits } from './limits.ts';

export interface ListenerLimits {
	/** Secure handshakes under way at once; a peer beyond it is turned away. Default 1024. */
	readonly handshakes: number;
	/** Carriers ready but not taken yet; a peer beyond it is turned away. Default 1024. */
	readonly pending: number;
}

export interface ListenerOptions {
	readonly stack: Stack;
	readonly transport: Transport;
	readonly security: Security;
	/** Milliseconds for one handshake. Default 10000. */
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
	readonly #resolveClosed: (error: PostSocketsError | undefined) => void;
	readonly #ready = new Queue<Carrier<In, Out>>();
	readonly #waiting = new Queue<(carrier: Carrier<In, Out> | undefined) => void>();
	readonly #giveUp = new AbortController();
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
		const carrier = this.#ready.shift();
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
		const { stack, transport, security, handshakeTimeout = defaultHandshakeTimeout } = this.#options;
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

	#deliver(established: Awaited<ReturnType<Transport['accept']>>): void {
		const { stack, transport, closeTimeout, limits } = this.#options;
		const target = formatSocketAddress(established.flow.remote);
		const carrier = new Carrier<In, Out>(this.#protocol, { clock: stack.clock, target, closeTimeout, limits });
		carrier.attach(established, transport, stack.name);
		const take = this.#waiting.shift();
		if (take) take(carrier);
		else this.#ready.push(carrier);
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
