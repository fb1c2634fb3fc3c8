/**
 * One direction of a flow: a queue of writes, then a ring that holds the bytes under way and those that wait for the
 * reader. The ring is the bound: a write is handed over, and `done`, when its last byte has found room there.
 *
 * The bytes are copied once, into the ring; the reader is lent views of it, which later bytes overwrite.
 */

import { Queue } from '../../base/queue.ts';
import type { Wire } from './wire.ts';

export interface PipeWriter {
	onDrain(): void;
	/** The end has been handed over, after every write. */
	onSent(): void;
}

export interface PipeReader {
	onData(chunk: Uint8Array): void;
	onEnd(): void;
	onReset(): void;
}

interface Write {
	/** What is left of it. */
	readonly chunks: Uint8Array[];
	readonly done: (() => void) | undefined;
}

export class Pipe {
	readonly #wire: Wire;
	readonly #delay: number;
	readonly #capacity: number;
	readonly #writer: PipeWriter;
	readonly #reader: PipeReader;

	readonly #writes = new Queue<Write>();
	/** Bytes in `#writes`. */
	#queued = 0;
	/** Of writes that were handed over. */
	readonly #dones = new Queue<() => void>();
	#unwelcome = false;
	#ending: 'no' | 'asked' | 'sent' = 'no';
	#resetting = false;

	/** What was sent and has not arrived. */
	readonly #underWay = new Queue<() => void>();
	readonly #ring: Ring;
	/** Of the bytes in the ring, those the reader can have. */
	#arrived = 0;
	#ended: 'no' | 'arrived' | 'delivered' = 'no';
	#paused = true;
	/** The reader has gone: nothing is delivered any more. */
	#stopped = false;
	#scheduled = false;

	/** `delay`: milliseconds from writer to reader. `capacity`: bytes that the reader has not taken, at most. */
	constructor(wire: Wire, delay: number, capacity: number, writer: PipeWriter, reader: PipeReader) {
		this.#wire = wire;
		this.#delay = delay;
		this.#capacity = capacity;
		this.#writer = writer;
		this.#reader = reader;
		this.#ring = new Ring(capacity);
	}

	write(chunks: readonly Uint8Array[], done: (() => void) | undefined): boolean {
		const left = chunks.filter((chunk) => chunk.length > 0);
		for (const chunk of left) this.#queued += chunk.length;
		this.#writes.push({ chunks: left, done });
		this.#schedule();
		this.#unwelcome = !this.#welcome || this.#unwelcome;
		return this.#welcome;
	}

	end(): void {
		this.#ending = 'asked';
		this.#schedule();
	}

	/** The writer has gone: drops what is queued. */
	drop(): void {
		this.#writes.clear();
		this.#dones.clear();
		this.#queued = 0;
		this.#ending = 'sent';
		this.#unwelcome = false;
	}

	/** Drops what is queued; the reader hears of it after what is already under way. */
	reset(): void {
		this.drop();
		this.#resetting = true;
		this.#schedule();
	}

	pause(): void {
		this.#paused = true;
	}

	resume(): void {
		this.#paused = false;
		if (this.#due) this.#schedule();
	}

	/** The reader has gone. */
	stop(): void {
		this.#stopped = true;
	}

	get #welcome(): boolean {
		return this.#queued + this.#ring.length < this.#capacity;
	}

	/** There is something to do now. */
	get #due(): boolean {
		return (
			this.#resetting ||
			this.#dones.length > 0 ||
			(this.#writes.length > 0 && this.#ring.room > 0) ||
			(this.#ending === 'asked' && this.#writes.length === 0) ||
			(this.#unwelcome && this.#welcome && this.#ending === 'no') ||
			(!this.#paused && !this.#stopped && (this.#arrived > 0 || this.#ended === 'arrived'))
		);
	}

	#schedule(): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		this.#wire.clock.soon(() => {
			this.#scheduled = false;
			this.#advance();
		});
	}

