/** Whether a candidate may be used at all: Prohibit and Require (RFC 9622 §6.2, RFC 9623 §4.1.3), and why not. */

import {
	type AddressFacts,
	type FeatureName,
	featureNames,
	gives,
	type PathFacts,
	type SelectionFeatures,
} from './features.ts';
import type { PropertyName } from './properties.ts';
import { isAsked, type SettledPolicy } from './settled.ts';
import { interfaceTypes, lower, type Preference, tokenOf } from './tokens.ts';

/**
 * One way to connect, or the part of one that is known yet: a transport, a path, a local address, or any of them
 * together. A part that is missing is not judged; select again once it is known.
 */
export interface Candidate {
	/** For messages: `tcp`, `wlan0`, `tcp over wlan0`. */
	readonly name: string;
	readonly features?: SelectionFeatures | undefined;
	readonly path?: PathFacts | undefined;
	readonly address?: AddressFacts | undefined;
}

/** A framing with boundaries of its own gives them over any transport (RFC 9622 §6.2.2). */
export interface Boundaries {
	readonly preservesBoundaries: boolean;
}

/** Why a candidate was dropped. */
export interface Reason {
	/** The property it fails; undefined if it was the veto of the system. */
	readonly property: PropertyName | undefined;
	/** To stand behind its name: `has no message boundaries (preserveMsgBoundaries is required)`. */
	readonly text: string;
}

/** All reasons against a candidate; none if it is eligible. */
export function reasonsAgainst(candidate: Candidate, policy: SettledPolicy, framing?: Boundaries): readonly Reason[] {
	const { features, path, address } = candidate;
	return [
		...(path ? againstPath(path, policy) : []),
		...(features ? againstFeatures(features, policy, framing) : []),
		...(address ? againstAddress(address, policy) : []),
	];
}

/** The preference that counts for a feature: a rendezvous has no active side (RFC 9622 §6.2.18). */
export function preferenceFor(name: FeatureName, { action, selection }: SettledPolicy): Preference {
	return name === 'activeReadBeforeSend' && action === 'rendezvous' ? 'none' : selection[name];
}

/** Whether the feature is there under this policy; boundaries that are wished for may be the framing's. */
export function hasFeature(
	name: FeatureName,
	features: SelectionFeatures,
	policy: SettledPolicy,
	framing?: Boundaries,
): boolean {
	const preference = preferenceFor(name, policy);
	if (gives(features[name], preference)) return true;
	const unwanted = preference === 'avoid' || preference === 'prohibit';
	return name === 'preserveMsgBoundaries' && !unwanted && framing?.preservesBoundaries === true;
}

/** Whether a path is of an interface, by its name or its type; undefined if that is not known. */
export function isOfInterface(path: PathFacts, name: string): boolean | undefined {
	if (path.interface === name) return true;
	if (path.interface === null) return false;
	const type = tokenOf(name, interfaceTypes);
	if (type !== undefined) return path.interfaceType === undefined ? undefined : path.interfaceType === type;
	return path.interface === undefined ? undefined : false;
}

/** Whether a path is in a provisioning domain, whose names are domain names (RFC 8801); undefined if not known. */
export function isInDomain({ pvds }: PathFacts, name: string): boolean | undefined {
	return pvds?.some((pvd) => lower(pvd) === lower(name));
}

/** Whether an address is temporary; undefined if not known. */
export function isTemporary({ family, temporary }: AddressFacts): boolean | undefined {
	return family === 4 ? false : temporary;
}

function againstFeatures(features: SelectionFeatures, policy: SettledPolicy, framing?: Boundaries): Reason[] {
	const { selection, message } = policy;
	const reasons = featureNames.flatMap((name): Reason[] => {
		const wish = preferenceFor(name, policy);
		const has = hasFeature(name, features, policy, framing);
		if (wish === 'require' && !has) return [reason(name, `has no ${phrases[name]}`, 'required', policy)];
		if (wish === 'prohibit' && has) return [reason(name, `has ${phrases[name]}`, 'prohibited', policy)];
		return [];
	});
	// RFC 9622 §6.2.16: what goes both ways serves one way as well.
	if (features.direction !== 'bidirectional' && features.direction !== selection.direction) {
		reasons.push(reason('direction', `is ${features.direction}`, selection.direction, policy));
	}
	// RFC 9622 §9.1.3.4
	if (!features.deliversOnce && !message.safelyReplayable) {
		reasons.push(reason('safelyReplayable', 'may deliver a message twice', 'false', policy));
	}
	return reasons;
}

function againstPath(path: PathFacts, policy: SettledPolicy): Reason[] {
	const judge = (property: 'interface' | 'pvd', is: (name: string) => boolean | undefined) =>
		Object.entries(policy.selection[property]).flatMap(([name, wish]): Reason[] => {
			const known = is(name);
			const said = `${property} "${name}" is ${wish === 'require' ? 'required' : 'prohibited'}`;
			if (wish === 'require' && known !== true) {
				return [{ property, text: `${known === undefined ? 'may not be' : 'is not'} on ${name} (${said})` }];
			}
			if (wish === 'prohibit' && known !== false) {
				return [{ property, text: `${known === undefined ? 'may be' : 'is'} on ${name} (${said})` }];
			}
			return [];
		});
	return [
		...judge('interface', (name) => isOfInterface(path, name)),
		...judge('pvd', (name) => isInDomain(path, name)),
	];
}

function againstAddress(address: AddressFacts, policy: SettledPolicy): Reason[] {
	const name = 'useTemporaryLocalAddress';
	const wish = policy.selection[name];
	const temporary = isTemporary(address);
	const from = address.family === 4 ? 'IPv4, which has no temporary addresses' : 'an address that lasts';
	if (wish === 'require' && temporary !== true) {
		const text = temporary === undefined ? 'may come from an address that lasts' : `comes from ${from}`;
		return [reason(name, text, 'required', policy)];
	}
	if (wish === 'prohibit' && temporary !== false) {
		const text = temporary === undefined ? 'may come from a temporary address' : 'comes from a temporary address';
		return [reason(name, text, 'prohibited', policy)];
	}
	return [];
}

function reason(property: PropertyName, text: string, value: string, policy: SettledPolicy): Reason {
	return { property, text: `${text} (${property} is ${value}${isAsked(policy, property) ? '' : ' by default'})` };
}

const phrases: Readonly<Record<FeatureName, string>> = {
	reliability: 'reliable delivery',
	preserveMsgBoundaries: 'message boundaries',
	perMsgReliability: 'reliability per message',
	preserveOrder: 'order of delivery',
	zeroRttMsg: 'message before the handshake',
	multistreaming: 'streams',
	fullChecksumSend: 'checksum over all it sends',
	fullChecksumRecv: 'checksum over all it receives',
	congestionControl: 'congestion control',
	keepAlive: 'keep-alive packets',
	softErrorNotify: 'notice of ICMP errors',
	activeReadBeforeSend: 'listeners that send first',
};
