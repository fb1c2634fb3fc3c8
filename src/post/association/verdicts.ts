/** Whether a path lets something through (H-74: `udp`, the datagrams of QUIC), learnt by trying. */

import { countFailure, penalty } from './decay.ts';
import { minute } from './kinds.ts';
import type { Notes } from './notes.ts';

/** What went through a while ago may be blocked by now. */
const openLifetime = 10 * minute;

export class Verdicts {
	readonly #notes: Notes;

	constructor(notes: Notes) {
		this.#notes = notes;
	}

	/** It went through: that is known for 10 minutes. Or it did not: 10 minutes at first, longer each time in a row. */
	record(question: string, open: boolean, network: string): void {
		const before = this.#notes.read('path', network, question);
		const count = open ? 0 : countFailure(before?.count ?? 0, this.#notes.age(before));
		this.#notes.write('path', network, question, { open, count });
	}

	/** Undefined if nobody knows, or not any more. */
	recall(question: string, network: string): boolean | undefined {
		const note = this.#notes.read('path', network, question);
		if (note === undefined) return undefined;
		const age = this.#notes.age(note);
		const holds = note.open ? age < openLifetime : penalty(note.count, age) > 0;
		return holds ? note.open : undefined;
	}
}
