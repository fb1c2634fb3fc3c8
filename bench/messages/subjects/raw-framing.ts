/** Both halves of the framing by hand: four bytes of length, then the message. */

import { once } from 'node:events';
import type { Socket } from 'node:net';

/** A message is `bytes` from `start` to `end`. */
export type Take = (bytes: Buffer, start: number, end: number) => void;

const prefix = 4;

export class Deframer {
	readonly #take: Take;
	/** Messages are the taker's to keep; else they are lent until it returns. */
	readonly #owned: boolean;
	/** Of the message whose length is not here whole. */
	#lengthBytes = 0;
	#length = 0;
	/** The message that is not here whole. */
	#body = Buffer.alloc(0);
	#missing = 0;
	#total = 0;

	constructor(take: Take, owned: boolean) {
		this.#take = take;
		this.#owned = owned;
	}

	read(chunk: Buffer, end: number): void {
		let at = this.#missing > 0 ? this.#fill(chunk, 0, end) : 0;
		while (at < end) {
			let length: number;
			if (this.#lengthBytes === 0 && end - at >= prefix) {
				length = ((chunk[at]! << 24) | (chunk[at + 1]! << 16) | (chunk[at + 2]! << 8) | chunk[at + 3]!) >>> 0;
				at += prefix;
			} else {
				this.#length = this.#length * 256 + chunk[at++]!;
				if (++this.#lengthBytes < prefix) continue;
				length = this.#length;
				this.#length = this.#lengthBytes = 0;
			}
			if (end - at >= length) {
				if (this.#owned) this.#take(copy(chunk, at, length), 0, length);
				else this.#take(chunk, at, at + length);
				at += length;
			} else {
				if (this.#owned || this.#body.length < length) this.#body = Buffer.allocUnsafeSlow(length);
				this.#missing = this.#total = length;
				at = this.#fill(chunk, at, end);
			}
		}
	}

	#fill(chunk: Buffer, start: number, end: number): number {
		const count = Math.min(this.#missing, end - start);
		chunk.copy(this.#body, this.#total - this.#missing, start, start + count);
		this.#missing -= count;
		if (this.#missing === 0) this.#take(this.#body, 0, this.#total);
		return start + count;
	}
}

function copy(chunk: Buffer, start: number, length: number): Buffer {
	const own = Buffer.allocUnsafe(length);
	chunk.copy(own, 0, start, start + length);
	return own;
}

const batchBytes = 65_536;
/** From this size on a message is not copied into the batch. */
const large = 4096;

export class Writer {
	readonly #socket: Socket;
	#batch = Buffer.allocUnsafeSlow(batchBytes);
	#start = 0;
	#end = 0;
	/** Somebody will flush. */
	#held = false;

	constructor(socket: Socket) {
		this.#socket = socket;
	}

	send(message: Uint8Array): boolean {
		const { length } = message;
		const copied = length < large ? length : 0;
		const at = this.#room(prefix + copied);
		this.#putLength(length, at);
		this.#end = at + prefix + copied;
		if (copied > 0) this.#batch.set(message, at + prefix);
		else if (length > 0) {
			this.#socket.cork();
			this.flush();
			this.#socket.write(message);
			this.#socket.uncork();
		}
		return !this.#socket.writableNeedDrain;
	}

	sendText(text: string): boolean {
		// A character is three bytes at most.
		if (text.length * 3 > batchBytes - prefix) return this.send(Buffer.from(text));
		const at = this.#room(prefix + text.length * 3);
		const length = this.#batch.write(text, at + prefix);
		this.#putLength(length, at);
		this.#end = at + prefix + length;
		return !this.#socket.writableNeedDrain;
	}

	async drained(): Promise<void> {
		if (this.#socket.writableNeedDrain) await once(this.#socket, 'drain');
	}

	/** Nothing leaves before `release`, which flushes. */
	hold(): void {
		this.#held = true;
	}

	release(): void {
		this.#held = false;
		this.flush();
	}

	flush(): void {
		if (this.#end === this.#start) return;
		this.#socket.write(this.#batch.subarray(this.#start, this.#end));
		this.#start = this.#end;
	}

	#putLength(length: number, at: number): void {
		const batch = this.#batch;
		batch[at] = length >>> 24;
		batch[at + 1] = length >>> 16;
		batch[at + 2] = length >>> 8;
		batch[at + 3] = length;
	}

	/** Where `bytes` more have room. What is packed leaves when the batch is full, or soon. */
	#room(bytes: number): number {
		if (this.#end + bytes > this.#batch.length) {
			this.flush();
			this.#batch = Buffer.allocUnsafeSlow(batchBytes);
			this.#start = this.#end = 0;
		}
		if (!this.#held) {
			this.#held = true;
			process.nextTick(() => this.release());
		}
		return this.#end;
	}
}
