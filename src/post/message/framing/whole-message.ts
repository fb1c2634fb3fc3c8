/** Pieces of a message on their way out, gathered for a framing that must know the message whole. */

import { ByteQueue } from '../../../base/bytes.ts';
import { checkSent, type Limit } from './limit.ts';

export class WholeMessage {
	readonly #limit: Limit;
	/** Copies of the pieces so far; a new queue for each message, because the output may keep what came out of it. */
	#pieces: ByteQueue | undefined;

	constructor(limit: Limit) {
		this.#limit = limit;
	}

	/**
	 * The whole message when `piece` completes it, else `undefined`; a message in one piece is that piece. Throws
	 * `too-large` at the first piece over the limit and forgets the ones before it: nothing of them was sent.
	 */
	add(piece: Uint8Array, complete: boolean): Uint8Array | undefined {
		const pieces = this.#pieces;
		this.#pieces = undefined;
		checkSent((pieces?.length ?? 0) + piece.length, this.#limit);
		if (complete && pieces === undefined) return piece;
		const gathered = pieces ?? new ByteQueue();
		gathered.push(piece);
		if (complete) return gathered.take(gathered.length);
		gathered.own();
		this.#pieces = gathered;
		return undefined;
	}
}
