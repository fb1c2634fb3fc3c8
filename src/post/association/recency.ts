/** The order in which things were last used, as a ring of links: every operation takes the same short time. */

export interface Link<T> {
	readonly item: T;
	before: Link<T>;
	after: Link<T>;
}

export class Recency<T> implements Iterable<T> {
	/** Lies between the newest and the oldest, and holds nothing. */
	readonly #seam: Link<T | undefined>;

	constructor() {
		const seam = { item: undefined } as Link<T | undefined>;
		this.#seam = seam.before = seam.after = seam;
	}

	/** Adds it as the newest. */
	add(item: T): Link<T> {
		const seam = this.#seam as Link<T>;
		const link = { item, before: seam, after: seam };
		this.#insert(link);
		return link;
	}

	/** Makes it the newest. */
	touch(link: Link<T>): void {
		this.remove(link);
		this.#insert(link);
	}

	remove({ before, after }: Link<T>): void {
		before.after = after;
		after.before = before;
	}

	get oldest(): T | undefined {
		return this.#seam.after.item;
	}

	/** From the oldest to the newest; the one just given may be removed meanwhile. */
	*[Symbol.iterator](): Generator<T> {
		let link = this.#seam.after;
		while (link !== this.#seam) {
			const { item, after } = link;
			yield item as T;
			link = after;
		}
	}

	#insert(link: Link<T>): void {
		const seam = this.#seam as Link<T>;
		link.before = seam.before;
		link.after = seam;
		seam.before.after = link;
		seam.before = link;
	}
}
