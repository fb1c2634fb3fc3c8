/** Requests waiting for their reply: in order, or joined by the protocol's correlation key. */

import type { Clock, Timer } from '../../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import type { Correlation } from '../message/protocol.ts';
import { Outgoing } from './outgoing.ts';
import type { SendOutcome, SendReport } from './sending.ts';
import type { SendProperties } from './terms.ts';

export interface RequestOptions extends Omit<SendProperties, 'final' | 'signal'> {
	/** Milliseconds to wait for the reply. Default 30000. */
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

const defaultTimeout = 30_000;

export class Requests<In, Out> {
	readonly #correlate: Correlation<In, Out> | undefined;
	readonly #clock: Clock;
	readonly #limit: number;
	/** In the order of asking: without correlation, the next reply is the first one's. Those that are over lie between. */
	#line = new Queue<Request<In>>();
	/** By key, with correlation. */
	readonly #keyed = new Map<unknown, Request<In>>();
	/** Keys of requests that were given up: their late replies are nobody's. The oldest are forgotten at the limit. */
	readonly #late = new Set<unknown>();
	#size = 0;
	#timer: Timer | undefined;
	#timerAt = Number.POSITIVE_INFINITY;

	constructor(correlate: Correlation<In, Out> | undefined, clock: Clock, limit: number) {
		this.#correlate = correlate;
		this.#clock = clock;
		this.#limit = limit;
	}

	/** Replies that are still to come, also those that nobody waits for any more. */
	get size(): number {
		return this.#size;
	}

