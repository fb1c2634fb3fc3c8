/**
 * Memory that lasts as long as the process: bounded, what was used longest ago goes first.
 *
 *     const store = memoryStore({ maxEntries: 1_000 })
 */

import { wallTime } from '../../base/clock.ts';
import { badArgument } from '../../base/errors.ts';
import { type Link, Recency } from './recency.ts';
import type { AssociationStore, Clearing, Entry, Place, Selection } from './store.ts';
import { copyValue, type StoredValue, sizeOf } from './value.ts';

export interface MemoryStoreOptions {
	/** Entries of all kinds and partitions. Default 10000. */
	readonly maxEntries?: number | undefined;
	/** Entries of one kind in one partition, so that none can push out all others. Default a quarter of `maxEntries`. */
	readonly maxPerKind?: number | undefined;
	/** About as many bytes of all entries, keys included. Default 8 MiB. */
	readonly maxBytes?: number | undefined;
	/** The calendar. Default the machine's. */
	readonly now?: (() => Date) | undefined;
}

export const defaultMaxEntries = 10_000;
export const defaultMaxBytes = 8 * 2 ** 20;

/** An entry's own size before anything is in it. */
const entryBytes = 128;

/** The default store. Throws `bad-argument` for a bound that is not a number from 1. */
export function memoryStore(options: MemoryStoreOptions = {}): AssociationStore {
	return new MemoryStore(options);
}

interface Stored {
	readonly entry: Entry;
	readonly id: string;
	readonly bytes: number;
	readonly group: Group;
	readonly overall: Link<Stored>;
	readonly within: Link<Stored>;
}

/** The entries of one kind in one partition. */
interface Group {
	readonly id: string;
	readonly stored: Map<string, Stored>;
	readonly order: Recency<Stored>;
}

/** With `newestFirst`, which a store that builds on it writes out. */
export class MemoryStore implements AssociationStore {
	readonly #maxEntries: number;
	readonly #maxPerKind: number;
	readonly #maxBytes: number;
	readonly #now: () => Date;
	readonly #groups = new Map<string, Group>();
	readonly #order = new Recency<Stored>();
	#count = 0;
	#bytes = 0;
	#closed = false;

	constructor({
		maxEntries = defaultMaxEntries,
		maxPerKind,
		maxBytes = defaultMaxBytes,
		now = wallTime,
	}: MemoryStoreOptions) {
		this.#maxEntries = bound('maxEntries', maxEntries);
		this.#maxPerKind = bound('maxPerKind', maxPerKind ?? Math.ceil(maxEntries / 4));
		this.#maxBytes = bound('maxBytes', maxBytes);
		this.#now = now;
	}

	get(place: Place): StoredValue | undefined {
		const stored = this.#find(place);
		if (stored === undefined) return undefined;
		this.#order.touch(stored.overall);
		stored.group.order.touch(stored.within);
		return copyValue(stored.entry.value);
	}

	put(entry: Entry): void {
		const { partition, network, kind, key, expires, disk } = entry;
		if (!Number.isFinite(expires)) throw badArgument(`an entry expires at a time in milliseconds, not at ${expires}`);
		const value = copyValue(entry.value);
		this.delete(entry);
		const names = partition.length + network.length + kind.length + key.length;
		const bytes = entryBytes + 2 * names + sizeOf(value);
		if (this.#closed || expires <= this.#time() || bytes > this.#maxBytes) return;
		this.#insert({ partition, network, kind, key, value, expires, disk }, bytes);
	}

	take(place: Place): StoredValue | undefined {
		const stored = this.#find(place);
		if (stored === undefined) return undefined;
		this.#remove(stored);
		// Not copied: nobody else has it any more.
		return stored.entry.value;
	}

	delete(place: Place): void {
		const stored = this.#groups.get(groupId(place))?.stored.get(idWithin(place));
		if (stored !== undefined) this.#remove(stored);
	}

	entries({ partition, kind, network, prefix = '' }: Selection): Entry[] {
		const time = this.#time();
		const found: Entry[] = [];
		for (const { entry } of this.#groups.get(groupId({ partition, kind }))?.order ?? []) {
			if (entry.expires <= time || !entry.key.startsWith(prefix)) continue;
			if (network === undefined || entry.network === network) found.push({ ...entry, value: copyValue(entry.value) });
		}
		return found;
	}

	clear({ partition, network }: Clearing = {}): void {
		for (const stored of this.#order) {
			const { entry } = stored;
			if (partition !== undefined && entry.partition !== partition) continue;
			if (network === undefined || entry.network === network) this.#remove(stored);
		}
	}

	/** What has not expired. The entries are the store's own, not to be changed. */
	newestFirst(): Entry[] {
		const time = this.#time();
		return Array.from(this.#order, ({ entry }) => entry)
			.filter(({ expires }) => expires > time)
			.reverse();
	}

	async flush(): Promise<void> {}

	async close(): Promise<void> {
		this.#closed = true;
		this.clear();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	#time(): number {
		return this.#now().getTime();
	}

	#find(place: Place): Stored | undefined {
		const stored = this.#groups.get(groupId(place))?.stored.get(idWithin(place));
		if (stored === undefined || stored.entry.expires > this.#time()) return stored;
		this.#remove(stored);
		return undefined;
	}

	#insert(entry: Entry, bytes: number): void {
		const group = this.#groupOf(entry);
		const id = idWithin(entry);
		// Two steps, for the links point back at what holds them.
		const stored = { entry, id, bytes, group } as { -readonly [Name in keyof Stored]: Stored[Name] };
		stored.overall = this.#order.add(stored);
		stored.within = group.order.add(stored);
		group.stored.set(id, stored);
		this.#count += 1;
		this.#bytes += bytes;
		if (group.stored.size > this.#maxPerKind) this.#remove(group.order.oldest!);
		while (this.#count > this.#maxEntries || this.#bytes > this.#maxBytes) this.#remove(this.#order.oldest!);
	}

	#groupOf(place: Place): Group {
		const id = groupId(place);
		const known = this.#groups.get(id);
		if (known !== undefined) return known;
		const group: Group = { id, stored: new Map(), order: new Recency() };
		this.#groups.set(id, group);
		return group;
	}

	#remove({ id, bytes, group, overall, within }: Stored): void {
		this.#order.remove(overall);
		group.order.remove(within);
		group.stored.delete(id);
		// Else partitions that have come and gone would pile up.
		if (group.stored.size === 0) this.#groups.delete(group.id);
		this.#count -= 1;
		this.#bytes -= bytes;
	}
}

/** The length in front keeps two pairs of names from looking like one. */
function groupId({ partition, kind }: Pick<Place, 'partition' | 'kind'>): string {
	return `${partition.length}:${partition}${kind}`;
}

function idWithin({ network, key }: Place): string {
	return `${network.length}:${network}${key}`;
}

function bound(name: string, value: number): number {
	if (value >= 1) return value;
	throw badArgument(`${name} is ${value}; it is a number from 1`);
}
