/** One message written in pieces, perhaps without an end (P-30, P-46): what `carrier.open()` gives. */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import type { Sending } from './sending.ts';
import type { Streamed } from './streamed.ts';

export interface WriterOwner {
	/** There is something to send, or nothing more to come. */
	onWritten(): void;
}

export class MessageWriter implements AsyncDisposable {
	/** What becomes of the message as a whole: `sent` when its end was handed down. */
	readonly sending: Sending;
	readonly #message: Streamed;
	readonly #owner: WriterOwner;

	/** @internal */
	constructor(sending: Sending, message: Streamed, owner: WriterOwner) {
		this.sending = sending;
		this.#message = message;
		this.#owner = owner;
	}

	/**
	 * Adds bytes to the message, which belong to the carrier from here on. Resolves when more is welcome; also when the
	 * message has ended unsent, as `sending` tells. Throws `bad-argument` after the end, and what the framing does not take.
	 */
	write(piece: Uint8Array): Promise<void> {
		this.#add(piece, false);
		return this.#message.welcome();
	}

	/** The message is complete, with these last bytes. */
	end(piece: Uint8Array = nothing): Sending {
		this.#add(piece, true);
		return this.sending;
	}

	/**
	 * Takes the message back, if none of it was handed down; false if it is too late for that: the peer waits for its rest,
	 * and only `carrier.abort()` ends that.
	 */
	withdraw(): boolean {
		return this.sending.withdraw();
	}

	/** Completes the message, if it is not yet. */
	async [Symbol.asyncDispose](): Promise<void> {
		if (!this.#message.complete) this.end();
		await this.sending.catch(() => {});
	}

	#add(piece: Uint8Array, last: boolean): void {
		if (this.#message.complete) throw badArgument('the message has ended; open another one', 'write');
		if (!(piece instanceof Uint8Array)) {
			throw new PostSocketsError('bad-argument', 'pieces of a message are bytes: a Uint8Array', { operation: 'write' });
		}
		this.#message.add(piece, last);
		this.#owner.onWritten();
	}
}

const nothing = new Uint8Array(0);