	/** Moves at most one ring of bytes. Who is called from here may throw: what is left is done in the next turn. */
	#advance(): void {
		try {
			this.#handOver();
			this.#deliver();
			if (this.#unwelcome && this.#welcome && this.#ending === 'no') {
				this.#unwelcome = false;
				this.#writer.onDrain();
			}
		} finally {
			if (this.#due) this.#schedule();
		}
	}

	#handOver(): void {
		let moved = 0;
		for (let write = this.#writes.at(0); write; write = this.#writes.at(0)) {
			const { chunks, done } = write;
			let used = 0;
			for (const chunk of chunks) {
				const taken = this.#ring.push(chunk);
				moved += taken;
				if (taken < chunk.length) {
					chunks[used] = chunk.subarray(taken);
					break;
				}
				used += 1;
			}
			chunks.splice(0, used);
			if (chunks.length > 0) break;
			this.#writes.shift();
			if (done) this.#dones.push(done);
		}
		this.#queued -= moved;
		if (moved > 0) this.#send(() => (this.#arrived += moved), moved);
		while (this.#dones.length > 0) this.#dones.shift()!();
		if (this.#resetting) {
			this.#resetting = false;
			this.#send(() => this.#stopped || this.#reader.onReset());
		}
		if (this.#ending === 'asked' && this.#writes.length === 0) {
			this.#ending = 'sent';
			this.#send(() => (this.#ended = 'arrived'));
			this.#writer.onSent();
		}
	}

	/** `arrive` runs when what was sent now reaches the other end, in order. */
	#send(arrive: () => void, bytes = 0): void {
		if (this.#delay === 0) arrive();
		else {
			this.#underWay.push(arrive);
			const land = () => {
				this.#underWay.shift()!();
				this.#advance();
			};
			this.#wire.carry(this.#delay, land, bytes);
		}
	}

	#deliver(): void {
		while (!this.#paused && !this.#stopped && this.#arrived > 0) {
			const chunk = this.#ring.shift(this.#arrived);
			this.#arrived -= chunk.length;
			this.#reader.onData(chunk);
		}
		if (!this.#paused && !this.#stopped && this.#arrived === 0 && this.#ended === 'arrived') {
			this.#ended = 'delivered';
			this.#reader.onEnd();
		}
	}
}

/** A ring of bytes that grows to its capacity as it is used. */
class Ring {
	readonly #capacity: number;
	#bytes = new Uint8Array(0);
	#head = 0;
	length = 0;

	constructor(capacity: number) {
		this.#capacity = capacity;
	}

	get room(): number {
		return this.#capacity - this.length;
	}

	/** Copies as much of `chunk` as there is room for, and returns how much. */
	push(chunk: Uint8Array): number {
		const count = Math.min(chunk.length, this.room);
		if (this.length + count > this.#bytes.length) this.#grow(this.length + count);
		const tail = (this.#head + this.length) % this.#bytes.length;
		const first = Math.min(count, this.#bytes.length - tail);
		this.#bytes.set(chunk.subarray(0, first), tail);
		this.#bytes.set(chunk.subarray(first, count), 0);
		this.length += count;
		return count;
	}

	/** Removes bytes that lie together, at most `limit`; the view is good until the next `push`. */
	shift(limit: number): Uint8Array {
		const head = this.#head;
		const count = Math.min(limit, this.length, this.#bytes.length - head);
		this.length -= count;
		this.#head = this.length === 0 ? 0 : (head + count) % this.#bytes.length;
		return this.#bytes.subarray(head, head + count);
	}

	#grow(needed: number): void {
		const bytes = new Uint8Array(Math.min(this.#capacity, Math.max(needed, 2 * this.#bytes.length, 4096)));
		const first = this.#bytes.subarray(this.#head, this.#head + this.length);
		bytes.set(first);
		bytes.set(this.#bytes.subarray(0, this.length - first.length), first.length);
		this.#bytes = bytes;
		this.#head = 0;
	}
}
