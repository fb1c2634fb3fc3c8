/** A store seen through the kinds of memory: one partition of it, typed, each note with the time at which it was learnt. */

import { isRecognised } from './attachment.ts';
import { type Fields, type Kind, kinds, type Note, noteOf } from './kinds.ts';
import type { AssociationStore, Entry } from './store.ts';

/** A note this much from the future (ms) says that the calendar was set back: nobody knows how old it is. */
const tolerated = 60_000;

export interface NotesOptions {
	readonly store: AssociationStore;
	readonly partition: string;
	/** Notes of this partition are never written to a disk. */
	readonly passing: boolean;
	readonly now: () => Date;
}

export class Notes {
	readonly #options: NotesOptions;

	constructor(options: NotesOptions) {
		this.#options = options;
	}

	/** Milliseconds since 1970. */
	get time(): number {
		return this.#options.now().getTime();
	}

	/** How long ago it was learnt, in ms, never negative; 0 if nothing was. */
	age(note: { readonly at: number } | undefined): number {
		return note === undefined ? 0 : Math.max(0, this.time - note.at);
	}

	read<K extends Kind>(kind: K, network: string, key: string): Note<K> | undefined {
		return this.#believe(kind, this.#options.store.get(this.#place(kind, network, key)));
	}

	take<K extends Kind>(kind: K, network: string, key: string): Note<K> | undefined {
		return this.#believe(kind, this.#options.store.take(this.#place(kind, network, key)));
	}

	/** `lifetime` in ms, at most that of the kind, which is also the default. */
	write<K extends Kind>(
		kind: K,
		network: string,
		key: string,
		fields: Fields<K>,
		lifetime = Number.POSITIVE_INFINITY,
	): void {
		const at = this.time;
		const expires = at + Math.min(lifetime, kinds[kind].lifetime);
		// What holds on a network that nobody will recognise is of no use to the next process.
		const never = this.#options.passing || (network !== '' && !isRecognised(network));
		const disk = never ? 'never' : kind === 'ticket' ? 'secret' : undefined;
		this.#options.store.put({ ...this.#place(kind, network, key), value: { ...fields, at }, expires, disk });
	}

	delete(kind: Kind, network: string, key: string): void {
		this.#options.store.delete(this.#place(kind, network, key));
	}

	/** The one used longest ago first. */
	entries(kind: Kind): Entry[] {
		return this.#options.store.entries({ partition: this.#options.partition, kind });
	}

	/** All of the partition, or what holds on one network. */
	clear(network?: string): void {
		this.#options.store.clear({ partition: this.#options.partition, network });
	}

	#place(kind: Kind, network: string, key: string) {
		return { partition: this.#options.partition, network, kind, key };
	}

	#believe<K extends Kind>(kind: K, value: Parameters<typeof noteOf>[1]): Note<K> | undefined {
		const note = noteOf(kind, value);
		return note !== undefined && note.at <= this.time + tolerated ? note : undefined;
	}
}
