/** Bytes that arrive in pieces: a queue that is read as if it were one array. */

const empty = new Uint8Array(0);

const smallestBuffer = 256;

/** A buffer above this is given back as soon as little is left in it. */
const largeBuffer = 262_144;

/**
 * The buffer of a queue that became empty, for the next one of this thread that needs one: messages that end where a chunk
 * ends would otherwise each grow a buffer from nothing.
 */
let spare = empty;

/** A spare buffer is not given to who needs so many times less: it may hold it for long. */
const spareFactor = 16;

/** The pieces in one new array; one piece is returned as it is. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
	if (chunks.length === 1) return chunks[0]!;
	let length = 0;
	for (const chunk of chunks) length += chunk.length;
	const joined = new Uint8Array(length);
	let offset = 0;
	for (const chunk of chunks) {
		joined.set(chunk, offset);
		offset += chunk.length;
	}
	return joined;
}

/**
 * First in, first out: some bytes of its own, and behind them the chunk that was pushed last, borrowed.
 *
 * `push` does not copy: who pushes a borrowed array must call `own()` before the loan ends. Reading copies only what
 * lies across the boundary, each byte once, so a message that arrives in many pieces costs linear time. What `peek`
 * and `take` return is borrowed until the next `push` or `own`. An empty queue that was told to `own` holds no memory.
 */
export class ByteQueue {
	length = 0;
	/** The bytes of our own are those from `#start` to `#end` in here. */
	#owned = empty;
	#start = 0;
	#end = 0;
	/** The borrowed bytes are those from `#lentStart` on in here. */
	#lent: Uint8Array = empty;
	#lentStart = 0;

	/** Appends `chunk`, which is borrowed until `own`; what an earlier push left is owned first. */
	push(chunk: Uint8Array): void {
		if (chunk.length === 0) return;
		if (this.#lentStart < this.#lent.length) this.own();
		this.#lent = chunk;
		this.#lentStart = 0;
		this.length += chunk.length;
	}

	/** Copies what is still borrowed, so that the pusher may reuse its array. Ends the life of every view given out. */
	own(): void {
		if (this.length === 0) {
			if (this.#owned.length > spare.length && this.#owned.length <= largeBuffer) spare = this.#owned;
			this.#owned = empty;
			this.#start = this.#end = 0;
		} else {
			this.#makeFree(this.#lent.length - this.#lentStart);
			this.#absorb(this.#lent.length - this.#lentStart);
		}
		this.#lent = empty;
		this.#lentStart = 0;
	}

	/** The byte at `index`, which must be below `length`. */
	at(index: number): number {
		if (index < 0 || index >= this.length) throw outside(index, this.length);
		const position = this.#start + index;
		if (position < this.#end) return this.#owned[position]!;
		return this.#lent[this.#lentStart + position - this.#end]!;
	}

	/** The first `count` bytes (at most `length`) as one array, left in the queue. Borrowed until `push` or `own`. */
	peek(count: number): Uint8Array {
		if (count < 0 || count > this.length) throw outside(count, this.length);
		const owned = this.#end - this.#start;
		if (owned === 0) return view(this.#lent, this.#lentStart, count);
		if (count > owned) this.#absorb(count - owned);
		return view(this.#owned, this.#start, count);
	}

	/** Removes and returns the first `count` bytes (at most `length`). Borrowed until `push` or `own`. */
	take(count: number): Uint8Array {
		const bytes = this.peek(count);
		this.skip(count);
		return bytes;
	}

	/** Removes the first `count` bytes (at most `length`). */
	skip(count: number): void {
		if (count < 0 || count > this.length) throw outside(count, this.length);
		this.length -= count;
		const owned = this.#end - this.#start;
		if (count <= owned) {
			this.#start += count;
		} else {
			this.#start = this.#end;
			this.#lentStart += count - owned;
		}
	}

	/** The index of the first `byte` at or after `from`, or -1. */
	indexOf(byte: number, from = 0): number {
		const owned = this.#end - this.#start;
		if (from < owned) {
			const found = this.#owned.subarray(this.#start + from, this.#end).indexOf(byte);
			if (found >= 0) return from + found;
		}
		const found = this.#lent.indexOf(byte, this.#lentStart + Math.max(0, from - owned));
		return found < 0 ? -1 : owned + found - this.#lentStart;
	}

	/** Moves the first `count` borrowed bytes behind our own; never writes where a view given out may be read. */
	#absorb(count: number): void {
		if (this.#end + count > this.#owned.length) this.#move(count);
		const whole = this.#lentStart === 0 && count === this.#lent.length;
		this.#owned.set(whole ? this.#lent : view(this.#lent, this.#lentStart, count), this.#end);
		this.#end += count;
		this.#lentStart += count;
	}

	/** Where no view is in use any more: our bytes go to the front of the buffer if that is cheap and gives room. */
	#makeFree(count: number): void {
		const owned = this.#end - this.#start;
		const capacity = this.#owned.length;
		if (capacity > largeBuffer && this.length * 8 < capacity) this.#move(count);
		else if (owned === 0) this.#start = this.#end = 0;
		else if (this.#end + count > capacity && this.length * 2 <= capacity) {
			this.#owned.copyWithin(0, this.#start, this.#end);
			this.#start = 0;
			this.#end = owned;
		}
	}

	/** Moves our bytes to a new buffer with room for `count` more; at least doubles, so that all moves cost linear time. */
	#move(count: number): void {
		const owned = this.#end - this.#start;
		const buffer = bufferOf(Math.max(smallestBuffer, owned * 2 + count));
		if (owned > 0) buffer.set(view(this.#owned, this.#start, owned));
		this.#owned = buffer;
		this.#start = 0;
		this.#end = owned;
	}
}

function bufferOf(length: number): Uint8Array<ArrayBuffer> {
	if (spare.length < length || spare.length > length * spareFactor) return new Uint8Array(length);
	const buffer = spare;
	spare = empty;
	return buffer;
}

/** Unlike `subarray`, a plain `Uint8Array` also of a `Buffer`, and equally fast for both. */
function view(bytes: Uint8Array, start: number, length: number): Uint8Array {
	return new Uint8Array(bytes.buffer, bytes.byteOffset + start, length);
}

function outside(index: number, length: number): RangeError {
	return new RangeError(`${index} is outside a queue of ${length} bytes`);
}
