/** The sending half of a framing: what framers write, packed into few chunks. */

import type { FrameOutput } from './framer.ts';

/** From this size on an array is kept by reference, because copying it costs more than one more chunk to write. */
const kept = 4096;
const firstBuffer = 1024;
/** A batch of 64 KiB, with the message that fills it. */
const largestBuffer = 65_536 + kept;

const empty = new Uint8Array(0);

/** Largest buffers that were sent, for whoever needs one next: a new one costs ten times as much. */
const spares: Uint8Array<ArrayBuffer>[] = [];
const mostSpares = 32;

/** The largest buffers of all packers. */
const made = new WeakSet<ArrayBufferLike>();

function largest(): Uint8Array<ArrayBuffer> {
	const spare = spares.pop();
	if (spare) return spare;
	const buffer = new Uint8Array(largestBuffer);
	made.add(buffer.buffer);
	return buffer;
}

/**
 * Copies small writes one behind the other into buffers, keeps arrays of 4 KiB and more by reference.
 *
 * Buffers have 1 KiB to 68 KiB by what is written between two `take`s, so who sends little holds little, and what one
 * `take` returns is mostly one chunk. No byte of them is written again once it was taken.
 */
export class Packer implements FrameOutput {
	/** Bytes written since the last `take`. */
	length = 0;
	#chunks: Uint8Array[] = [];
	#buffer = empty;
	/** Bytes of the buffer from here to `#end` are in no chunk yet. */
	#start = 0;
	#end = 0;
	/** Bytes that lie in buffers and were not taken, those that are in no chunk yet not counted. */
	#copied = 0;
	/** As much was in buffers when they were taken last; the next time it may be as much again. */
	#usual = 0;

	uint8(value: number): void {
		if (this.#end === this.#buffer.length) this.#nextBuffer(1);
		this.#buffer[this.#end++] = value;
		this.length += 1;
	}

	uint16(value: number): void {
		if (this.#end + 2 > this.#buffer.length) this.#nextBuffer(2);
		this.#buffer[this.#end++] = value >>> 8;
		this.#buffer[this.#end++] = value;
		this.length += 2;
	}

	uint32(value: number): void {
		if (this.#end + 4 > this.#buffer.length) this.#nextBuffer(4);
		this.#buffer[this.#end++] = value >>> 24;
		this.#buffer[this.#end++] = value >>> 16;
		this.#buffer[this.#end++] = value >>> 8;
		this.#buffer[this.#end++] = value;
		this.length += 4;
	}

	/** Appends `bytes`; 4 KiB and more by reference: they must stay as they are until they were sent. */
	write(bytes: Uint8Array): void {
		const { length } = bytes;
		this.length += length;
		if (length >= kept) {
			this.#close();
			this.#chunks.push(bytes);
			return;
		}
		if (this.#end + length > this.#buffer.length) this.#nextBuffer(length);
		this.#buffer.set(bytes, this.#end);
		this.#end += length;
	}

	/** What was written since the last call, in order; the packer begins anew. The taker owns the chunks. */
	take(): Uint8Array[] {
		this.#close();
		const chunks = this.#chunks;
		this.#chunks = [];
		const { length } = this.#buffer;
		const tooLarge = length > firstBuffer && this.#copied * 16 < length;
		if (tooLarge || this.#end + this.#copied > length) {
			this.#buffer = empty;
			this.#start = this.#end = 0;
		}
		this.#usual = this.#copied;
		this.#copied = this.length = 0;
		return chunks;
	}

	/** The taker is done with the chunks of one `take`: what of them was the packer's may be used again, by any packer. */
	static giveBack(chunks: readonly Uint8Array[]): void {
		for (const { buffer, byteOffset, byteLength } of chunks) {
			// More than half, from its beginning: nothing else lies in it.
			const whole = byteOffset === 0 && byteLength * 2 > largestBuffer && made.has(buffer);
			if (whole && spares.length < mostSpares) spares.push(new Uint8Array(buffer as ArrayBuffer));
		}
	}

	#close(): void {
		if (this.#end > this.#start) this.#chunks.push(this.#buffer.subarray(this.#start, this.#end));
		this.#copied += this.#end - this.#start;
		this.#start = this.#end;
	}

	#nextBuffer(needed: number): void {
		this.#close();
		const wanted = Math.max(firstBuffer, this.#copied * 2, this.#usual + (this.#usual >>> 4));
		const size = Math.max(needed, Math.min(largestBuffer, wanted));
		this.#buffer = size === largestBuffer ? largest() : new Uint8Array(size);
		this.#start = this.#end = 0;
	}
}
