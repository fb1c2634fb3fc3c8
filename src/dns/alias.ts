import type { Random } from '../base/random.ts';
import type { ResourceRecord } from '../wire/dns/record.ts';
import { aged, type Finding, nothing } from './finding.ts';
import type { Outcome } from './query.ts';

/** Questions that aliases lead to from one question (RFC 9460 §3.1). */
export const mostAliases = 8;

/**
 * Asks for a name, and for those its aliases lead to: a CNAME whose target the server did not answer for, and SVCB and
 * HTTPS records in alias mode. The finding has at most `limit` records, and lives as long as its shortest part.
 */
export async function follow(
	question: string,
	ask: (name: string) => Promise<Outcome>,
	limit: number,
	random: Random,
): Promise<Finding> {
	let name = question;
	let ttl = Number.POSITIVE_INFINITY;
	let size = 0;
	let isService = false;
	for (let followed = 0; followed <= mostAliases; followed += 1) {
		const outcome = await ask(name);
		const { kind, source } = outcome;
		if (kind === 'failed' || kind === 'timed-out') return nothing(kind, name, source);
		name = outcome.name;
		ttl = Math.min(ttl, outcome.ttl);
		size += outcome.size;
		if (kind === 'alias') continue;
		// Where an alias led, the service exists: its records just say no more than where.
		if (kind !== 'found') return { ...nothing(isService ? 'empty' : kind, name, source), ttl, size };
		const aliases = outcome.records.filter(isAlias);
		if (aliases.length === 0) {
			return aged({ status: kind, records: outcome.records.slice(0, limit), name, source, ttl, size }, ttl);
		}
		// RFC 9460 §2.4.2: one of them, by lot; service mode beside them does not count (§2.4.1).
		name = aliases[random.below(aliases.length)]!.target;
		isService = true;
		if (name === '.') return { ...nothing('empty', name, source), ttl, size };
	}
	return nothing('failed', name, `more than ${mostAliases} aliases`);
}

function isAlias(record: ResourceRecord): record is ResourceRecord<'SVCB' | 'HTTPS'> {
	return (record.type === 'SVCB' || record.type === 'HTTPS') && record.priority === 0;
}
