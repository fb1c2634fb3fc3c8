/** Who hears of which events. An event that nobody hears costs a look into a map. */

import type { Clock } from '../../base/clock.ts';

type Listener = (event: unknown, source: unknown) => void;

export class Observers<Events, Source> {
	readonly #clock: Clock;
	/** Hears everything as well: that of an association. */
	readonly #above: Observers<Events, Source> | undefined;
	readonly #heard = new Map<keyof Events, Set<Listener>>();
	readonly #onChange: () => void;

	/** `onChange` is called when somebody begins or ceases to hear something. */
	constructor(clock: Clock, onChange: () => void, above?: Observers<Events, Source>) {
		this.#clock = clock;
		this.#onChange = onChange;
		this.#above = above;
	}

	add<Name extends keyof Events>(name: Name, listener: (event: Events[Name], source: Source) => void): Disposable {
		const mine = listener as Listener;
		const listeners = this.#heard.get(name) ?? new Set();
		this.#heard.set(name, listeners.add(mine));
		this.#onChange();
		return {
			[Symbol.dispose]: () => {
				listeners.delete(mine);
				if (listeners.size === 0 && this.#heard.get(name) === listeners) this.#heard.delete(name);
				this.#onChange();
			},
		};
	}

	hears(name: keyof Events): boolean {
		return this.#heard.has(name) || (this.#above?.hears(name) ?? false);
	}

	/** Each hears in a turn of its own: nothing is ever called from inside a call, and who throws harms no other. */
	tell<Name extends keyof Events>(name: Name, event: Events[Name], source: Source): void {
		for (const listener of this.#heard.get(name) ?? []) this.#clock.soon(() => listener(event, source));
		this.#above?.tell(name, event, source);
	}
}
