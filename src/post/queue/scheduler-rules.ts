/** What the schedulers of a group differ in: who of two members goes first, and what sending costs (RFC 8260 §3). */

import type { Scheduler } from '../policy/tokens.ts';
import type { Spot } from './entry.ts';

/** A member of a group as its scheduler knows it. */
export interface Share {
	/** @internal `connPriority`. */
	priority: number;
	/** @internal The number of its first message that waits; none if none does. */
	head: number | undefined;
	/** @internal Its flow takes no more. */
	blocked: boolean;
	/** @internal What it was given so far, in units of the rule, on the group's scale. */
	tag: number;
	/** @internal When it started last, or joined: a count of such events in the group. */
	served: number;
	/** @internal Where it waits for its turn; none if it has it, or wants none. */
	spot: Spot | undefined;
	/** @internal */
	readonly onTurn: () => void;
}

export interface Rule {
	/** A strict order: no two shares were served at the same count. */
	precedes(one: Share, other: Share): boolean;
	/** What is added to the member's tag; never 0 where tags decide. */
	cost(share: Share, bytes: number, messages: number): number;
}

/**
 * The weight of a member is inversely proportional to its `connPriority` + 1: 0 gets twice of 1, and 101 times of the
 * default, 100. From here on all weigh the same, so that what is counted stays a whole number.
 */
export const leastWeight = 2 ** 16;

export const rules: Record<Scheduler, Rule> = {
	'first-come-first-served': { precedes: isOlder, cost: () => 0 },
	'round-robin': { precedes: hasLess, cost: (_, _bytes, messages) => messages },
	'round-robin-per-packet': { precedes: hasLess, cost: () => 1 },
	'priority-based': { precedes: isMoreImportant, cost: () => 0 },
	'fair-capacity': { precedes: hasLess, cost: (_, bytes) => bytes },
	'weighted-fair-queueing': {
		precedes: hasLess,
		cost: ({ priority }, bytes) => bytes * Math.min(priority + 1, leastWeight),
	},
};

function isOlder(one: Share, other: Share): boolean {
	return one.head === other.head ? one.served < other.served : one.head! < other.head!;
}

function isMoreImportant(one: Share, other: Share): boolean {
	return one.priority === other.priority ? one.served < other.served : one.priority < other.priority;
}

function hasLess(one: Share, other: Share): boolean {
	return one.tag === other.tag ? one.served < other.served : one.tag < other.tag;
}
