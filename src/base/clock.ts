/**
 * Time, injected: everything that waits takes a `Clock`, so that a test can be its time.
 *
 * `systemClock` is the machine's monotonic time. `virtualClock()` (virtual-clock.ts) jumps from timer to timer.
 */

import { atTurnEnd } from './turn.ts';

export interface Timer {
	/** The callback will not run any more; harmless when it has. */
	cancel(): void;
	/** The process may exit without it. Absent where a clock's timers never hold the process. */
	unref?(): void;
}

export interface Clock {
	/** Milliseconds since an arbitrary start; never goes back. */
	now(): number;
	/**
	 * Runs `run` once after `milliseconds` (at least; negative counts as 0, `Infinity` is never). Keeps the process
	 * alive until then.
	 */
	after(milliseconds: number, run: () => void): Timer;
	/** Runs `run` at the end of this turn of the event loop: the moment of batched writes and of deliveries. */
	soon(run: () => void): void;
	/**
	 * Forbids a virtual clock to jump until the returned function is called: for work that does not follow it
	 * (the thread pool, timers of a library). Real time ignores it.
	 */
	hold(): () => void;
}

/** What the host's timers count to; it would run what is further away at once. */
const longest = 2 ** 31 - 1;

export const systemClock: Clock = {
	now: () => performance.now(),
	after(milliseconds, run) {
		if (milliseconds > longest) {
			let held = true;
			let piece = systemClock.after(longest, () => {
				piece = systemClock.after(milliseconds - longest, run);
				if (!held) piece.unref?.();
			});
			return {
				cancel: () => piece.cancel(),
				unref() {
					held = false;
					piece.unref?.();
				},
			};
		}
		const handle = setTimeout(run, Math.max(0, milliseconds));
		return { cancel: () => clearTimeout(handle), unref: () => void handle.unref?.() };
	},
	soon: atTurnEnd,
	hold: () => () => {},
};

/** The calendar, for what is dated (certificates, cache files); never for measuring. */
export function wallTime(): Date {
	return new Date();
}
