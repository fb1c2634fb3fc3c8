/** Messages in the order of sending, which any of them may leave before its turn; joining and leaving take constant time. */

import { Queue } from '../../base/queue.ts';
import type { Entry, Spot } from './entry.ts';

/** So many gaps are never closed up: it would not be worth it. */
export const fewGaps = 64;

/** It is itself the spot of all its entries, so that a message in line costs nothing but its reference. */
export class Line implements Spot {
	/** With gaps: entries whose spot is no longer here. The first one is never a gap. */
	#entries = new Queue<Entry>();
	#gaps = 0;

	get first(): Entry | undefined {
		return this.#entries.at(0);
	}

	/** Entries that have left and still take room: never more than those that are here and `fewGaps`. */
	get gaps(): number {
		return this.#gaps;
	}

	/** Its id is above those of all before it. */
	push(entry: Entry): void {
		entry.spot = this;
		this.#entries.push(entry);
	}

	leave(): void {
		this.#gaps += 1;
		while (this.#entries.length > 0 && this.first!.spot !== this) {
			this.#entries.shift();
			this.#gaps -= 1;
		}
		if (this.#gaps > fewGaps && this.#gaps * 2 > this.#entries.length) this.#closeUp();
	}

	/** The entry of that id, in logarithmic time. */
	find(id: number): Entry | undefined {
		let low = 0;
		let high = this.#entries.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.#entries.at(middle)!.id < id) low = middle + 1;
			else high = middle;
		}
		const found = this.#entries.at(low);
		return found?.id === id && found.spot === this ? found : undefined;
	}

	*[Symbol.iterator](): Generator<Entry> {
		for (let index = 0; index < this.#entries.length; index += 1) {
			const entry = this.#entries.at(index)!;
			if (entry.spot === this) yield entry;
		}
	}

	#closeUp(): void {
		const entries = new Queue<Entry>();
		for (const entry of this) entries.push(entry);
		this.#entries = entries;
		this.#gaps = 0;
	}
}
