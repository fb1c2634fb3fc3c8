/**
 * Virtual time. The rule of quiescence: it jumps to the next timer only when no hold is taken and `quietTurns` turns
 * of the event loop have passed in which nothing was scheduled and no timer ran. Timers of one moment run in the order
 * in which they were set, each in a turn of its own. Code that awaits promises therefore always finishes before time
 * moves on; work that leaves the event loop (files, the thread pool, timers of others) must take a `hold()`.
 */

import type { Clock, Timer } from './clock.ts';
import { badArgument } from './errors.ts';
import { atTurnEnd } from './turn.ts';

export interface VirtualClock extends Clock {
	/** Timers waiting, for a test that wants to see nothing left behind. */
	readonly pending: number;
	/**
	 * Lets time run until it has passed `milliseconds` more, with everything due until then; resolves there. Only useful
	 * with `auto: false`.
	 */
	advance(milliseconds: number): Promise<void>;
}

export interface VirtualClockOptions {
	/** Where time starts, in milliseconds. Default 0. */
	readonly start?: number;
	/** Jump by itself whenever the program is quiet. With `false` only `advance()` moves time. Default true. */
	readonly auto?: boolean;
	/** Empty turns of the event loop before a jump. Default 3. */
	readonly quietTurns?: number;
}

interface Entry extends Timer {
	readonly at: number;
	run: (() => void) | undefined;
}

export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
	const { start = 0, auto = true, quietTurns = 3 } = options;
	let time = start;
	/** How far time may run; never to the timers of `Infinity`. */
	let limit = auto ? Number.MAX_VALUE : start;
	let holds = 0;
	let quiet = 0;
	let pumping = false;
	let reached: (() => void) | undefined;
	/** Sorted by `at`, then by the order in which they were set. */
	const timers: Entry[] = [];

	/** There is a timer to jump to, or an `advance()` to end. */
	function due(): boolean {
		return reached !== undefined || (timers.length > 0 && timers[0]!.at <= limit);
	}

	function pump(): void {
		if (pumping || holds > 0 || !due()) return;
		pumping = true;
		atTurnEnd(turn);
	}

	function turn(): void {
		pumping = false;
		try {
			if (holds === 0 && due() && (quiet += 1) > quietTurns) {
				quiet = 0;
				jump();
			}
		} finally {
			pump();
		}
	}

	function jump(): void {
		const next = timers[0];
		if (next !== undefined && next.at <= limit) {
			timers.shift();
			time = Math.max(time, next.at);
			const run = next.run;
			next.run = undefined;
			run?.();
		} else {
			time = limit;
			const done = reached;
			reached = undefined;
			done?.();
		}
	}

	return {
		now: () => time,
		get pending() {
			return timers.length;
		},
		after(milliseconds, run) {
			quiet = 0;
			const entry: Entry = {
				at: time + Math.max(0, milliseconds),
				run,
				cancel() {
					if (entry.run === undefined) return;
					entry.run = undefined;
					timers.splice(timers.indexOf(entry), 1);
				},
				unref() {},
			};
			let place = timers.length;
			while (place > 0 && timers[place - 1]!.at > entry.at) place -= 1;
			timers.splice(place, 0, entry);
			pump();
			return entry;
		},
		soon(run) {
			quiet = 0;
			atTurnEnd(() => {
				quiet = 0;
				run();
			});
		},
		hold() {
			holds += 1;
			let held = true;
			return () => {
				if (!held) return;
				held = false;
				holds -= 1;
				quiet = 0;
				pump();
			};
		},
		advance(milliseconds) {
			if (auto) throw badArgument('advance() moves a clock made with { auto: false }; this one runs by itself');
			if (reached) throw badArgument('advance() is already running; await it first');
			limit = time + milliseconds;
			quiet = 0;
			return new Promise((resolve) => {
				reached = resolve;
				pump();
			});
		},
	};
}
