/** The names a memory stack knows, each record type scripted on its own, and the resolver that answers from them. */

import { IpAddress } from '../../base/address.ts';
import { badArgument, type PostSocketsError } from '../../base/errors.ts';
import type { AddressRecord, Answer, AnswerStatus, RecordType, Resolver } from '../../stack/resolver.ts';
import { Waits, type Wire } from './wire.ts';

/** How the question for one type of a name is answered; a bare list is `{ addresses }`. */
export interface NameAnswer {
	/** In the order they are given. Default none. */
	readonly addresses?: readonly string[] | undefined;
	/** Milliseconds until the answer comes. Default 0. */
	readonly after?: number | undefined;
	/** `never`: no answer comes. Default `found` with addresses, `empty` without. */
	readonly status?: AnswerStatus | 'never' | undefined;
	/** Seconds the records may be kept. Default 60. */
	readonly ttl?: number | undefined;
}

/** What is known of a name. A type that is left out is `empty`. */
export type NameAnswers = { readonly [T in RecordType]?: readonly string[] | NameAnswer | undefined };

interface Scripted {
	readonly after: number;
	readonly status: AnswerStatus;
	readonly records: readonly AddressRecord[];
}

/** Case and a final dot do not matter. A name that was not set is `not-found`. */
export class Names {
	readonly #names = new Map<string, Record<RecordType, Scripted>>();

	/** Says how a name is answered from now on. Throws `bad-argument` for what is not an address of its type. */
	set(name: string, answers: NameAnswers): void {
		this.#names.set(canonical(name), { A: scripted('A', answers.A), AAAA: scripted('AAAA', answers.AAAA) });
	}

	/** From now on the name is `not-found`. */
	delete(name: string): void {
		this.#names.delete(canonical(name));
	}

	get(name: string, type: RecordType): Scripted {
		return this.#names.get(canonical(name))?.[type] ?? { after: 0, status: 'not-found', records: [] };
	}
}

export class MemoryResolver implements Resolver {
	readonly #names: Names;
	readonly #questions: Waits;
	readonly #source: string;

	constructor(names: Names, wire: Wire, source: string) {
		this.#names = names;
		this.#questions = new Waits(wire);
		this.#source = source;
	}

	/** Questions under way. */
	get pending(): number {
		return this.#questions.size;
	}

	async resolve(name: string, type: RecordType, signal: AbortSignal): Promise<Answer> {
		const { after, status, records } = this.#names.get(name, type);
		const answer = { type, status, records, source: this.#source };
		try {
			return await this.#questions.wait(after, signal, 'resolve', () => answer);
		} catch (error) {
			if (signal.aborted) throw error;
			return { ...answer, status: 'failed', records: [] };
		}
	}

	/** Answers the questions that are open, and all that follow, with `failed`. */
	close(error: PostSocketsError): void {
		this.#questions.end(error);
	}
}

function canonical(name: string): string {
	return name.toLowerCase().replace(/\.$/, '');
}

function scripted(type: RecordType, answer: readonly string[] | NameAnswer = []): Scripted {
	const { addresses = [], after = 0, status, ttl = 60 }: NameAnswer = isList(answer) ? { addresses: answer } : answer;
	const records = addresses.map((text) => ({ address: parse(text, type), ttl }));
	if (!(after >= 0) || !(ttl >= 0)) throw badArgument('"after" and "ttl" of an answer cannot be negative', 'names.set');
	if (status === 'never') return { after: Number.POSITIVE_INFINITY, status: 'timed-out', records: [] };
	const found = records.length > 0;
	if (status !== undefined && (status === 'found') !== found) {
		throw badArgument(`an answer that is ${status} has ${found ? 'no addresses' : 'addresses'}`, 'names.set');
	}
	return { after, status: status ?? (found ? 'found' : 'empty'), records };
}

function isList(answer: readonly string[] | NameAnswer): answer is readonly string[] {
	return Array.isArray(answer);
}

function parse(text: string, type: RecordType): IpAddress {
	const address = IpAddress.parse(text);
	if ((address.family === 4) !== (type === 'A'))
		throw badArgument(`${text} is no address of type ${type}`, 'names.set');
	return address;
}
