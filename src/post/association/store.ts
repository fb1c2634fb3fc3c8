/**
 * Where an association's memory is kept: entries that expire, each in a partition, on a network, of a kind.
 *
 * The contract is synchronous, because the order of a race must not wait for a disk; a store that persists does so
 * behind the caller's back. It never throws for what a disk or a network does.
 */

import type { StoredValue } from './value.ts';

/** Which entry: all four together are its name. */
export interface Place {
	/** Who may see it: `''` is shared, any other only for those who name it (RFC 9622 §8.1.10 isolateSession). */
	readonly partition: string;
	/** The network on which it is true; `''` for what is true on all. */
	readonly network: string;
	/** `ticket`, `rtt`, ...: entries of one kind in one partition are bounded together. */
	readonly kind: string;
	readonly key: string;
}

export interface Entry extends Place {
	readonly value: StoredValue;
	/** Milliseconds since 1970; from then on the entry is not there, even if it is still stored. */
	readonly expires: number;
	/**
	 * What a store that outlives the process does with it. `secret`: keys and tickets, written only as the user of the
	 * store has asked for. `never`: not written at all. Default: written.
	 */
	readonly disk?: 'secret' | 'never' | undefined;
}

/** Some entries of one kind; without `network` those of every network, without `prefix` whatever their key. */
export interface Selection {
	readonly partition: string;
	readonly kind: string;
	readonly network?: string | undefined;
	readonly prefix?: string | undefined;
}

/** What is given must match; nothing given means everything. */
export interface Clearing {
	readonly partition?: string | undefined;
	readonly network?: string | undefined;
}

/** Values go in and come out by copy: none is ever shared between two callers. */
export interface AssociationStore {
	/** The value at that place, unless it has expired; counts as a use. */
	get(place: Place): StoredValue | undefined;
	/**
	 * Keeps it in place of what was there, and drops what was used longest ago where a bound is passed. An entry that has
	 * expired, or is larger than the store, is not kept. Throws `bad-argument` for a value that cannot be stored.
	 */
	put(entry: Entry): void;
	/** The value, and removes it: of two takers only one gets it. */
	take(place: Place): StoredValue | undefined;
	delete(place: Place): void;
	/** What has not expired, the one used longest ago first; does not count as a use. Looks at each entry of the kind. */
	entries(selection: Selection): Entry[];
	clear(clearing?: Clearing): void;
	/** Resolves once all that was put is where the store keeps it; rejects if it could not be written. */
	flush(): Promise<void>;
	/** Writes what is to be written and resolves in any case. The store is empty from the call on and takes nothing. */
	close(): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}
