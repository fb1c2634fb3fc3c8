/** A Responder (P-24): many peers ask, one function answers; the same over every transport. */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import type { LocalLike } from '../endpoint/local.ts';
import type { Carrier } from './carrier.ts';
import { type ListenOptions, listen } from './listen.ts';
import type { Listener } from './listener.ts';
import type { Received } from './received.ts';

/** One reply, none (`undefined`), or many (an async generator), now or later. */
export type Reply<Out> = Out | undefined | AsyncIterable<Out> | Promise<Out | undefined | AsyncIterable<Out>>;

export type Respond<In, Out> = (request: In, message: Received<In>) => Reply<Out>;

export interface RespondOptions<In, Out> extends Omit<ListenOptions<In, Out>, 'onError'> {
	/** Requests of one carrier handled at once. More than 1 needs a protocol with `correlate`. Default 1. */
	readonly concurrency?: number | undefined;
	/**
	 * Hears of a handler that threw, with the request, and of peers that never became a carrier. Default: nobody does.
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
	/** Takes no new peers, lets the requests under way be answered, closes their carriers. */
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
	const listener = await listen<In, Out>(local, { ...options, onError: onError && ((error) => onError(error)) });
	return new ListeningResponder(listener, handler, concurrency, onError);
}

class ListeningResponder<In, Out> implements Responder {
	readonly carriers = new Set<Carrier<In, Out>>();
	readonly #listener: Listener<In, Out>;
	readonly #handler: Respond<In, Out>;
	readonly #concurrency: number;
	readonly #onError: RespondOptions<In, Out>['onError'];

	constructor(
		listener: Listener<In, Out>,
		handler: Respond<In, Out>,
		concurrency: number,
		onError: RespondOptions<In, Out>['onError'],
	) {
		this.#listener = listener;
		this.#handler = handler;
		this.#concurrency = concurrency;
		this.#onError = onError;
		void this.#run();
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
		await this.#listener.close();
		await Promise.all([...this.carriers].map((carrier) => carrier.close()));
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	ref(): this {
		this.#listener.ref();
		return this;
	}

	unref(): this {
		this.#listener.unref();
		return this;
	}

	async #run(): Promise<void> {
		for await (const carrier of this.#listener) {
			this.carriers.add(carrier);
			void this.#serve(carrier).finally(() => this.carriers.delete(carrier));
		}
	}

	/** Never rejects: what the peer does ends its carrier. */
	async #serve(carrier: Carrier<In, Out>): Promise<void> {
		const running = new Set<Promise<void>>();
		try {
			for await (const request of carrier) {
				const answered = this.#answer(carrier, request).finally(() => running.delete(answered));
				running.add(answered);
				if (running.size >= this.#concurrency) await Promise.race(running);
			}
			await Promise.all(running);
			await carrier.close();
		} catch (error) {
			if (error instanceof PostSocketsError) this.#onError?.(error);
			carrier.abort();
		}
	}

	async #answer(carrier: Carrier<In, Out>, request: Received<In>): Promise<void> {
		try {
			const reply = await this.#handler(request.content, request);
			if (reply === undefined) return;
			if (!isMany<Out>(reply)) return void (await carrier.send(reply));
			for await (const one of reply) await carrier.send(one);
		} catch (error) {
			const ended = error instanceof PostSocketsError && (error.code === 'send-failed' || error.code === 'closed');
			if (ended) return;
			this.#onError?.(error, request);
			if (!carrier.transients[0]?.features.datagrams) await carrier.close();
		}
	}
}

function isMany<Out>(reply: Awaited<Reply<Out>>): reply is AsyncIterable<Out> {
	return typeof reply === 'object' && reply !== null && Symbol.asyncIterator in reply;
}
