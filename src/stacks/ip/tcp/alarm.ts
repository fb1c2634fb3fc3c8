/** One timer for a deadline that moves with every segment: it is moved itself only when it would be too late. */

import type { Clock, Timer } from '../../../base/clock.ts';

export class Alarm {
	readonly #clock: Clock;
	readonly #ring: () => void;
	#timer: Timer | undefined;
	#armed = Number.POSITIVE_INFINITY;
	#deadline = Number.POSITIVE_INFINITY;

	constructor(clock: Clock, ring: () => void) {
		this.#clock = clock;
		this.#ring = ring;
	}

	/** On the clock; `Infinity` for never. */
	set(deadline: number): void {
		this.#deadline = deadline;
		if (deadline === Number.POSITIVE_INFINITY) {
			this.#timer?.cancel();
			this.#timer = undefined;
			this.#armed = Number.POSITIVE_INFINITY;
		} else if (deadline < this.#armed) {
			this.#timer?.cancel();
			this.#arm();
		}
	}

	#arm(): void {
		this.#armed = this.#deadline;
		this.#timer = this.#clock.after(this.#deadline - this.#clock.now(), () => {
			this.#timer = undefined;
			this.#armed = Number.POSITIVE_INFINITY;
			if (this.#clock.now() < this.#deadline) this.#arm();
			else this.#ring();
		});
	}
}
