/** A policy in which every property has its value: what carriers and listeners work with. */

import type { ConnectionProperties, MessageProperties, Policy, SelectionProperties } from './policy.ts';
import type { Action, PropertyName } from './properties.ts';

type Settled<Properties> = { readonly [Name in keyof Properties]-?: Exclude<Properties[Name], undefined> };

export type SettledSelection = Settled<SelectionProperties>;

export type SettledConnection = Settled<ConnectionProperties>;

/** Unset order and reliability are those of the transport, whichever it will be (RFC 9622 §9.1.3.3, §9.1.3.7). */
export type SettledMessage = Settled<Omit<MessageProperties, 'msgOrdered' | 'msgReliable'>> & {
	readonly msgOrdered: boolean | undefined;
	readonly msgReliable: boolean | undefined;
};

/** Frozen to the ground; shares nothing with the objects it was made of (RFC 9622 §1.1). */
export interface SettledPolicy {
	readonly action: Action;
	/** What was asked for, of all layers, as opposed to what is so by default (RFC 9623 §4.1.3). */
	readonly asked: Policy;
	readonly selection: SettledSelection;
	readonly connection: SettledConnection;
	/** The message of which nothing else is said. */
	readonly message: SettledMessage;
}

/** Whether the property was asked for, at any layer. */
export function isAsked({ asked }: SettledPolicy, name: PropertyName): boolean {
	return Object.hasOwn(asked, name);
}
