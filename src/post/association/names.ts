/** Answers of DNS, kept as long as DNS allows (RFC 9623 §9.1, RFC 1035 §3.2.1). */

import { IpAddress } from '../../base/address.ts';
import type { AddressRecord, Answer, RecordType, Resolver } from '../../stack/resolver.ts';
import type { Notes } from './notes.ts';
import type { StoredValue } from './value.ts';

/** Records kept of one answer; the rest of a longer one is left out. */
const mostRecords = 64;

export class Names {
	readonly #notes: Notes;

	constructor(notes: Notes) {
		this.#notes = notes;
	}

	/**
	 * Remembers an answer for the shortest TTL of its records. Only what was found: that something is not there has a
	 * TTL too (RFC 2308 §5), but an `Answer` does not carry it.
	 */
	remember(name: string, answer: Answer, network: string): void {
		const records = answer.records.slice(0, mostRecords);
		if (answer.status !== 'found' || records.length === 0) return;
		const seconds = Math.min(...records.map(({ ttl }) => ttl));
		const list = records.map(({ address, ttl }) => [address.toString(), ttl]);
		this.#notes.write(
			'name',
			network,
			keyOf(name, answer.type),
			{ source: answer.source, records: list },
			1_000 * seconds,
		);
	}

	/** The answer, each TTL less the time since; undefined if none is known that still holds. */
	recall(name: string, type: RecordType, network: string): Answer | undefined {
		const note = this.#notes.read('name', network, keyOf(name, type));
		if (note === undefined) return undefined;
		const passed = Math.floor(this.#notes.age(note) / 1_000);
		const records = note.records.map((item) => recordOf(item, type, passed)).filter((record) => record !== undefined);
		if (records.length === 0) return undefined;
		return { type, status: 'found', records, source: `memory of ${note.source}` };
	}

	/** For what led nowhere: the next to ask hears what is so now. */
	forget(name: string, type: RecordType, network: string): void {
		this.#notes.delete('name', network, keyOf(name, type));
	}

	/** `resolver`, asked for nothing that is known on the network as it is then; what it answers is remembered. */
	before(resolver: Resolver, network: () => string): Resolver {
		return {
			resolve: async (name, type, signal) => {
				const on = network();
				const known = signal.aborted ? undefined : this.recall(name, type, on);
				if (known) return known;
				const answer = await resolver.resolve(name, type, signal);
				this.remember(name, answer, on);
				return answer;
			},
		};
	}
}

function recordOf(item: StoredValue, type: RecordType, passed: number): AddressRecord | undefined {
	const [text, ttl] = Array.isArray(item) ? (item as readonly StoredValue[]) : [];
	if (typeof text !== 'string' || typeof ttl !== 'number') return undefined;
	const address = IpAddress.tryParse(text);
	if (address?.family !== (type === 'A' ? 4 : 6)) return undefined;
	return { address, ttl: Math.max(0, ttl - passed) };
}

/** Names are the same whatever their case (RFC 4343). */
function keyOf(name: string, type: RecordType): string {
	return `${type} ${name.toLowerCase()}`;
}
