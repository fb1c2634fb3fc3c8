/** Requests waiting for their reply: in order, or joined by the protocol's correlation key. */

import type { Clock } from '../../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import type { Correlation } from '../message/protocol.ts';
import { Outgoing } from './outgoing.ts';
import type { SendReport } from './sending.ts';
import type { SendProperties } from './terms.ts';

export interface RequestOptions extends Omit<SendProperties, 'final' | 'signal'> {
	/** Milliseconds to wait for the reply. Default 30000. */
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

interface Waiting<In> extends SendReport {
	/** The bytes of one that may be sent again. */
	readonly content: Uint8Array | undefined;
	handedDown: boolean;
	/** Undefined once the caller has given up: in order, the late reply is still its own and is dropped. */
	reply: ((reply: In) => void) | undefined;
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

	/** Waits for the reply to `value`, encoded as `content`, which is sent by `send` once the wait is set up, and fails if it cannot be sent. Throws what `send` throws. */
	wait(
		value: Out,
		content: Uint8Array,
		{ timeout = defaultTimeout, signal, safelyReplayable = false }: RequestOptions,
		send: (report: SendReport) => void,
	): Promise<In> {
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
			else waiting.reply = undefined;
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
			reply(reply) {
				end();
				resolve(reply);
			},
			reject(error) {
				if (!waiting.reply) return;
				end();
				reject(error);
			},
			content: safelyReplayable ? content : undefined,
			handedDown: false,
			settle(outcome) {
				if (outcome === 'sent') waiting.handedDown = true;
				else waiting.fail(new PostSocketsError('send-failed', `the request was ${outcome}`, { operation: 'request' }));
			},
			fail: (error) => {
				if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
				waiting.reject(error);
			},
		};
		signal?.addEventListener('abort', onAbort, { once: true });
		this.#waiting.set(key, waiting);
		this.#late.delete(key);
		try {
			send(waiting);
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
		waiting.reply?.(value);
		return true;
	}

	/**
	 * The connection is lost on which replies were to come. Gives what is to be sent again, in order; requests that were
	 * handed down and may not be fail with `error`.
	 */
	lost(error: PostSocketsError): Outgoing[] {
		this.#late.clear();
		const again: Outgoing[] = [];
		for (const [key, waiting] of this.#waiting) {
			if (!waiting.handedDown) continue;
			waiting.handedDown = false;
			if (waiting.content && waiting.reply) again.push(new Outgoing(waiting.content, waiting, true));
			else {
				this.#waiting.delete(key);
				waiting.reject(error);
			}
		}
		return again;
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
