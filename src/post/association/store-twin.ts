/** For tests: the memory store again, slow and plainly right. */

import type { Clearing, Entry, Place, Selection } from './store.ts';
import { type StoredValue, sizeOf } from './value.ts';

export interface TwinLimits {
	readonly maxEntries: number;
	readonly maxPerKind: number;
	readonly maxBytes: number;
}

export class StoreTwin {
	/** The one used longest ago first. */
	list: Entry[] = [];
	readonly #limits: TwinLimits;
	readonly #now: () => Date;

	constructor(limits: TwinLimits, now: () => Date) {
		this.#limits = limits;
		this.#now = now;
	}

	get(place: Place): StoredValue | undefined {
		const entry = this.#find(place);
		if (entry) this.list = [...this.list.filter((other) => other !== entry), entry];
		return entry?.value;
	}

	put(entry: Entry): void {
		this.delete(entry);
		const { maxEntries, maxPerKind, maxBytes } = this.#limits;
		if (entry.expires <= this.#now().getTime() || bytesOf(entry) > maxBytes) return;
		this.list.push(entry);
		const group = this.list.filter(({ partition, kind }) => partition === entry.partition && kind === entry.kind);
		if (group.length > maxPerKind) this.list = this.list.filter((other) => other !== group[0]);
		while (this.list.length > maxEntries || this.bytes > maxBytes) this.list.shift();
	}

	take(place: Place): StoredValue | undefined {
		const entry = this.#find(place);
		this.delete(place);
		return entry?.value;
	}

	delete(place: Place): void {
		this.list = this.list.filter((entry) => !isAt(entry, place));
	}

	entries({ partition, kind, network, prefix = '' }: Selection): Entry[] {
		return this.list.filter(
			(entry) =>
				entry.partition === partition &&
				entry.kind === kind &&
				(network === undefined || entry.network === network) &&
				entry.key.startsWith(prefix) &&
				entry.expires > this.#now().getTime(),
		);
	}

	clear({ partition, network }: Clearing = {}): void {
		this.list = this.list.filter(
			(entry) => (partition ?? entry.partition) !== entry.partition || (network ?? entry.network) !== entry.network,
		);
	}

	get bytes(): number {
		return this.list.reduce((sum, entry) => sum + bytesOf(entry), 0);
	}

	/** Drops what it finds expired, as the store does. */
	#find(place: Place): Entry | undefined {
		const entry = this.list.find((entry) => isAt(entry, place));
		if (entry === undefined || entry.expires > this.#now().getTime()) return entry;
		this.delete(place);
		return undefined;
	}
}

function isAt(entry: Place, place: Place): boolean {
	return (['partition', 'network', 'kind', 'key'] as const).every((name) => entry[name] === place[name]);
}

function bytesOf({ partition, network, kind, key, value }: Entry): number {
	return 128 + 2 * (partition + network + kind + key).length + sizeOf(value);
}
