/** Which address to come from, and which to try first: the rules of RFC 6724, on plain data. */

import type { IpAddress } from './address.ts';
import { Prefix } from './prefix.ts';
import { PrefixTable } from './prefix-table.ts';

/** An address one could come from. */
export interface SourceCandidate {
	readonly address: IpAddress;
	/** Bits of its network. Default all of them. */
	readonly prefixLength?: number | undefined;
	/** The name of its interface. */
	readonly interface?: string | undefined;
	/** Its preferred lifetime is over. RFC 4862 §5.5.4 */
	readonly deprecated?: boolean | undefined;
	/** RFC 8981. */
	readonly temporary?: boolean | undefined;
}

/**
 * The best of `candidates` to come from (RFC 6724 §5), of the family of the destination; undefined if there is none.
 * `outgoing` is the name of the interface that the packet leaves by. Rules 4, home addresses, and 5.5 do not apply here.
 */
export function selectSource<T extends SourceCandidate>(
	destination: IpAddress,
	candidates: readonly T[],
	outgoing?: string,
): T | undefined {
	let best: T | undefined;
	for (const candidate of candidates) {
		if (candidate.address.family !== destination.family) continue;
		if (best === undefined || compareSources(destination, candidate, best, outgoing) < 0) best = candidate;
	}
	return best;
}

/** Below 0 where `a` is the better one to come from. RFC 6724 §5 */
export function compareSources(
	destination: IpAddress,
	a: SourceCandidate,
	b: SourceCandidate,
	outgoing?: string,
): number {
	const same = ({ address }: SourceCandidate) => address.commonPrefixLength(destination) === 8 * lengthOf(address);
	return (
		first(same(a), same(b)) || // 1: the destination itself
		compareScopes(scopeOf(a.address), scopeOf(b.address), scopeOf(destination)) || // 2
		first(!a.deprecated, !b.deprecated) || // 3
		(outgoing === undefined ? 0 : first(a.interface === outgoing, b.interface === outgoing)) || // 5
		first(matches(a.address, destination), matches(b.address, destination)) || // 6: the same label
		first(!!a.temporary, !!b.temporary) || // 7
		commonLength(b, destination) - commonLength(a, destination) // 8
	);
}

/** A destination, and the source that a packet to it would have; without one it cannot be reached. */
export interface DestinationCandidate {
	readonly address: IpAddress;
	readonly source: SourceCandidate | undefined;
}

/**
 * Sorted by what to try first (RFC 6724 §6); those that the rules do not tell apart keep their order. Rules 4 and 7,
 * home addresses and tunnels, do not apply here.
 */
export function sortDestinations<T extends DestinationCandidate>(candidates: readonly T[]): T[] {
	return [...candidates].sort(compareDestinations);
}

/** Below 0 where `a` is to be tried first. RFC 6724 §6 */
export function compareDestinations(a: DestinationCandidate, b: DestinationCandidate): number {
	if (a.source === undefined || b.source === undefined) return first(!!a.source, !!b.source); // 1
	const scopes = [scopeOf(a.address), scopeOf(b.address)] as const;
	const sameScope = (index: 0 | 1, source: SourceCandidate) => scopes[index] === scopeOf(source.address);
	return (
		first(sameScope(0, a.source), sameScope(1, b.source)) || // 2
		first(!a.source.deprecated, !b.source.deprecated) || // 3
		first(matches(a.source.address, a.address), matches(b.source.address, b.address)) || // 5
		policyOf(b.address).precedence - policyOf(a.address).precedence || // 6
		scopes[0] - scopes[1] || // 8
		(a.address.family === b.address.family ? commonLength(b.source, b.address) - commonLength(a.source, a.address) : 0)
	);
}

export interface AddressPolicy {
	/** The higher the sooner. */
	readonly precedence: number;
	/** A source and a destination of one label belong together. */
	readonly label: number;
}

/** The row of the default policy table. IPv4 is asked as IPv4-mapped. RFC 6724 §2.1 */
export function policyOf(address: IpAddress): AddressPolicy {
	return address.unmapped().family === 4 ? mapped : policies().match(address)!.value;
}

/** RFC 4007 §6, as the 4 bits of a multicast address: 2 is the link, 5 the site, 14 the world. RFC 6724 §3.1, §3.2 */
export function scopeOf(address: IpAddress): number {
	if (address.isLoopback || address.isLinkLocal) return 2;
	if (address.family === 4) return 14;
	if (address.isMulticast) return address.bytes[1]! & 15;
	return siteLocal.contains(address) ? 5 : 14;
}

const mapped: AddressPolicy = { precedence: 35, label: 4 };
const siteLocal = Prefix.parse('fec0::/10');

let table: PrefixTable<AddressPolicy> | undefined;

function policies(): PrefixTable<AddressPolicy> {
	if (table !== undefined) return table;
	table = new PrefixTable<AddressPolicy>();
	const rows = [
		['::1/128', 50, 0],
		['::/0', 40, 1],
		['2002::/16', 30, 2],
		['2001::/32', 5, 5],
		['fc00::/7', 3, 13],
		['::/96', 1, 3],
		['fec0::/10', 1, 11],
		['3ffe::/16', 1, 12],
	] as const;
	for (const [prefix, precedence, label] of rows) table.set(Prefix.parse(prefix), { precedence, label });
	return table;
}

/** Those that hold come before those that do not. */
function first(a: boolean, b: boolean): number {
	return Number(b) - Number(a);
}

/** The smallest scope that still reaches the destination's. RFC 6724 §5 rule 2 */
function compareScopes(a: number, b: number, destination: number): number {
	if (a === b) return 0;
	return a < b ? (a < destination ? 1 : -1) : b < destination ? -1 : 1;
}

function matches(a: IpAddress, b: IpAddress): boolean {
	return policyOf(a).label === policyOf(b).label;
}

/** No more bits than the network of the source has. RFC 6724 §2.2 */
function commonLength({ address, prefixLength }: SourceCandidate, destination: IpAddress): number {
	return Math.min(address.commonPrefixLength(destination), prefixLength ?? 128);
}

function lengthOf(address: IpAddress): number {
	return address.family === 4 ? 4 : 16;
}
