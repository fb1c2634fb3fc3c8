/** What is on its way between two ends: everything that takes a time of the network goes through here. */

import type { Clock, Timer } from '../../base/clock.ts';
import { abortedBy, type PostSocketsError } from '../../base/errors.ts';

export class Wire {
	readonly clock: Clock;
	readonly #underWay = new Set<Timer>();
	#cut = false;

	constructor(clock: Clock) {
		this.clock = clock;
	}

	/**
	 * Runs `arrive` after `milliseconds`, never in this turn; not at all for `Infinity`, or once the wire is cut. A wire
	 * with a rate of its own needs the number of `bytes`; this one takes any at once.
	 */
	carry(milliseconds: number, arrive: () => void, _bytes?: number): Timer {
		if (this.#cut || milliseconds === Number.POSITIVE_INFINITY) return { cancel() {} };
		const land = () => {
			if (this.#underWay.delete(timer)) arrive();
		};
		let alarm: Timer | undefined;
		if (milliseconds > 0) alarm = this.clock.after(milliseconds, land);
		else this.clock.soon(land);
		const timer: Timer = {
			cancel: () => {
				if (this.#underWay.delete(timer)) alarm?.cancel();
			},
		};
		this.#underWay.add(timer);
		return timer;
	}

	/** Nothing arrives any more. */
	cut(): void {
		this.#cut = true;
		for (const timer of [...this.#underWay]) timer.cancel();
	}
}

/** Promises that wait for the network: each ends by its arrival, by its signal, or all of them together. */
export class Waits {
	readonly #wire: Wire;
	readonly #ends = new Set<(error: PostSocketsError) => void>();
	#ended: PostSocketsError | undefined;

	constructor(wire: Wire) {
		this.#wire = wire;
	}

	get size(): number {
		return this.#ends.size;
	}

	/** Settles as `arrive` returns or throws, `milliseconds` from now; rejects when the signal fires before. */
	wait<T>(milliseconds: number, signal: AbortSignal, operation: string, arrive: () => T): Promise<T> {
		if (signal.aborted) return Promise.reject(abortedBy(signal, operation));
		if (this.#ended) return Promise.reject(this.#ended);
		const { promise, resolve, reject } = Promise.withResolvers<T>();
		const timer = this.#wire.carry(milliseconds, () => {
			forget();
			try {
				resolve(arrive());
			} catch (error) {
				reject(error);
			}
		});
		const fail = (error: PostSocketsError) => {
			timer.cancel();
			forget();
			reject(error);
		};
		const abort = () => fail(abortedBy(signal, operation));
		const forget = () => {
			this.#ends.delete(fail);
			signal.removeEventListener('abort', abort);
		};
		this.#ends.add(fail);
		signal.addEventListener('abort', abort);
		return promise;
	}

	/** Rejects all that wait, and all that will. */
	end(error: PostSocketsError): void {
		this.#ended = error;
		for (const fail of [...this.#ends]) fail(error);
	}
}
