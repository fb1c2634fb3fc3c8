/** A message that waits in the queue, or may have to be sent again. */

import { Entry, type EntryOptions } from '../queue/entry.ts';
import type { SendReport } from './sending.ts';

export type OutgoingOptions = EntryOptions;

/** A part of a message that is sent next. */
export interface Piece {
	readonly bytes: Uint8Array;
	readonly last: boolean;
}

export class Outgoing extends Entry {
	/** Tells it from others of which parts are under way; 0 before it has begun. */
	number = 0;
	/** Its place among the messages of its carrier's group; 0 where the carrier is alone. */
	place = 0;
	readonly content: Uint8Array;
	readonly report: SendReport | undefined;
	/** It may be sent again on another flow although this one may have taken it. */
	readonly replayable: boolean;
	#offset = 0;

	constructor(content: Uint8Array, report: SendReport | undefined, replayable: boolean, options?: OutgoingOptions) {
		super(content.length, options);
		this.content = content;
		this.report = report;
		this.replayable = replayable;
	}

	/** There is something to take now. */
	get ready(): boolean {
		return true;
	}

	/** It is one piece of at most so many bytes. */
	fits(most: number): boolean {
		return this.content.length <= most;
	}

	/** The next piece, of at most so many bytes; undefined if there is none yet. */
	take(most: number): Piece | undefined {
		const { content } = this;
		const start = this.#offset;
		if (start === 0 && content.length <= most) return { bytes: content, last: true };
		this.#offset = Math.min(content.length, start + most);
		return { bytes: content.subarray(start, this.#offset), last: this.#offset === content.length };
	}

	/** It is to be sent from its beginning. */
	rewind(): void {
		this.#offset = 0;
	}
}
