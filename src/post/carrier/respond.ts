/** A Responder (P-24): many peers ask, one function answers; the same over every transport. */

import type { Clock } from '../../base/clock.ts';
import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { Local, type LocalLike } from '../endpoint/local.ts';
import type { Carrier } from './carrier.ts';
import { type ListenOptions, listen } from './listen.ts';
import type { Listener } from './listener.ts';
import { mostPeers, type PeerLimits, Peers } from './peers.ts';
import type { Received } from './received.ts';

/** One reply, none (`undefined`), or many (an async generator), now or later. */
export type Reply<Out> = Out | undefined | AsyncIterable<Out> | Promise<Out | undefined | AsyncIterable<Out>>;

export type Respond<In, Out> = (request: In, message: Received<In>) => Reply<Out>;

export interface RespondOptions<In, Out> extends Omit<ListenOptions<In, Out>, 'onError' | 'limits'> {
	readonly limits?: Partial<PeerLimits & NonNullable<ListenOptions<In, Out>['limits']>> | undefined;
	/** Requests of one carrier handled at once. More than 1 needs a protocol with `correlate`. Default 1. */
	readonly concurrency?: number | undefined;
	/**
	 * Over datagrams, whose senders can be forged: bytes of replies to a peer for each that came from it, headers
	 * included; `Infinity` for as many as there are. A reply beyond it is dropped, and `onError` hears `too-large`. Default
	 * 3, as of RFC 9000 §8.1.
	 */
	readonly amplification?: number | undefined;
	/**
	 * Hears of a handler that threw and of a reply that could not be sent, with the request, and of peers that never
	 * became a carrier. Default: nobody does.
	 */
	readonly onError?: ((error: unknown, request?: Received<In>) => void) | undefined;
}

export interface Responder extends AsyncDisposable {
	/** As those of a listener. */
	readonly locals: readonly string[];
	readonly port: number | undefined;
	/** Carriers that are being served. */
	readonly carriers: ReadonlySet<unknown>;
	/** Resolves, never rejects, when it no longer listens. */
	readonly closed: Promise<PostSocketsError | undefined>;
	/**
	 * Takes no new peers and no new requests, lets those under way be answered, for `closeTimeout` at most, and closes the
	 * carriers. A handler may call it, and then does not await it: its own answer is waited for.
	 */
	close(): Promise<void>;
	ref(): this;
	unref(): this;
}

/**
 * Listens on `local` as `listen` does, and answers every message with what `handler` returns, in the order of the
 * requests. A handler that throws ends its own carrier (over datagrams only its own request) and no other; a peer that
 * does not take its replies is not read from.
 */
export async function respond<In, Out>(
	local: LocalLike,
	handler: Respond<In, Out>,
	options: RespondOptions<In, Out>,
): Promise<Responder> {
	const { concurrency = 1, onError } = options;
	if (!Number.isInteger(concurrency) || concurrency < 1) throw badArgument(`concurrency is ${concurrency}; 1 or more`);
	if (concurrency > 1 && !options.protocol?.correlate) {
		throw badArgument('replies in any order need a protocol with `correlate`, or `concurrency: 1`', 'respond');
	}
	const most = mostPeers(options.limits);
	const place = Local.from(local);
	const listener = await listen<In, Out>(place, {
		...options,
		amplification: options.amplification ?? defaultAmplification,
		onError: onError && ((error) => onError(error)),
	});
	const { closeTimeout = defaultCloseTimeout } = options;
	const making = { handler, concurrency, onError, closeTimeout, clock: place.stack.clock };
	return new ListeningResponder(listener, new Peers(listener, most), making);
}

const defaultAmplification = 3;

const defaultCloseTimeout = 5_000;

interface Making<In, Out> extends Pick<RespondOptions<In, Out>, 'onError'> {
	readonly handler: Respond<In, Out>;
	readonly concurrency: number;
	readonly closeTimeout: number;
	readonly clock: Clock;
}

class ListeningResponder<In, Out> implements Responder {
	readonly #listener: Listener<In, Out>;
	readonly #peers: Peers<In, Out>;
	readonly #making: Making<In, Out>;
	/** Requests under way. */
	readonly #running = new WeakMap<Carrier<In, Out>, ReadonlySet<Promise<void>>>();
	#closing = false;

	constructor(listener: Listener<In, Out>, peers: Peers<In, Out>, making: Making<In, Out>) {
		this.#listener = listener;
		this.#peers = peers;
		this.#making = making;
		void peers.serve((carrier) => Promise.race([this.#serve(carrier), carrier.closed.then(() => {})]));
	}

	get carriers(): ReadonlySet<unknown> {
		return this.#peers.carriers;
	}

	get locals(): readonly string[] {
		return this.#listener.locals;
	}

	get port(): number | undefined {
		return this.#listener.port;
	}

	get closed(): Promise<PostSocketsError | undefined> {
		return this.#listener.closed;
	}

	async close(): Promise<void> {
		this.#closing = true;
		await this.#listener.close();
		const patience = Promise.withResolvers<void>();
		const timer = this.#making.clock.after(this.#making.closeTimeout, patience.resolve);
		await Promise.all(
			[...this.#peers.carriers].map(async (carrier) => {
				await Promise.race([Promise.all(this.#running.get(carrier) ?? []), carrier.closed, patience.promise]);
				await carrier.close();
			}),
		);
		timer.cancel();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	ref(): this {
		this.#peers.hold(true);
		return this;
	}

	unref(): this {
		this.#peers.hold(false);
		return this;
	}

	/** Never rejects: what the peer does ends its carrier. */
	async #serve(carrier: Carrier<In, Out>): Promise<void> {
		const running = new Set<Promise<void>>();
		this.#running.set(carrier, running);
		try {
			for await (const request of carrier) {
				if (this.#closing) continue;
				const answered = this.#answer(carrier, request).finally(() => running.delete(answered));
				running.add(answered);
				if (running.size >= this.#making.concurrency) await Promise.race(running);
			}
			await Promise.all(running);
			await carrier.close();
		} catch (error) {
			carrier.abort();
			if (error instanceof PostSocketsError) this.#making.onError?.(error);
		}
	}

	async #answer(carrier: Carrier<In, Out>, request: Received<In>): Promise<void> {
		try {
			const reply = await this.#making.handler(request.content, request);
			if (reply === undefined) return;
			if (!isMany<Out>(reply)) return void (await carrier.send(reply));
			for await (const one of reply) await carrier.send(one);
		} catch (error) {
			const ended = error instanceof PostSocketsError && (error.code === 'send-failed' || error.code === 'closed');
			if (ended) return;
			this.#making.onError?.(error, request);
			if (!carrier.transients[0]?.features.datagrams) await carrier.close();
		}
	}
}

function isMany<Out>(reply: Awaited<Reply<Out>>): reply is AsyncIterable<Out> {
	return typeof reply === 'object' && reply !== null && Symbol.asyncIterator in reply;
}
