/** What is known without asking anybody: literals, names that mean this host, and names no server must see. */

import { IpAddress } from '../base/address.ts';
import { foldName, isWithin, splitName } from '../wire/dns/name.ts';
import { internet, type ResourceRecord, type TypeName } from '../wire/dns/record.ts';
import { type Finding, nothing } from './finding.ts';

/** Names that no server is asked about: RFC 6761 §6.4, RFC 7686 §2, RFC 9476 §3. */
const nowhere: Readonly<Record<string, string>> = { invalid: 'RFC 6761', onion: 'RFC 7686', alt: 'RFC 9476' };

/**
 * The finding for an address written as text, `localhost` (RFC 6761 §6.3), the names above, and those under `.local`:
 * they belong to multicast DNS (RFC 6762 §3) unless `search` has a domain there, for then its servers know it. Undefined
 * for all others.
 */
export function specialFinding(name: string, type: TypeName, search: readonly string[]): Finding | undefined {
	const folded = foldName(name);
	const top = splitName(folded).at(-1) ?? '';
	if (top === 'localhost') return localFinding(name, type, [IpAddress.loopback4, IpAddress.loopback6], 'localhost');
	if (Object.hasOwn(nowhere, top)) return nothing('not-found', name, nowhere[top]!);
	if (top !== 'local') return undefined;
	const known = search.some((domain) => isWithin(domain, 'local') && isWithin(folded, domain));
	return known ? undefined : nothing('not-found', name, 'RFC 6762');
}

/** The finding where these addresses are all there is. */
export function localFinding(name: string, type: TypeName, addresses: readonly IpAddress[], source: string): Finding {
	const records: ResourceRecord[] = [];
	for (const address of addresses) {
		const own = address.family === 4 ? 'A' : 'AAAA';
		if (own === type) records.push({ name, class: internet, ttl: 0, type: own, address });
	}
	if (records.length === 0) return nothing('empty', name, source);
	return { status: 'found', records, name, source, ttl: 0, size: 0 };
}
