/** Properties of a carrier, read and set by name: for tools, and for whatever is not typed (RFC 9622 §8). */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { change } from './cascade.ts';
import type { Boundaries } from './eligibility.ts';
import type { AddressFacts, SelectionFeatures } from './features.ts';
import { asSent } from './message-policy.ts';
import type { ReadOnlyProperties } from './policy.ts';
import type { PropertyValue } from './properties.ts';
import { type Property, propertyOf } from './property-name.ts';
import { readBack, type SelectionReadBack } from './selection.ts';
import type { SettledConnection, SettledMessage, SettledPolicy, SettledSelection } from './settled.ts';

/** What a carrier is, as far as its properties tell. */
export interface CarrierFacts {
	readonly policy: SettledPolicy;
	/** What it runs on; undefined until it is established, and kept when it is closed. */
	readonly established?: EstablishedFacts | undefined;
	/** Default: no boundaries. */
	readonly framing?: Boundaries | undefined;
	readonly readOnly: ReadOnlyProperties;
}

export interface EstablishedFacts {
	/** `tls`, `tcp`, `udp`, ... */
	readonly transport: string;
	readonly features: SelectionFeatures;
	/** Of its local end. */
	readonly address?: AddressFacts | undefined;
}

/** Preferences until it is established, then whether the transport has what they are about (RFC 9622 §6.2, §8). */
export type ReadProperties = (SettledSelection | SelectionReadBack) &
	SettledConnection &
	SettledMessage &
	ReadOnlyProperties;

/** All properties, as they are now. */
export function readProperties({ policy, established, framing, readOnly }: CarrierFacts): ReadProperties {
	const selection = established ? readBack(established, policy, framing) : policy.selection;
	const message = established ? asSent(policy.message, policy, established.features) : policy.message;
	return { ...selection, ...policy.connection, ...message, ...readOnly };
}

/** One property by any spelling of its name; undefined for what only the transport will decide. Throws `bad-argument`. */
export function readProperty(facts: CarrierFacts, name: string): PropertyValue | undefined {
	return readProperties(facts)[propertyOf(name).name];
}

/** Whether a boolean or a preference holds: of a preference that is not established yet, whether it must (RFC 9622 §8). */
export function hasProperty(facts: CarrierFacts, name: string): boolean {
	const { type } = propertyOf(name);
	if (type.kind !== 'boolean' && type.kind !== 'preference') {
		throw badArgument(`${name} is neither a boolean nor a preference: read its value`);
	}
	const value = readProperty(facts, name);
	return value === true || value === 'require';
}

/** The policy as it now is, or why nothing has changed. */
export type Setting =
	| { readonly policy: SettledPolicy; readonly error?: undefined }
	| { readonly error: PostSocketsError; readonly policy?: undefined };

/**
 * Sets a connection property, or a message property for the messages to come. What is wrong with it is returned, and
 * harms nothing (RFC 9622 §8): `bad-argument`, `policy-contradiction`, or `not-supported` for a property of another
 * protocol than the one that was established.
 */
export function setProperty({ policy, established }: CarrierFacts, name: string, value: unknown): Setting {
	try {
		const property = propertyOf(name);
		if (established && !appliesTo(property, established.transport)) {
			throw new PostSocketsError('not-supported', notOf(property, established.transport), { operation: 'set' });
		}
		return { policy: change(policy, name, value) };
	} catch (error) {
		if (error instanceof PostSocketsError) return { error };
		throw error;
	}
}

/** Whether a transport has what the property is of; TLS is over TCP. */
export function appliesTo({ namespace }: Property, transport: string): boolean {
	return namespace === undefined || namespace === transport || (namespace === 'tcp' && transport === 'tls');
}

export function notOf({ name, namespace }: Property, transport: string): string {
	return `${name} is a property of ${namespace}, and this is ${transport}`;
}
