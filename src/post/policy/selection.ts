/** Which candidates are tried, in which order, and what the chosen one turned out to give (RFC 9622 §6.2). */

import { PostSocketsError } from '../../base/errors.ts';
import {
	type Boundaries,
	type Candidate,
	hasFeature,
	isTemporary,
	type Reason,
	reasonsAgainst,
} from './eligibility.ts';
import { type AddressFacts, type FeatureName, featureNames, type SelectionFeatures } from './features.ts';
import { compareRanks, rankOf } from './ranking.ts';
import type { SettledPolicy, SettledSelection } from './settled.ts';

export interface SelectionOptions<C> {
	/** How messages are framed: a framing with boundaries gives them over any transport. Default: no boundaries. */
	readonly framing?: Boundaries | undefined;
	/** The policy of the system: why it forbids a candidate, or undefined. Ask it anew each time (RFC 9623 §3.2). */
	readonly veto?: ((candidate: C) => string | undefined) | undefined;
}

export interface Selection<C> {
	/** Those that may be tried, the preferred first. */
	readonly candidates: readonly C[];
	/** Those that may not, in the order of the input. */
	readonly dropped: readonly Dropped<C>[];
}

export interface Dropped<C> {
	readonly candidate: C;
	readonly reasons: readonly Reason[];
}

/**
 * The candidates that the policy allows, the preferred first. The same input gives the same result; where the
 * policy has no opinion the order of the input stands, so put first what you would choose.
 */
export function select<C extends Candidate>(
	candidates: readonly C[],
	policy: SettledPolicy,
	{ framing, veto }: SelectionOptions<C> = {},
): Selection<C> {
	const judged = candidates.map((candidate) => {
		const vetoed = veto?.(candidate);
		const system = vetoed === undefined ? [] : [{ property: undefined, text: vetoed }];
		return { candidate, reasons: [...reasonsAgainst(candidate, policy, framing), ...system] };
	});
	const ranked = judged
		.filter(({ reasons }) => reasons.length === 0)
		.map(({ candidate }) => ({ candidate, rank: rankOf(candidate, policy, framing) }));
	return {
		candidates: ranked.toSorted((one, other) => compareRanks(one.rank, other.rank)).map(({ candidate }) => candidate),
		dropped: judged.filter(({ reasons }) => reasons.length > 0),
	};
}

/**
 * The error of a selection that left nothing: each candidate and why it was dropped. `no-candidates`; `not-permitted`
 * if the system's policy alone stood in the way of one (RFC 9623 §3.2).
 */
export function noCandidates(dropped: readonly Dropped<Candidate>[], operation: string): PostSocketsError {
	const vetoed = dropped.some(({ reasons }) => reasons.every(({ property }) => property === undefined));
	const why = dropped.map(
		({ candidate, reasons }) => `${candidate.name} ${reasons.map(({ text }) => text).join(', ')}`,
	);
	const unframed = dropped.find(({ reasons }) => reasons.every(({ property }) => property === 'preserveMsgBoundaries'));
	const advice = unframed ? `. A framing with boundaries would make ${unframed.candidate.name} fit` : '';
	const nothing =
		dropped.length === 0 ? 'there is nothing to choose from' : `nothing fits the policy: ${why.join('; ')}`;
	return new PostSocketsError(vetoed ? 'not-permitted' : 'no-candidates', nothing + advice, { operation });
}

/** Selection properties as they read once the connection stands: preferences have become facts, the rest is as set. */
export type SelectionReadBack = Readonly<Record<FeatureName | 'useTemporaryLocalAddress', boolean>> &
	Pick<SettledSelection, 'interface' | 'pvd' | 'multipath' | 'advertisesAltaddr' | 'direction'>;

/** What the established connection gives (RFC 9622 §6.2): a fact that is not known reads as false. */
export function readBack(
	{ features, address }: { readonly features: SelectionFeatures; readonly address?: AddressFacts | undefined },
	policy: SettledPolicy,
	framing?: Boundaries,
): SelectionReadBack {
	const { interface: interfaces, pvd, multipath, advertisesAltaddr, direction } = policy.selection;
	const has = (name: FeatureName) => hasFeature(name, features, policy, framing);
	const facts = Object.fromEntries(featureNames.map((name) => [name, has(name)])) as Record<FeatureName, boolean>;
	const useTemporaryLocalAddress = address !== undefined && isTemporary(address) === true;
	return { ...facts, useTemporaryLocalAddress, interface: interfaces, pvd, multipath, advertisesAltaddr, direction };
}
