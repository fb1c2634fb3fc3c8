/** What a carrier really gives, as data: each property with what comes of it, and what is there or not, and why. */

import type { Stack } from '../../stack/stack.ts';
import type { Effect, PropertyName, PropertyValue } from './properties.ts';
import { appliesTo, type CarrierFacts, notOf, readProperties } from './property-access.ts';
import { properties } from './property-name.ts';
import { noteOf } from './property-notes.ts';

export interface Capability {
	/** As `readProperties` has it. */
	readonly value: PropertyValue | undefined;
	readonly effect: Effect;
	/** Of what is not enforced. */
	readonly why?: string;
}

export type Ability = keyof typeof lacking;

export interface Availability {
	readonly available: boolean;
	/** Of what is not available. */
	readonly why?: string;
}

export interface Capabilities {
	readonly properties: Readonly<Record<PropertyName, Capability>>;
	readonly abilities: Readonly<Record<Ability, Availability>>;
}

/** Things that a carrier may have or not, and what is lacking where it has not. */
const lacking = {
	acked: 'the transport does not tell when the peer has a message',
	earlyData: 'the transport sends nothing before its handshake is done',
	ecn: 'node does not show the ECN field of datagrams',
	groupVisibility: 'the transport has no streams, so its peer does not see which carriers are of one group',
	multipath: 'the transport uses one path',
	metrics: 'figures of TCP need Linux and the optional package koffi',
	nativeOptions: 'options of sockets need Linux and the optional package koffi',
	names: 'the stack resolves no names',
	interfaces: 'the stack does not tell its interfaces',
	pathChanges: 'the stack does not tell when its interfaces change',
} as const;

/**
 * `found`: abilities of which somebody knows, as `true` or as the reason against; of the others the transport and the
 * stack tell, and what neither tells is not there.
 */
export function capabilitiesOf(
	facts: CarrierFacts,
	stack: Stack,
	found: Partial<Record<Ability, true | string>> = {},
): Capabilities {
	const values = readProperties(facts);
	const { established } = facts;
	const capability = (property: (typeof properties)[number]): Capability => {
		const value = values[property.name];
		if (established && !appliesTo(property, established.transport)) {
			return { value, effect: 'none', why: notOf(property, established.transport) };
		}
		const { effect } = property;
		return effect === 'enforced' ? { value, effect } : { value, effect, why: noteOf(property) };
	};
	const known: Partial<Record<Ability, true | string | undefined>> = {
		earlyData: established?.features.zeroRttMsg ? true : undefined,
		groupVisibility: established?.features.multistreaming ? true : undefined,
		multipath: established?.features.multipath ? true : undefined,
		names: stack.resolver && true,
		interfaces: stack.interfaces && true,
		pathChanges: stack.watch && true,
		...found,
	};
	const availability = (name: Ability): Availability => {
		const told = known[name] ?? lacking[name];
		return told === true ? { available: true } : { available: false, why: told };
	};
	return {
		properties: record(properties, (property) => [property.name, capability(property)]),
		abilities: record(Object.keys(lacking) as Ability[], (name) => [name, availability(name)]),
	};
}

function record<T, Key extends string, Value>(
	list: readonly T[],
	entry: (item: T) => [Key, Value],
): Record<Key, Value> {
	return Object.fromEntries(list.map(entry)) as Record<Key, Value>;
}
