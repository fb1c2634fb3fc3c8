/** Requests waiting for their reply: in order, or joined by the protocol's correlation key. */

import type { Clock } from '../../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import type { Correlation } from '../message/protocol.ts';

export interface RequestOptions {
	/** Milliseconds to wait for the reply. Default 30000. */
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

interface Waiting<In> {
	/** Undefined once the caller has given up: in order, the late reply is still its own and is dropped. */
	settle: ((reply: In) => void) | undefined;
	reject(error: PostSocketsError): void;
}

const defaultTimeout = 30_000;

export class Requests<In, Out> {
	readonly #correlate: Correlation<In, Out> | undefined;
	readonly #clock: Clock;
	readonly #limit: number;
	/** By key; without correlation the keys are just numbers in order. */
	readonly #waiting = new Map<unknown, Waiting<In>>();
	/** Keys of requests that were given up: their late replies are nobody's. The oldest are forgotten at the limit. */
	readonly #late = new Set<unknown>();
	#count = 0;

	constructor(correlate: Correlation<In, Out> | undefined, clock: Clock, limit: number) {
		this.#correlate = correlate;
		this.#clock = clock;
		this.#limit = limit;
	}

	get size(): number {
		return this.#waiting.size;
	}

	/** Waits for the reply to `value`, which is sent by `send` once the wait is set up. Throws what `send` throws. */
	wait(value: Out, { timeout = defaultTimeout, signal }: RequestOptions, send: () => void): Promise<In> {
		const key = this.#correlate ? this.#correlate.sent(value) : (this.#count += 1);
		if (this.#waiting.has(key)) {
			throw badArgument(`a request with the key ${String(key)} is under way already`, 'request');
		}
		if (this.#waiting.size >= this.#limit) {
			throw new PostSocketsError('queue-full', `${this.#limit} requests wait for their reply already`, {
				operation: 'request',
			});
		}
		const { promise, resolve, reject } = Promise.withResolvers<In>();
		const giveUp = (error: PostSocketsError) => {
			if (this.#correlate) this.#expectLate(key);
			else waiting.settle = undefined;
			end();
			reject(error);
		};
		const onAbort = () => giveUp(abortedBy(signal!, 'request'));
		const timer = this.#clock.after(timeout, () =>
			giveUp(
				new PostSocketsError('timed-out', `no reply came within ${timeout} ms; the option \`timeout\` allows more`, {
					operation: 'request',
				}),
			),
		);
		timer.unref?.();
		const end = () => {
			timer.cancel();
			signal?.removeEventListener('abort', onAbort);
		};
		const waiting: Waiting<In> = {
			settle(reply) {
				end();
				resolve(reply);
			},
			reject(error) {
				if (!waiting.settle) return;
				end();
				reject(error);
			},
		};
		signal?.addEventListener('abort', onAbort, { once: true });
		this.#waiting.set(key, waiting);
		this.#late.delete(key);
		try {
			send();
		} catch (error) {
			this.#waiting.delete(key);
			end();
			throw error;
		}
		return promise;
	}

	/** Whether `value` was the reply to a request; if so it is delivered, or dropped if nobody waits for it any more. */
	take(value: In): boolean {
		if (this.#waiting.size === 0 && this.#late.size === 0) return false;
		const key = this.#correlate ? this.#correlate.received(value) : this.#waiting.keys().next().value;
		const waiting = this.#waiting.get(key);
		if (!waiting) return this.#late.delete(key);
		this.#waiting.delete(key);
		waiting.settle?.(value);
		return true;
	}

	fail(error: PostSocketsError): void {
		const all = [...this.#waiting.values()];
		this.#waiting.clear();
		this.#late.clear();
		for (const waiting of all) waiting.reject(error);
	}

	#expectLate(key: unknown): void {
		this.#waiting.delete(key);
		this.#late.add(key);
		if (this.#late.size > this.#limit) this.#late.delete(this.#late.values().next().value);
	}
}
