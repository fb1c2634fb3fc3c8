/** First in, first out, both ends in constant time. */

export class Queue<T> {
	#items: (T | undefined)[] = [];
	#head = 0;

	get length(): number {
		return this.#items.length - this.#head;
	}

	push(item: T): void {
		this.#items.push(item);
	}

	/** The item at `index`, 0 being the first. */
	at(index: number): T | undefined {
		return this.#items[this.#head + index];
	}

	/** Puts back what was just taken. */
	unshift(item: T): void {
		if (this.#head > 0) this.#items[(this.#head -= 1)] = item;
		else this.#items.unshift(item);
	}

	shift(): T | undefined {
		const item = this.#items[this.#head];
		if (this.#head === this.#items.length) return undefined;
		this.#items[this.#head] = undefined;
		this.#head += 1;
		if (this.#head === this.#items.length) this.clear();
		else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
			this.#items = this.#items.slice(this.#head);
			this.#head = 0;
		}
		return item;
	}

	/** Removes the first item for which `match` holds; linear time. */
	remove(match: (item: T) => boolean): T | undefined {
		for (let index = this.#head; index < this.#items.length; index += 1) {
			const item = this.#items[index]!;
			if (match(item)) {
				this.#items.splice(index, 1);
				return item;
			}
		}
		return undefined;
	}

	clear(): void {
		this.#items.length = 0;
		this.#head = 0;
	}
}