	/**
	 * Waits for the reply to `value`, encoded as `content`, which is sent by `send` once the wait is set up, and fails if
	 * it cannot be sent. Throws what `send` throws.
	 */
	wait(value: Out, content: Uint8Array, options: RequestOptions, send: (report: SendReport) => void): Promise<In> {
		const { timeout = defaultTimeout, signal, safelyReplayable = false } = options;
		const key = this.#correlate?.sent(value);
		if (this.#correlate && this.#keyed.has(key)) {
			throw badArgument(`a request with the key ${String(key)} is under way already`, 'request');
		}
		if (this.#size >= this.#limit) {
			throw new PostSocketsError('queue-full', `${this.#limit} requests wait for their reply already`, {
				operation: 'request',
			});
		}
		const request = new Request<In>(key, safelyReplayable ? content : undefined, timeout, this.#clock.now(), this);
		if (signal) request.watch(signal);
		this.#size += 1;
		if (this.#correlate) {
			this.#keyed.set(key, request);
			this.#late.delete(key);
		} else this.#line.push(request);
		try {
			send(request);
		} catch (error) {
			this.#remove(request);
			request.end();
			throw error;
		}
		this.#waitFor(request.deadline, timeout);
		return request.promise;
	}

	/** Whether `value` was the reply to a request; if so it is delivered, or dropped if nobody waits for it any more. */
	take(value: In): boolean {
		if (this.#size === 0 && this.#late.size === 0) return false;
		const key = this.#correlate?.received(value);
		const request = this.#correlate ? this.#keyed.get(key) : this.#line.at(0);
		if (!request) return this.#late.delete(key);
		this.#remove(request);
		request.reply(value);
		return true;
	}

	/**
	 * The connection is lost on which replies were to come. Gives what is to be sent again, in order; requests that were
	 * handed down and may not be fail with `error`.
	 */
	lost(error: PostSocketsError): Outgoing[] {
		this.#late.clear();
		const again: Outgoing[] = [];
		for (const request of this.#all) {
			if (!request.handedDown) continue;
			request.handedDown = false;
			if (request.content && request.waits) again.push(new Outgoing(request.content, request, true));
			else {
				this.#remove(request);
				request.reject(error);
			}
		}
		return again;
	}

	fail(error: PostSocketsError): void {
		const all = this.#all;
		this.#keyed.clear();
		this.#line = new Queue();
		this.#late.clear();
		this.#size = 0;
		this.#rest();
		for (const request of all) request.reject(error);
	}

	/** @internal It was not sent, and no reply will come. */
	unsent(request: Request<In>, error: PostSocketsError): void {
		this.#remove(request);
		request.reject(error);
	}

	/** @internal Nobody waits for it any more. Without correlation the late reply is still its own, and is dropped. */
	giveUp(request: Request<In>, error: PostSocketsError): void {
		if (this.#correlate) {
			this.#remove(request);
			this.#late.add(request.key);
			if (this.#late.size > this.#limit) this.#late.delete(this.#late.values().next().value);
		}
		request.reject(error);
	}

	get #all(): Request<In>[] {
		if (this.#correlate) return [...this.#keyed.values()];
		return Array.from({ length: this.#line.length }, (_, index) => this.#line.at(index)!);
	}

	#remove(request: Request<In>): void {
		const first = this.#correlate === undefined && this.#line.at(0) === request;
		if (first) this.#line.shift();
		else if (!this.#correlate) {
			if (!this.#line.remove((each) => each === request)) return;
		} else if (this.#keyed.get(request.key) !== request || !this.#keyed.delete(request.key)) return;
		this.#size -= 1;
		if (this.#size === 0) this.#rest();
	}

	#rest(): void {
		this.#timer?.cancel();
		this.#timer = undefined;
		this.#timerAt = Number.POSITIVE_INFINITY;
	}

	/** One timer for all: for the earliest. */
	#waitFor(deadline: number, milliseconds: number): void {
		if (deadline >= this.#timerAt || this.#size === 0) return;
		this.#timer?.cancel();
		this.#timerAt = deadline;
		this.#timer = this.#clock.after(milliseconds, () => this.#look());
		this.#timer.unref?.();
	}

	#look(): void {
		const now = this.#clock.now();
		this.#rest();
		let earliest = Number.POSITIVE_INFINITY;
		for (const request of this.#all) {
			if (!request.waits) continue;
			if (request.deadline > now) earliest = Math.min(earliest, request.deadline);
			else this.giveUp(request, tooLate(request.timeout));
		}
		if (earliest < Number.POSITIVE_INFINITY) this.#waitFor(earliest, earliest - now);
	}
}

interface RequestOwner<In> {
	unsent(request: Request<In>, error: PostSocketsError): void;
	giveUp(request: Request<In>, error: PostSocketsError): void;
}

class Request<In> implements SendReport {
	readonly key: unknown;
	/** The bytes of one that may be sent again. */
	readonly content: Uint8Array | undefined;
	/** Milliseconds to wait, and until when. */
	readonly timeout: number;
	readonly deadline: number;
	readonly promise: Promise<In>;
	handedDown = false;
	/** Somebody still waits for its reply. */
	waits = true;
	readonly #owner: RequestOwner<In>;
	#resolve!: (reply: In) => void;
	#reject!: (error: PostSocketsError) => void;
	#signal: AbortSignal | undefined;
	#onAbort: (() => void) | undefined;

	constructor(key: unknown, content: Uint8Array | undefined, timeout: number, now: number, owner: RequestOwner<In>) {
		this.key = key;
		this.content = content;
		this.timeout = timeout;
		this.deadline = now + timeout;
		this.#owner = owner;
		this.promise = new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
		});
	}

	watch(signal: AbortSignal): void {
		this.#signal = signal;
		this.#onAbort = () => this.#owner.giveUp(this, abortedBy(signal, 'request'));
		signal.addEventListener('abort', this.#onAbort, { once: true });
	}

	reply(reply: In): void {
		if (!this.waits) return;
		this.end();
		this.#resolve(reply);
	}

	reject(error: PostSocketsError): void {
		if (!this.waits) return;
		this.end();
		this.#reject(error);
	}

	end(): void {
		this.waits = false;
		if (this.#onAbort) this.#signal!.removeEventListener('abort', this.#onAbort);
	}

	settle(outcome: SendOutcome): void {
		if (outcome === 'sent') this.handedDown = true;
		else this.fail(new PostSocketsError('send-failed', `the request was ${outcome}`, { operation: 'request' }));
	}

	fail(error: PostSocketsError): void {
		this.#owner.unsent(this, error);
	}
}

function tooLate(timeout: number): PostSocketsError {
	const message = `no reply came within ${timeout} ms; the option \`timeout\` allows more`;
	return new PostSocketsError('timed-out', message, { operation: 'request' });
}
