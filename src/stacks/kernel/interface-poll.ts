import type { Clock, Timer } from '../../base/clock.ts';
import { InterfaceWatch } from '../../stack/interface-watch.ts';
import type { Interface, InterfaceChange } from '../../stack/stack.ts';

/** Milliseconds between two looks at the interfaces while somebody watches. */
export const pollInterval = 500;

/**
 * Node does not tell when interfaces change: this looks, and only while somebody watches. Its timer does not hold the
 * process.
 */
export class InterfacePoll {
	readonly #clock: Clock;
	readonly #watch: InterfaceWatch;
	#timer: Timer | undefined;

	constructor(clock: Clock, read: () => readonly Interface[]) {
		this.#clock = clock;
		this.#watch = new InterfaceWatch(clock, read);
	}

	watch(listener: (change: InterfaceChange) => void): Disposable {
		const forget = this.#watch.add(listener);
		if (this.#timer === undefined) this.#wait();
		return {
			[Symbol.dispose]: () => {
				forget();
				if (this.#watch.size === 0) this.#stop();
			},
		};
	}

	close(): void {
		this.#watch.clear();
		this.#stop();
	}

	#wait(): void {
		this.#timer = this.#clock.after(pollInterval, () => {
			this.#wait();
			this.#look();
		});
		this.#timer.unref?.();
	}

	#look(): void {
		try {
			this.#watch.look();
		} catch {
			// The system did not say this time (EMFILE, say): what changed is seen at a later look.
		}
	}

	#stop(): void {
		this.#timer?.cancel();
		this.#timer = undefined;
	}
}
