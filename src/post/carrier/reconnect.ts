/** When a lost connection is tried again: at once, then with growing pauses, and not for ever. Pure. */

import { badArgument } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';

/** Times are milliseconds. */
export interface ReconnectOptions {
	/** Races in a row that may fail before the carrier closes with the last one's error. Default 10. */
	readonly attempts?: number | undefined;
	/** Before the second try; the first comes at once. Doubles with each, and is shortened by chance, by up to half. Default 250. */
	readonly delay?: number | undefined;
	/** No pause is longer. Default 30000. */
	readonly maxDelay?: number | undefined;
}

const defaults = { attempts: 10, delay: 250, maxDelay: 30_000 };

export class Pacing {
	readonly #options: Required<{ readonly [Name in keyof ReconnectOptions]: number }>;
	readonly #random: Random;
	#failed = 0;
	#stands: number | undefined;

	/** Throws `bad-argument`. */
	constructor(options: ReconnectOptions, random: Random) {
		const { attempts = defaults.attempts, delay = defaults.delay, maxDelay = defaults.maxDelay } = options;
		if (!(attempts >= 1)) throw badArgument(`reconnect.attempts is ${attempts}; 1 or more races`);
		if (!(delay > 0)) throw badArgument(`reconnect.delay is ${delay}; milliseconds, more than 0`);
		if (!(maxDelay >= delay)) throw badArgument(`reconnect.maxDelay is ${maxDelay}; at least the delay, ${delay} ms`);
		this.#options = { attempts, delay, maxDelay };
		this.#random = random;
	}

	/** Milliseconds to wait before the next race; undefined when there were enough. */
	next(): number | undefined {
		const { attempts, delay, maxDelay } = this.#options;
		if (this.#failed >= attempts) return undefined;
		if (this.#failed === 0) return 0;
		const pause = Math.min(maxDelay, delay * 2 ** (this.#failed - 1));
		return pause * (1 - this.#random.below(512) / 1024);
	}

	failed(): void {
		this.#failed += 1;
		this.#stands = undefined;
	}

	/** A connection stands since `now`. */
	succeeded(now: number): void {
		this.#stands = now;
	}

	/** It was lost. One that stood for less than `delay` counts as a failure: who hangs up at once is not hammered. */
	lost(now: number): void {
		const short = this.#stands === undefined || now - this.#stands < this.#options.delay;
		this.#failed = short ? this.#failed + 1 : 0;
		this.#stands = undefined;
	}
}
