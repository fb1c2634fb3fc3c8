/** A message that waits in the queue, or may have to be sent again. */

import { Entry, type EntryOptions } from '../queue/entry.ts';
import type { SendReport } from './sending.ts';

export type OutgoingOptions = EntryOptions;

export class Outgoing extends Entry {
	readonly content: Uint8Array;
	readonly report: SendReport | undefined;
	/** It may be sent again on another flow although this one may have taken it. */
	readonly replayable: boolean;

	constructor(content: Uint8Array, report: SendReport | undefined, replayable: boolean, options?: OutgoingOptions) {
		super(content.length, options);
		this.content = content;
		this.report = report;
		this.replayable = replayable;
	}
}
