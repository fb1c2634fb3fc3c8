/** One received message, or a piece of one (RFC 9622 §9.3.2). */

import type { PostSocketsError } from '../../base/errors.ts';

export class Received<T> {
	readonly content: T;
	/** False for a piece of a message of which more follows (a bare stream, or `maxLength`). */
	readonly complete: boolean;
	/** Bytes the content had, framing not counted. */
	readonly length: number;
	/** The address it came from, as text: `192.0.2.1:443`. */
	readonly from: string;
	/**
	 * Why the connection before was lost, on the first message after a `reconnect`: messages may be missing in between,
	 * and what the peer keeps for a connection begins anew. Else undefined.
	 */
	readonly gap: PostSocketsError | undefined;

	/** @internal */
	constructor(content: T, complete: boolean, length: number, from: string, gap?: PostSocketsError) {
		this.content = content;
		this.complete = complete;
		this.length = length;
		this.from = from;
		this.gap = gap;
	}
}

/** Both lengths concern content that is bytes; content of another type is given out whole. */
export interface ReceiveOptions {
	/**
	 * Bytes to wait for before a piece of an unfinished message is given out; a whole message comes however short it is.
	 * Default 1: whatever is there. At most the limit `readPast`, which counts as memory pressure (RFC 9622 §9.3.1).
	 */
	readonly minIncompleteLength?: number | undefined;
	/** Longest content to give out, in bytes; a longer message comes in pieces. Default: no limit. */
	readonly maxLength?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}
