/** The receiving half of a framing: chunks go in as they come, frames come out. */

import { ByteQueue } from '../../base/bytes.ts';
import { badArgument, PostSocketsError } from '../../base/errors.ts';
import type { Frame, FrameInput, Framer } from './framer.ts';

/** A framer that makes so many frames in a row out of no bytes will never stop. */
const mostFramesOfNothing = 1000;

/**
 * Push a chunk, call `next` until it says `'need-more'`, call `own` before the chunk's loan ends.
 *
 * A chunk of many small messages is not copied: frames are views of it. A frame is borrowed until the next `push` or
 * `own`. What no message was made of is kept, at most a message and a chunk, because the framer bounds the message.
 */
export class Deframer {
	readonly #input = new Received();
	readonly #framer: Framer;
	readonly #name: string;
	#framesOfNothing = 0;

	/** `framer` is the carrier's, which frames with it too; `name`, of its framing, is for errors. */
	constructor(framer: Framer, name: string) {
		this.#framer = framer;
		this.#name = name;
	}

	/** Received bytes that no frame was made of yet. */
	get length(): number {
		return this.#input.length;
	}

	/** Appends `chunk`, borrowed until `own`. */
	push(chunk: Uint8Array): void {
		this.#input.push(chunk);
	}

	/** The peer has sent its last byte; `next` once more for what that completes. */
	end(): void {
		this.#input.ended = true;
	}

	/** Copies what is left of the chunk. Frames handed out before are no longer to be read. */
	own(): void {
		this.#input.own();
	}

	/** The bytes no frame was made of, which are the caller's from here on. */
	rest(): Uint8Array {
		return this.#input.take(this.#input.length).slice();
	}

	/**
	 * The next frame. Throws what the framer throws, and `malformed` if the stream has ended inside a message; after a
	 * throw this deframer is of no further use.
	 */
	next(): Frame | 'need-more' {
		const input = this.#input;
		const before = input.length;
		const frame = this.#framer.deframe(input);
		if (frame === 'need-more') {
			if (input.ended) this.#checkEnd();
		} else if (input.length < before) {
			this.#framesOfNothing = 0;
		} else if (++this.#framesOfNothing > mostFramesOfNothing) {
			throw badArgument(`the framer ${this.#name} makes frames without taking bytes, without end`, 'receive');
		}
		return frame;
	}

	#checkEnd(): void {
		const { length } = this.#input;
		if (length === 0) {
			this.#framer.end?.();
			return;
		}
		const message = `the stream ended inside a message: its last ${length} bytes make no whole one (${this.#name})`;
		throw new PostSocketsError('malformed', message, { operation: 'receive' });
	}
}

class Received extends ByteQueue implements FrameInput {
	ended = false;
}
