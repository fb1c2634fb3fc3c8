/** What transports, paths and addresses declare of themselves, so that selection can be a function of data. */

import type { InterfaceType } from '../../stack/stack.ts';
import type { Direction, Preference } from './tokens.ts';

/** The selection properties that tell transports apart (RFC 9622 §6.2), by the names of the RFC. */
export const featureNames = [
	'reliability',
	'preserveMsgBoundaries',
	'perMsgReliability',
	'preserveOrder',
	'zeroRttMsg',
	'multistreaming',
	'fullChecksumSend',
	'fullChecksumRecv',
	'congestionControl',
	'keepAlive',
	'softErrorNotify',
	'activeReadBeforeSend',
] as const;
export type FeatureName = (typeof featureNames)[number];

/**
 * A transport gives a feature, or does not, or is told to per connection: `opt-in` gives it where it is required or
 * preferred (keep-alive packets of TCP), `opt-out` where it is neither avoided nor prohibited (the order of SCTP).
 */
export type Support = boolean | 'opt-in' | 'opt-out';

/** What one transport gives, as this version drives it: what the protocol could do besides counts for nothing. */
export interface SelectionFeatures extends Readonly<Record<FeatureName, Support>> {
	/** It can use several paths at once (RFC 9622 §6.2.14). */
	readonly multipath: boolean;
	/** What it can be used for; one that goes both ways serves any wish (RFC 9622 §6.2.16). */
	readonly direction: Direction;
	/** The peer never gets a message twice. Without it every message must be safely replayable (RFC 9622 §9.1.3.4). */
	readonly deliversOnce: boolean;
}

/** What is known of a path. What is undefined is unknown, and then fulfils neither a requirement nor a prohibition. */
export interface PathFacts {
	/** The interface it is bound to; undefined if the stack chooses one, null for none, as of a Unix socket. */
	readonly interface?: string | null | undefined;
	readonly interfaceType?: InterfaceType | undefined;
	/** The provisioning domains it belongs to, by name, number or type; empty if it is known to have none. */
	readonly pvds?: readonly string[] | undefined;
	/** Milliseconds of a round trip, by what was measured. Give coarse figures: any difference counts. */
	readonly roundTrip?: number | undefined;
	/** Bits per second that went through at best, each way. Coarse, too. */
	readonly sendRate?: number | undefined;
	readonly recvRate?: number | undefined;
}

/** What is known of the local address that a candidate would come from. */
export interface AddressFacts {
	readonly family: 4 | 6;
	/** A temporary one (RFC 8981); undefined if the stack cannot tell. */
	readonly temporary?: boolean | undefined;
}

/** Whether a connection has the feature, given what was asked for: what a preference reads as once it stands. */
export function gives(support: Support, preference: Preference): boolean {
	if (typeof support === 'boolean') return support;
	if (preference === 'none') return support === 'opt-out';
	return preference === 'require' || preference === 'prefer';
}
