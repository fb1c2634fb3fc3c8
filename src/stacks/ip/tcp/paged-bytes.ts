/** A queue of bytes that can be read and written at any place, in pages that go back to a pool: empty, it has none. */

const pageSize = 16_384;

/** Pages that nobody uses now. */
export class PagePool {
	readonly #free: Uint8Array[] = [];

	take(): Uint8Array {
		return this.#free.pop() ?? new Uint8Array(pageSize);
	}

	give(page: Uint8Array): void {
		if (this.#free.length < sparePages) this.#free.push(page);
	}
}

/** Kept for the next use, of one stack. */
const sparePages = 256;

export class PagedBytes {
	readonly #pool: PagePool;
	readonly #pages: (Uint8Array | undefined)[] = [];
	/** Of the first byte, in the first page. */
	#head = 0;

	constructor(pool: PagePool) {
		this.#pool = pool;
	}

	/** Writes at an offset from the front. The bounds are the caller's. */
	write(at: number, bytes: Uint8Array, start: number, end: number): void {
		let place = this.#head + at;
		for (let from = start; from < end; ) {
			const index = Math.floor(place / pageSize);
			while (this.#pages.length <= index) this.#pages.push(undefined);
			const page = (this.#pages[index] ??= this.#pool.take());
			const inPage = place % pageSize;
			const count = Math.min(end - from, pageSize - inPage);
			page.set(count === bytes.length ? bytes : bytes.subarray(from, from + count), inPage);
			from += count;
			place += count;
		}
	}

	/** Copies what was written at an offset from the front. */
	read(at: number, out: Uint8Array, start: number, length: number): void {
		let place = this.#head + at;
		for (let done = 0; done < length; ) {
			const inPage = place % pageSize;
			const count = Math.min(length - done, pageSize - inPage);
			out.set(this.#pages[Math.floor(place / pageSize)]!.subarray(inPage, inPage + count), start + done);
			done += count;
			place += count;
		}
	}

	/** The first bytes that lie together, at most `limit`: good until they are dropped. */
	front(limit: number): Uint8Array {
		return this.#pages[0]!.subarray(this.#head, Math.min(pageSize, this.#head + limit));
	}

	/** Removes bytes from the front. */
	drop(count: number): void {
		this.#head += count;
		while (this.#head >= pageSize && this.#pages.length > 0) {
			const page = this.#pages.shift();
			if (page) this.#pool.give(page);
			this.#head -= pageSize;
		}
		if (this.#pages.length === 0) this.#head = 0;
	}

	clear(): void {
		for (const page of this.#pages) if (page) this.#pool.give(page);
		this.#pages.length = 0;
		this.#head = 0;
	}
}
