/**
 * Which message waits for which (Post's dependence, P-35): a graph without cycles, in which a message may be named by its
 * number before it is sent.
 *
 * A link lasts until the antecedent has ended, not only until it was started: what fails on its way down takes along the
 * successors that have not left yet.
 */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import type { Ending, Entry } from './entry.ts';

/** So many messages that ended unsent are remembered by number; whoever names an older one by number goes without it. */
const rememberedLosses = 1_024;

interface Finder {
	find(id: number): Entry | undefined;
}

export class Antecedents {
	readonly #limit: number;
	/** Those that wait for a message yet to come, by its number. */
	readonly #awaited = new Map<number, Set<Entry>>();
	/** The oldest first. */
	readonly #lost = new Map<number, Ending>();
	#links = 0;

	/** At most `limit` links at a time. */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/**
	 * Links what is about to become number `id` of `queue`, which finds what is queued. Returns what it ends as at once,
	 * if an antecedent has ended unsent. Throws `bad-argument` (a cycle, a message of elsewhere) and `queue-full`, and
	 * then nothing has changed.
	 */
	join(entry: Entry, id: number, queue: Finder): Ending | undefined {
		const successors = this.#awaited.get(id);
		if (entry.antecedents.length === 0 && !successors) return undefined;
		const read = this.#read(entry, id, queue);
		const links = read instanceof Set ? read : new Set<never>();
		if (successors) refuseCycle(entry, id, links, successors);
		if (this.#links + links.size > this.#limit) {
			throw new PostSocketsError(
				'queue-full',
				`messages that wait name ${this.#links} antecedents and may name ${this.#limit}; await some of them first`,
				{ operation: 'send' },
			);
		}
		entry.antecedents = [];
		if (links.size > 0) this.#link(entry, links);
		if (successors) this.#arrive(entry, id, successors);
		return read instanceof Set ? undefined : read;
	}

	/** The entry has ended. Returns its successors, which no longer wait for it. */
	leave(entry: Entry): Iterable<Entry> | undefined {
		const { id, ending, links, successors } = entry;
		if (ending !== 'sent') this.#remember(id, ending!);
		if (links) {
			entry.links = undefined;
			this.#links -= links.size;
			for (const link of links) this.#forsake(entry, link);
		}
		if (successors) {
			entry.successors = undefined;
			this.#links -= successors.size;
			for (const successor of successors) successor.links!.delete(entry);
		}
		return successors;
	}

	/** Those that wait for a message yet to come, each with the number of one. */
	get stranded(): Map<Entry, number> {
		const found = new Map<Entry, number>();
		for (const [id, entries] of this.#awaited) for (const entry of entries) found.set(entry, id);
		return found;
	}

	/** What the entry has to wait for, or what it ends as at once. */
	#read(entry: Entry, id: number, queue: Finder): Set<Entry | number> | Ending {
		const links = new Set<Entry | number>();
		let lost: Ending | undefined;
		for (const named of entry.antecedents) {
			if (typeof named === 'number') {
				refuseNumber(named, id, entry.final);
				const queued = named < id ? queue.find(named) : undefined;
				if (queued) links.add(queued);
				else if (named > id) links.add(named);
				else lost ??= this.#lost.get(named);
			} else if (named.queue !== queue) {
				throw badArgument('an antecedent was not sent on this carrier; name messages of the same carrier', 'send');
			} else if (named.state !== 'ended') links.add(named);
			else if (named.ending !== 'sent') lost ??= named.ending;
		}
		return lost ?? links;
	}

	#link(entry: Entry, links: Set<Entry | number>): void {
		entry.links = links;
		this.#links += links.size;
		for (const link of links) {
			if (typeof link === 'number' || link.state === 'queued') entry.unmet += 1;
			if (typeof link === 'number') {
				const waiting = this.#awaited.get(link);
				if (waiting) waiting.add(entry);
				else this.#awaited.set(link, new Set([entry]));
			} else (link.successors ??= new Set()).add(entry);
		}
	}

	/** The link no longer has the entry as its successor. */
	#forsake(entry: Entry, link: Entry | number): void {
		if (typeof link !== 'number') {
			link.successors!.delete(entry);
			return;
		}
		const waiting = this.#awaited.get(link)!;
		waiting.delete(entry);
		if (waiting.size === 0) this.#awaited.delete(link);
	}

	/** The message of that number has come. */
	#arrive(entry: Entry, id: number, successors: Set<Entry>): void {
		this.#awaited.delete(id);
		entry.successors = successors;
		for (const { links } of successors) links!.delete(id) && links!.add(entry);
	}

	#remember(id: number, ending: Ending): void {
		this.#lost.set(id, ending);
		if (this.#lost.size > rememberedLosses) this.#lost.delete(this.#lost.keys().next().value!);
	}
}

function refuseNumber(named: number, id: number, final: boolean): void {
	if (!Number.isSafeInteger(named) || named < 1) {
		throw badArgument(`antecedent ${named} is no message; their numbers are whole and count from 1`, 'send');
	}
	if (named === id) throw badArgument(`message ${id} is its own antecedent; it would wait for ever`, 'send');
	if (final && named > id) {
		throw badArgument(`message ${id} is final; no message ${named} will come after it to be its antecedent`, 'send');
	}
}

/** Only who is named before it comes can close a circle: each of its successors' successors is looked at once. */
function refuseCycle(entry: Entry, id: number, links: ReadonlySet<Entry | number>, successors: Iterable<Entry>): void {
	if (entry.final) {
		throw badArgument(`message ${id} is final and goes last; it is the antecedent of one that was sent before`, 'send');
	}
	if (links.size === 0) return;
	const reached = new Set(successors);
	for (const successor of reached) {
		if (links.has(successor)) {
			throw badArgument(`message ${id} waits for ${successor.id}, which waits for ${id}; drop one antecedent`, 'send');
		}
		for (const next of successor.successors ?? []) reached.add(next);
	}
}
