/**
 * Messages of many peers on their way to one consumer. Each peer offers its next once the one before was taken, and
 * stands at the end of the line then: so all are heard in turn, and who is not heard stops reading.
 */

import type { Clock } from '../../base/clock.ts';
import { abortedBy, badArgument, type PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import type { Received } from './received.ts';

interface Offer<In> {
	readonly received: Received<In>;
	taken(): void;
}

export class Intake<In> {
	readonly #clock: Clock;
	readonly #line = new Queue<Offer<In>>();
	readonly #waiting = new Queue<(received: Received<In> | undefined) => void>();
	#push: ((received: Received<In>) => unknown) | undefined;
	#iterating = false;
	#ended = false;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Resolves when it was taken, or nothing will be any more. */
	async offer(received: Received<In>): Promise<void> {
		if (this.#ended) return;
		const take = this.#waiting.shift();
		if (take) return take(received);
		if (this.#push && this.#line.length === 0) return this.#handle(this.#push, received);
		await new Promise<void>((taken) => this.#line.push({ received, taken }));
	}

	/** No more is taken: what stands in line is dropped, and who waits gets the end. */
	end(): void {
		this.#ended = true;
		for (let offer = this.#line.shift(); offer; offer = this.#line.shift()) offer.taken();
		for (let take = this.#waiting.shift(); take; take = this.#waiting.shift()) take(undefined);
	}

	/** The next message; undefined at the end. Calls queue up. */
	receive(signal: AbortSignal | undefined): Promise<Received<In> | undefined> {
		if (this.#push) throw taken('onMessage');
		if (this.#iterating) throw taken('an iterator');
		return this.#next(signal);
	}

	async *iterate(): AsyncGenerator<Received<In>, void, void> {
		this.#checkFree();
		this.#iterating = true;
		try {
			for (let next = await this.#next(); next; next = await this.#next()) yield next;
		} finally {
			this.#iterating = false;
		}
	}

	/** Pushes every message to `handler` until it returns false or the returned function is called. */
	onMessage(handler: (received: Received<In>) => unknown): () => void {
		this.#checkFree();
		this.#push = handler;
		this.#clock.soon(() => {
			while (this.#push === handler) {
				const offer = this.#line.shift();
				if (!offer) return;
				offer.taken();
				this.#handle(handler, offer.received);
			}
		});
		return () => {
			if (this.#push === handler) this.#push = undefined;
		};
	}

	#checkFree(): void {
		if (this.#push) throw taken('onMessage');
		if (this.#iterating) throw taken('another iterator');
		if (this.#waiting.length > 0) throw taken('receive()');
	}

	/** What the handler throws is its owner's: it surfaces in a turn of its own. */
	#handle(push: (received: Received<In>) => unknown, received: Received<In>): void {
		try {
			if (push(received) === false && this.#push === push) this.#push = undefined;
		} catch (error) {
			this.#clock.soon(() => {
				throw error;
			});
		}
	}

	#next(signal?: AbortSignal): Promise<Received<In> | undefined> {
		if (signal?.aborted) return Promise.reject(abortedBy(signal, 'receive'));
		const offer = this.#line.shift();
		offer?.taken();
		if (offer || this.#ended) return Promise.resolve(offer?.received);
		return new Promise((resolve, reject) => {
			const onAbort = () => {
				this.#waiting.remove((waiting) => waiting === take);
				reject(abortedBy(signal!, 'receive'));
			};
			const take = (received: Received<In> | undefined) => {
				signal?.removeEventListener('abort', onAbort);
				resolve(received);
			};
			signal?.addEventListener('abort', onAbort, { once: true });
			this.#waiting.push(take);
		});
	}
}

function taken(by: string): PostSocketsError {
	return badArgument(`this sink is being received from by ${by}; a sink has one consumer at a time`, 'receive');
}
