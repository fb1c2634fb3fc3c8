/**
 * Gathering (RFC 9623 §4.1): which ways out of here a policy allows, and in which order. Pure, but for asking a stack
 * for its interfaces, and that only where the policy has a wish that the stack's own choice cannot be known to fulfil.
 */

import type { IpAddress } from '../../base/address.ts';
import type { Interface, Stack } from '../../stack/stack.ts';
import type { Local } from '../endpoint/local.ts';
import type { Candidate } from '../policy/eligibility.ts';
import type { PathFacts } from '../policy/features.ts';
import { type Dropped, select } from '../policy/selection.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import { standsOn, type Transport } from '../transport/transport.ts';
import { noPath } from './no-path.ts';
import { isOnlyPreferred, isPreferred, wishesAddress, wishesInterface } from './wishes.ts';

/** A local end and what may be done from it: the first branch of a race. */
export interface CandidatePath extends Candidate {
	/** `kernel`, `wlan0`, `wlan0 of /net/vpn0`. */
	readonly name: string;
	readonly local: Local;
	readonly path: PathFacts;
	/** Where to come from, the preferred first; undefined where the stack chooses. */
	readonly addresses: readonly IpAddress[] | undefined;
	/** The preferred first. */
	readonly families: readonly (4 | 6)[];
	/** The preferred first, at least one. */
	readonly transports: readonly Transport[];
}

export interface Gathering {
	/** At least one, the preferred first. */
	readonly locals: readonly Local[];
	/** Those that may serve, the preferred first: `eligible` has judged them. */
	readonly transports: readonly Transport[];
	readonly policy: SettledPolicy;
	/** The family to try first. Default 6 (RFC 6724 §2.1). */
	readonly family?: 4 | 6 | undefined;
	/** An address of the remote means nothing beyond its link. Default false. */
	readonly linkLocal?: boolean | undefined;
	/** Milliseconds of a round trip from an interface, or from where the stack chooses, as far as known. Default: nothing is. */
	readonly roundTrip?: ((stack: Stack, bound: string | undefined) => number | undefined) | undefined;
}

/**
 * The paths, the preferred first. A Local without an interface is one path, the stack's choice, unless the policy speaks
 * of interfaces or of temporary addresses; then it is one for each of its interfaces.
 *
 * Throws `no-candidates` if nothing is left, with what speaks against each.
 */
export function gather(gathering: Gathering): readonly CandidatePath[] {
	const { locals, policy } = gathering;
	const found = locals.flatMap((local) => expand(local, gathering));
	const { candidates, dropped } = select(found.filter(isPath), policy);
	if (candidates.length > 0) return candidates;
	throw noPath([...dropped, ...found.flatMap((one) => (isPath(one) ? [] : [one]))], locals, policy);
}

function isPath(one: CandidatePath | Dropped<Candidate>): one is CandidatePath {
	return 'transports' in one;
}

function expand(local: Local, gathering: Gathering): (CandidatePath | Dropped<Candidate>)[] {
	const { policy } = gathering;
	const side = policy.action === 'listen' ? 'listen' : 'initiate';
	const transports = gathering.transports.filter((each) => standsOn(each, local.stack, side));
	if (transports.length === 0) return [];
	if (!wishesInterface(policy) && !wishesAddress(policy)) return [chosenByStack(local, transports, gathering)];

	const overIp = transports.filter(({ features }) => features.addressing === 'ip');
	const files = transports.filter(({ features }) => features.addressing === 'unix');
	const narrowed = local.interface !== undefined || local.address !== undefined;
	const bound = local.stack.interfaces?.().filter((each) => overIp.length > 0 && isOf(local, each));
	const paths = bound?.toSorted(loopbackLast).map((each) => over(each, local, overIp, gathering));
	if (paths?.length === 0 && narrowed) return [unplaced(local)];
	if (!narrowed && isOnlyPreferred(policy)) {
		const preferred = paths?.filter((one) => isPath(one) && isPreferred(one.path, policy)) ?? [];
		return [...preferred, chosenByStack(local, transports, gathering)];
	}
	return [
		...(paths ?? (overIp.length > 0 ? [chosenByStack(local, overIp, gathering)] : [])),
		...(files.length > 0 && !narrowed ? [{ ...chosenByStack(local, files, gathering), path: nowhere }] : []),
	];
}

/** What a Local names is not there. */
function unplaced({ stack, address, interface: bound }: Local): Dropped<Candidate> {
	const what = [address, bound && `interface ${bound}`].filter(Boolean).join(' on ');
	return { candidate: { name: stack.name }, reasons: [{ property: 'interface', text: `has no ${what}` }] };
}

/** A Unix socket is on no network. */
const nowhere: PathFacts = { interface: null, pvds: [] };

function chosenByStack(
	local: Local,
	transports: readonly Transport[],
	{ family = 6, roundTrip }: Gathering,
): CandidatePath {
	const { address, stack, interface: bound, pvds } = local;
	const has = { 4: stack.features.ipv4, 6: stack.features.ipv6 };
	const families = address ? [address.family] : ([family, other(family)] as const).filter((each) => has[each]);
	const path = { interface: bound, pvds, roundTrip: roundTrip?.(stack, bound) };
	return { name: stack.name, local, path, addresses: undefined, families, transports };
}

/** The path over one interface, or why it is none. */
function over(
	{ name, type, loopback, addresses, temporary }: Interface,
	local: Local,
	transports: readonly Transport[],
	{ policy, locals, family = 6, linkLocal = false, roundTrip }: Gathering,
): CandidatePath | Dropped<Candidate> {
	const severalStacks = new Set(locals.map(({ stack }) => stack)).size > 1;
	const candidate = {
		name: severalStacks ? `${name} of ${local.stack.name}` : name,
		path: {
			interface: name,
			interfaceType: type ?? (loopback ? 'loopback' : undefined),
			pvds: local.pvds,
			roundTrip: roundTrip?.(local.stack, name),
		},
	} as const;
	// RFC 4007 §4: an address of the link reaches nothing beyond it.
	const sources = addresses.filter((each) => (isPinned(local) ? isFrom(local, each) : linkLocal || !each.isLinkLocal));
	const judged = select(
		[family, other(family)].flatMap((family) =>
			sources
				.filter((address) => address.family === family)
				.map((ip) => ({
					name: String(ip),
					ip,
					address: { family, temporary: temporary?.some((each) => each.equals(ip)) } as const,
				})),
		),
		policy,
	);
	if (judged.candidates.length === 0) {
		const none = { property: 'interface', text: 'has no address that reaches beyond its link' } as const;
		return { candidate, reasons: [judged.dropped[0]?.reasons ?? none].flat() };
	}
	const eligible = judged.candidates.map(({ ip }) => ip);
	const families = [...new Set(eligible.map(({ family }) => family))];
	return { ...candidate, local, addresses: eligible, families, transports };
}

function isOf(local: Local, { name, addresses }: Interface): boolean {
	if (local.interface !== undefined && local.interface !== name) return false;
	return !isPinned(local) || addresses.some((each) => isFrom(local, each));
}

/** It names one address to come from. */
function isPinned({ address }: Local): boolean {
	return address !== undefined && !address.isUnspecified;
}

function isFrom({ address }: Local, own: IpAddress): boolean {
	return address?.withZone(undefined).equals(own.withZone(undefined)) === true;
}

/** It leads nowhere but to this host, and fails at once for all else. */
function loopbackLast(one: Interface, other: Interface): number {
	return Number(one.loopback) - Number(other.loopback);
}

function other(family: 4 | 6): 4 | 6 {
	return family === 4 ? 6 : 4;
}
