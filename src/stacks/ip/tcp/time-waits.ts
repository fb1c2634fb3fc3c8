/** All that is in TIME-WAIT, in the order in which it goes, with one timer for all. */

import type { Clock } from '../../../base/clock.ts';
import { Alarm } from './alarm.ts';
import type { TcpLimits } from './limits.ts';
import type { TimeWait } from './time-wait.ts';

export class TimeWaits {
	readonly #clock: Clock;
	readonly #limits: TcpLimits;
	readonly #gone: (waiting: TimeWait) => void;
	readonly #waiting = new Set<TimeWait>();
	readonly #alarm: Alarm;

	/** `gone` is called with each that leaves. */
	constructor(clock: Clock, limits: TcpLimits, gone: (waiting: TimeWait) => void) {
		this.#clock = clock;
		this.#limits = limits;
		this.#gone = gone;
		this.#alarm = new Alarm(clock, () => this.#expire());
	}

	/** Begins its time, or begins it anew. */
	add(waiting: TimeWait): void {
		this.#waiting.delete(waiting);
		waiting.until = this.#clock.now() + this.#limits.timeWait;
		this.#waiting.add(waiting);
		if (this.#waiting.size > this.#limits.timeWaits) {
			const [oldest] = this.#waiting;
			this.delete(oldest!);
		}
		this.#arm();
	}

	delete(waiting: TimeWait): void {
		if (this.#waiting.delete(waiting)) this.#gone(waiting);
	}

	clear(): void {
		for (const waiting of [...this.#waiting]) this.delete(waiting);
		this.#alarm.set(Number.POSITIVE_INFINITY);
	}

	#expire(): void {
		const now = this.#clock.now();
		for (const waiting of this.#waiting) {
			if (waiting.until > now) break;
			this.delete(waiting);
		}
		this.#arm();
	}

	#arm(): void {
		const [oldest] = this.#waiting;
		this.#alarm.set(oldest?.until ?? Number.POSITIVE_INFINITY);
	}
}
