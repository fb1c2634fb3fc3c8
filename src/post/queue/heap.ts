/** A binary heap in which every item knows its place, so that any of them may leave in logarithmic time. */

import type { Spot } from './entry.ts';

interface Place<T> extends Spot {
	readonly item: T;
	index: number;
}

export class Heap<T> {
	readonly #places: Place<T>[] = [];
	readonly #precedes: (one: T, other: T) => boolean;

	/** `precedes` is a strict order, which must not change for two items while they are in the heap. */
	constructor(precedes: (one: T, other: T) => boolean) {
		this.#precedes = precedes;
	}

	get length(): number {
		return this.#places.length;
	}

	/** The item that no other precedes. */
	get first(): T | undefined {
		return this.#places[0]?.item;
	}

	push(item: T): Spot {
		const place: Place<T> = { item, index: this.#places.length, leave: () => this.#remove(place) };
		this.#places.push(place);
		this.#rise(place);
		return place;
	}

	#remove({ index }: Place<T>): void {
		const last = this.#places.pop()!;
		if (index === this.#places.length) return;
		this.#put(last, index);
		this.#rise(last);
		this.#sink(last);
	}

	#rise(place: Place<T>): void {
		let { index } = place;
		while (index > 0) {
			const parent = this.#places[(index - 1) >> 1]!;
			if (!this.#precedes(place.item, parent.item)) break;
			const above = parent.index;
			this.#put(parent, index);
			index = above;
		}
		this.#put(place, index);
	}

	#sink(place: Place<T>): void {
		let { index } = place;
		for (;;) {
			let child = this.#places[2 * index + 1];
			const right = this.#places[2 * index + 2];
			if (child && right && this.#precedes(right.item, child.item)) child = right;
			if (!child || !this.#precedes(child.item, place.item)) break;
			const below = child.index;
			this.#put(child, index);
			index = below;
		}
		this.#put(place, index);
	}

	#put(place: Place<T>, index: number): void {
		this.#places[index] = place;
		place.index = index;
	}
}
