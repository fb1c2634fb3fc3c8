/**
 * Which of two eligible candidates comes first: Prefer orders, Avoid breaks ties (RFC 9623 §4.1.3). The path decides
 * before the transport (RFC 9622 §6.2), the transport before the address; what was asked for before what is so by
 * default. Among equals the order of the input stands.
 */

import {
	type Boundaries,
	type Candidate,
	hasFeature,
	isInDomain,
	isOfInterface,
	isTemporary,
	preferenceFor,
} from './eligibility.ts';
import {
	type AddressFacts,
	type FeatureName,
	featureNames,
	type PathFacts,
	type SelectionFeatures,
} from './features.ts';
import { isAsked, type SettledPolicy } from './settled.ts';
import type { Preference } from './tokens.ts';

/** Compared from the left, the smaller first. */
export type Rank = readonly number[];

/** The rank of a candidate, as long for all: a part that is missing is as one of which nothing is wished. */
export function rankOf({ path, features, address }: Candidate, policy: SettledPolicy, framing?: Boundaries): Rank {
	return [
		...(path ? rankPath(path, policy) : [0, 0, 0, 0]),
		...(features ? rankFeatures(features, policy, framing) : [0, 0, 0, 0]),
		...(address ? rankAddress(address, policy) : [0]),
	];
}

export function compareRanks(one: Rank, other: Rank): number {
	for (const [index, value] of one.entries()) {
		const second = other[index]!;
		if (value !== second) return value < second ? -1 : 1;
	}
	return 0;
}

interface Wish {
	readonly preference: Preference;
	readonly fulfilled: boolean;
}

function rankPath(path: PathFacts, policy: SettledPolicy): Rank {
	const { selection, connection } = policy;
	const wishes = [
		...Object.entries(selection.interface).map(([name, preference]) => wish(preference, isOfInterface(path, name))),
		...Object.entries(selection.pvd).map(([name, preference]) => wish(preference, isInDomain(path, name))),
	];
	const { roundTrip = Infinity, sendRate, recvRate } = path;
	const rates = shortfall(connection.minSendRate, sendRate) + shortfall(connection.minRecvRate, recvRate);
	return [...rankWishes(wishes), rates, byProfile()];

	// RFC 9623 §4.1.3, "Capacity Profile"
	function byProfile(): number {
		switch (connection.connCapacityProfile) {
			case 'low-latency-interactive':
			case 'low-latency-non-interactive':
				return roundTrip;
			case 'capacity-seeking':
				return -((sendRate ?? 0) + (recvRate ?? 0));
			default:
				return 0;
		}
	}
}

function rankFeatures(features: SelectionFeatures, policy: SettledPolicy, framing?: Boundaries): Rank {
	const wishOf = (name: FeatureName) => wish(preferenceFor(name, policy), hasFeature(name, features, policy, framing));
	const asked = featureNames.filter((name) => isAsked(policy, name)).map(wishOf);
	const unsaid = featureNames.filter((name) => !isAsked(policy, name)).map(wishOf);
	// RFC 9622 §6.2.14: any mode but "disabled" prefers what can use several paths.
	const multipath = wish(policy.selection.multipath === 'disabled' ? 'none' : 'prefer', features.multipath);
	(isAsked(policy, 'multipath') ? asked : unsaid).push(multipath);
	return [...rankWishes(asked), ...rankWishes(unsaid)];
}

/** A preference for temporary addresses is one for IPv6 where the stack cannot tell (RFC 9623 §4.1.1.1). */
function rankAddress(address: AddressFacts, { selection }: SettledPolicy): Rank {
	const temporary = isTemporary(address);
	if (selection.useTemporaryLocalAddress === 'prefer')
		return [temporary === true ? 0 : temporary === undefined ? 1 : 2];
	if (selection.useTemporaryLocalAddress === 'avoid') return [temporary === true ? 1 : 0];
	return [0];
}

function rankWishes(wishes: readonly Wish[]): Rank {
	const fulfilled = (preference: Preference) =>
		wishes.filter((wish) => wish.preference === preference && wish.fulfilled).length;
	return [-fulfilled('prefer'), fulfilled('avoid')];
}

function wish(preference: Preference, fulfilled: boolean | undefined): Wish {
	return { preference, fulfilled: fulfilled === true };
}

/** 0 for a bound that is met or none, 1 if nobody knows, 2 for one that is not. */
function shortfall(bound: number | 'unlimited', rate: number | undefined): number {
	if (bound === 'unlimited') return 0;
	return rate === undefined ? 1 : rate < bound ? 2 : 0;
}
