/** A message that waits for its turn: what the send queue knows of it, and how two of them compare. */

import type { PostSocketsError } from '../../base/errors.ts';

/**
 * What became of a message: handed to the layer below; dropped before its first byte because it would have come too
 * late; taken back; or lost with an error.
 */
export type Ending = 'sent' | 'expired' | 'withdrawn' | PostSocketsError;

export interface EntryOptions {
	/** From 0; lower goes first (RFC 9622 §9.1.3.2). Default 100. */
	readonly priority?: number | undefined;
	/** By when the peer must have all of it, in ms on the queue's clock. Default `Infinity`: never too late. */
	readonly deadline?: number | undefined;
	/** Goes after every earlier message that is ordered too (RFC 9622 §9.1.3.3). Default true. */
	readonly ordered?: boolean | undefined;
	/** The last message, whatever its priority (RFC 9622 §9.1.3.5). Default false. */
	readonly final?: boolean | undefined;
	/** What must be handed down first: messages of the same queue, or the numbers of messages yet to come. Default none. */
	readonly antecedents?: readonly (Entry | number)[] | undefined;
}

/** The priority of a message that names none. */
export const defaultPriority = 100;

const none: readonly never[] = [];
const plain: EntryOptions = {};

/** One message; what is to be sent is for a subclass to hold, which may let go of it when `state` becomes `ended`. */
export class Entry {
	/** Bytes, with the framing. */
	readonly length: number;
	readonly priority: number;
	readonly ordered: boolean;
	readonly final: boolean;
	/** Empty once it is added: a chain of messages would otherwise be kept in memory by its last one. */
	antecedents: readonly (Entry | number)[];
	/** Counts the messages of its queue from 1; 0 before it is added. */
	id = 0;
	/** See `EntryOptions`; changed by `SendQueue.extend` only. */
	deadline: number;
	state: 'new' | 'queued' | 'started' | 'ended' = 'new';
	/** Set when `state` becomes `ended`. */
	ending: Ending | undefined;

	/** @internal 0 with a deadline, 1 once it is doubtful whether it can be kept, 2 without. */
	tier: 0 | 1 | 2;
	/** @internal The queue it was added to. */
	queue: object | undefined;
	/** @internal Where it waits for its turn; none while it waits for antecedents. */
	spot: Spot | undefined;
	/** @internal Where it waits for its deadline. */
	expiry: Spot | undefined;
	/** @internal Antecedents that have not ended: they, or the numbers of those yet to come. */
	links: Set<Entry | number> | undefined;
	/** @internal Of `links`, how many were not started. */
	unmet = 0;
	/** @internal Messages that have this one among their `links`. */
	successors: Set<Entry> | undefined;

	constructor(length: number, options: EntryOptions = plain) {
		this.length = length;
		this.priority = options.priority ?? defaultPriority;
		this.deadline = options.deadline ?? Number.POSITIVE_INFINITY;
		this.tier = tierOf(this.deadline);
		this.ordered = options.ordered ?? true;
		this.final = options.final ?? false;
		this.antecedents = options.antecedents ?? none;
	}
}

/** A place in a structure, which its holder may leave at any time. */
export interface Spot {
	/** To be called once, with the entry's own reference to this spot already cleared. */
	leave(): void;
}

/**
 * Whether `one` goes before `other` where neither order nor antecedents say: by priority, even if the other comes too
 * late for it (P-34); then by deadline, the doubtful ones after the others and those without one last; then in the order
 * of sending.
 */
export function precedes(one: Entry, other: Entry): boolean {
	if (one.priority !== other.priority) return one.priority < other.priority;
	if (one.tier !== other.tier) return one.tier < other.tier;
	if (one.deadline !== other.deadline) return one.deadline < other.deadline;
	return one.id < other.id;
}

/** @internal */
export function tierOf(deadline: number): 0 | 2 {
	return deadline === Number.POSITIVE_INFINITY ? 2 : 0;
}
