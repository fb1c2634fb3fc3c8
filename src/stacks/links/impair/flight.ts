/** What is under way to the other side: a heap by arrival, and among those of one moment by departure. */

import type { Kept } from '../shelf.ts';

interface Flyer {
	readonly kept: Kept;
	readonly order: number;
}

export class Flight {
	readonly #heap: Flyer[] = [];
	#order = 0;

	get length(): number {
		return this.#heap.length;
	}

	/** When the first arrives. */
	get next(): number {
		return this.#heap[0]?.kept.due ?? Number.POSITIVE_INFINITY;
	}

	push(kept: Kept): void {
		const heap = this.#heap;
		const flyer = { kept, order: (this.#order += 1) };
		let at = heap.length;
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (!before(flyer, heap[parent]!)) break;
			heap[at] = heap[parent]!;
			at = parent;
		}
		heap[at] = flyer;
	}

	/** The next that has arrived by now. */
	shift(now: number): Kept | undefined {
		const heap = this.#heap;
		const kept = heap[0]?.kept;
		if (kept === undefined || kept.due > now) return undefined;
		const last = heap.pop()!;
		if (heap.length > 0) this.#sink(last);
		return kept;
	}

	/** Takes out everything, in no order. */
	clear(): Kept[] {
		return this.#heap.splice(0).map(({ kept }) => kept);
	}

	/** Puts it where the first was. */
	#sink(flyer: Flyer): void {
		const heap = this.#heap;
		let at = 0;
		for (let child = 1; child < heap.length; child = 2 * at + 1) {
			if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
			if (!before(heap[child]!, flyer)) break;
			heap[at] = heap[child]!;
			at = child;
		}
		heap[at] = flyer;
	}
}

function before(a: Flyer, b: Flyer): boolean {
	return a.kept.due < b.kept.due || (a.kept.due === b.kept.due && a.order < b.order);
}
