/** The named values of RFC 9622 as this library spells them: lower case, words joined by a hyphen. */

import type { InterfaceType } from '../../stack/stack.ts';

/** How much a property matters (RFC 9622 §4.2); `none` is the RFC's No Preference. */
export const preferences = ['require', 'prefer', 'none', 'avoid', 'prohibit'] as const;
export type Preference = (typeof preferences)[number];

/** A preference for each of some names, of interfaces or provisioning domains: `{ wlan0: 'prefer' }`. */
export type PreferenceSet = Readonly<Record<string, Preference>>;

/** What a carrier is for (RFC 9622 §6.2.16). */
export const directions = ['bidirectional', 'unidirectional-send', 'unidirectional-receive'] as const;
export type Direction = (typeof directions)[number];

/** Whether several paths are used at once (RFC 9622 §6.2.14). */
export const multipathModes = ['disabled', 'active', 'passive'] as const;
export type MultipathMode = (typeof multipathModes)[number];

/** What several paths are used for (RFC 9622 §8.1.7). */
export const multipathPolicies = ['handover', 'interactive', 'aggregate'] as const;
export type MultipathPolicy = (typeof multipathPolicies)[number];

/** What the traffic needs of the network (RFC 9622 §8.1.6). */
export const capacityProfiles = [
	'default',
	'scavenger',
	'low-latency-interactive',
	'low-latency-non-interactive',
	'constant-rate-streaming',
	'capacity-seeking',
] as const;
export type CapacityProfile = (typeof capacityProfiles)[number];

/** How the members of a group share what there is (RFC 8260 §3.1 to §3.6, in that order). */
export const schedulers = [
	'first-come-first-served',
	'round-robin',
	'round-robin-per-packet',
	'priority-based',
	'fair-capacity',
	'weighted-fair-queueing',
] as const;
export type Scheduler = (typeof schedulers)[number];

/** The life of a carrier in the RFC's four words (RFC 9622 §11). */
export const connectionStates = ['establishing', 'established', 'closing', 'closed'] as const;
export type ConnectionState = (typeof connectionStates)[number];

/** Kinds of interface a policy may speak of, whether this host has one or not (RFC 9622 §6.2.11). */
export const interfaceTypes = [
	'wi-fi',
	'cellular',
	'wired',
	'loopback',
	'virtual',
] as const satisfies readonly InterfaceType[];

/**
 * Which of `tokens` a text means, undefined if none: in any case, its words joined by hyphens, underscores, slashes,
 * spaces or nothing, as in `Low Latency/Interactive`, `LOW_LATENCY_INTERACTIVE` and `LowLatencyInteractive`.
 */
export function tokenOf<T extends string>(text: unknown, tokens: readonly T[]): T | undefined {
	if (typeof text !== 'string') return undefined;
	const spelled = lower(text).replace(/[\s_,/-]+/g, '-');
	const meant = spelled === 'no-preference' || spelled === 'nopreference' ? 'none' : spelled;
	return tokens.find((token) => token === meant || token.replaceAll('-', '') === meant);
}

/** Only ASCII has the case that names and tokens ignore: the Kelvin sign is no k. */
export function lower(text: string): string {
	return text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}
