/** The time as one host has it: it may run wrong, and stands still while the host is paused. */

import type { Clock, Timer } from '../../base/clock.ts';
import { badArgument } from '../../base/errors.ts';

export interface Skew {
	/** Milliseconds that the host's clock is ahead. Default 0. */
	readonly offset?: number | undefined;
	/** How fast it runs: 1.001 gains a millisecond a second. Above 0. Default 1. */
	readonly rate?: number | undefined;
}

export class HostClock implements Clock {
	readonly #clock: Clock;
	readonly #offset: number;
	readonly #rate: number;
	/** What is put off until the host goes on; undefined while it runs. */
	#waiting: (() => void)[] | undefined;

	/** Throws `bad-argument`. */
	constructor(clock: Clock, { offset = 0, rate = 1 }: Skew) {
		if (!(rate > 0) || rate === Number.POSITIVE_INFINITY) throw badArgument(`a clock cannot run at the rate ${rate}`);
		this.#clock = clock;
		this.#offset = offset - clock.now() * (rate - 1);
		this.#rate = rate;
	}

	now(): number {
		return this.#clock.now() * this.#rate + this.#offset;
	}

	after(milliseconds: number, run: () => void): Timer {
		let cancelled = false;
		const timer = this.#clock.after(milliseconds / this.#rate, () =>
			this.run(() => {
				if (!cancelled) run();
			}),
		);
		return {
			cancel: () => {
				cancelled = true;
				timer.cancel();
			},
			unref: () => timer.unref?.(),
		};
	}

	soon(run: () => void): void {
		this.#clock.soon(() => this.run(run));
	}

	hold(): () => void {
		return this.#clock.hold();
	}

	/** Runs it now, or when the host goes on. */
	run(run: () => void): void {
		if (this.#waiting) this.#waiting.push(run);
		else run();
	}

	get paused(): boolean {
		return this.#waiting !== undefined;
	}

	pause(): void {
		this.#waiting ??= [];
	}

	/** What was put off runs in the next turns, in order. */
	resume(): void {
		const waiting = this.#waiting ?? [];
		this.#waiting = undefined;
		for (const run of waiting) this.soon(run);
	}
}
