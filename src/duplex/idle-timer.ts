import type { Clock, Timer } from '../base/clock.ts';

/**
 * Tells when nothing has happened for a while: once, and again only after something has happened. It does not keep the
 * process alive. One timer serves any number of touches.
 */
export class IdleTimer {
	readonly #clock: Clock;
	readonly #fire: () => void;
	#limit = 0;
	#touched = 0;
	#timer: Timer | undefined;

	constructor(clock: Clock, fire: () => void) {
		this.#clock = clock;
		this.#fire = fire;
	}

	/** Starts over with a limit in milliseconds; 0 stops. */
	set(limit: number): void {
		this.#timer?.cancel();
		this.#timer = undefined;
		this.#limit = limit;
		this.touch();
	}

	/** Something has happened. */
	touch(): void {
		if (this.#limit === 0) return;
		this.#touched = this.#clock.now();
		if (this.#timer === undefined) this.#arm(this.#limit);
	}

	#arm(milliseconds: number): void {
		this.#timer = this.#clock.after(milliseconds, () => {
			this.#timer = undefined;
			const left = this.#touched + this.#limit - this.#clock.now();
			if (left > 0) this.#arm(left);
			else this.#fire();
		});
		this.#timer.unref?.();
	}
}
