/** What a response says about a question: the records at the end of its aliases, or why there are none. */

import { type Message, rcodes } from '../wire/dns/message.ts';
import { isWithin, sameName } from '../wire/dns/name.ts';
import type { AnyRecord, ResourceRecord, TypeName } from '../wire/dns/record.ts';
import { internet, typeNumber } from '../wire/dns/record.ts';

/** Aliases that are followed within one response. */
const mostAliases = 16;

/** `name` is where the aliases lead, `ttl` the seconds that all of it may be kept. */
export type Reply =
	| {
			readonly kind: 'found';
			readonly name: string;
			readonly records: readonly ResourceRecord[];
			readonly ttl: number;
	  }
	| { readonly kind: 'empty' | 'not-found'; readonly name: string; readonly ttl: number }
	/** The response does not say what is there. */
	| { readonly kind: 'alias'; readonly name: string; readonly ttl: number }
	/** Another server may know better. */
	| { readonly kind: 'useless'; readonly why: string };

/**
 * Reads the answer to `name` and `type` out of a response that was checked to be one to that question. Nothing in it
 * counts but the question's own chain of aliases, the records at its end, and the SOA of a zone around that.
 */
export function readReply(message: Message, question: string, type: TypeName): Reply {
	const { rcode, answers } = message;
	if (rcode !== rcodes.noError && rcode !== rcodes.nameError) return { kind: 'useless', why: nameOf(rcode) };
	const at = answers.filter((record) => record.class === internet);
	let name = question;
	let ttl = Number.POSITIVE_INFINITY;
	for (let followed = 0; ; followed += 1) {
		const here = at.filter((record) => sameName(record.name, name));
		// RFC 9460 §2.2: one that is malformed spoils all.
		if (here.some((record) => record.type === typeNumber(type))) return { kind: 'useless', why: `bad ${type}` };
		const records = here.filter((record) => isOf(record, type));
		if (records.length > 0 && rcode === rcodes.noError) {
			ttl = Math.min(ttl, ...records.map(lifeOf));
			return { kind: 'found', name, records: records.map((record) => ({ ...record, name, ttl })), ttl };
		}
		const alias = here.find((record) => isOf(record, 'CNAME'));
		if (alias === undefined) break;
		if (followed === mostAliases) return { kind: 'useless', why: 'too many aliases' };
		name = alias.target;
		ttl = Math.min(ttl, lifeOf(alias));
	}
	return readNegative(message, question, name, ttl);
}

/** There is no such record, as far as this server knows. RFC 2308 §2 */
function readNegative(message: Message, question: string, name: string, ttl: number): Reply {
	const { rcode, authorities, authoritative } = message;
	const zone = authorities.filter((record) => isOf(record, 'SOA')).find((soa) => isWithin(name, soa.name));
	// §5: what has no SOA must not be kept.
	const life = zone ? Math.min(ttl, lifeOf(zone), zone.minimum) : 0;
	// RFC 6604 §3: the code is about the end of the chain.
	if (rcode === rcodes.nameError) return { kind: 'not-found', name, ttl: life };
	if (zone) return { kind: 'empty', name, ttl: life };
	if (!sameName(name, question)) return { kind: 'alias', name, ttl };
	const referral = authorities.some((record) => isOf(record, 'NS'));
	return referral && !authoritative ? { kind: 'useless', why: 'lame' } : { kind: 'empty', name, ttl: 0 };
}

function isOf<T extends TypeName>(record: AnyRecord, type: T): record is Extract<AnyRecord, { readonly type: T }> {
	return record.type === type;
}

/** RFC 2181 §8: with the highest bit set it is 0. */
function lifeOf({ ttl }: AnyRecord): number {
	return ttl > 0x7fff_ffff ? 0 : ttl;
}

function nameOf(rcode: number): string {
	const names: Record<number, string> = { 1: 'FORMERR', 2: 'SERVFAIL', 4: 'NOTIMP', 5: 'REFUSED' };
	return names[rcode] ?? `code ${rcode}`;
}
