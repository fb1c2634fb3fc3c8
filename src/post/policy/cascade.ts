/**
 * From layers of wishes to one settled policy: the association's, the carrier's, and the defaults of what is left. Pure,
 * and done before anything is asked or opened.
 */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { contradictions } from './contradictions.ts';
import type { Policy } from './policy.ts';
import type { Action, PropertyClass, PropertyDefault, PropertyName, PropertyValue } from './properties.ts';
import { type Property, properties, propertyOf } from './property-name.ts';
import { checkValue } from './property-value.ts';
import type { SettledConnection, SettledMessage, SettledPolicy, SettledSelection } from './settled.ts';

/**
 * One policy out of layers, the most general first: of each property the last value stands, whole (a later `interface`
 * replaces an earlier one), `undefined` being none. Names may be spelled as `findProperty` takes them.
 *
 * Throws `bad-argument` for what is no property, has no such value or can only be read, and `policy-contradiction` with
 * all that contradicts itself (RFC 9623 §3.1).
 */
export function settle(action: Action, ...layers: readonly (Policy | undefined)[]): SettledPolicy {
	const asked: Policy = Object.freeze(Object.assign({}, ...layers.map((layer) => readLayer(layer, propertyOf))));
	const connection = group('connection', action, asked) as SettledConnection;
	const message = group('message', action, asked) as SettledMessage;
	const policy: SettledPolicy = Object.freeze({
		action,
		asked,
		selection: Object.freeze(group('selection', action, asked) as SettledSelection),
		connection: Object.freeze({
			...connection,
			// RFC 9622 §8.2.3: false once connTimeout is used, whatever was asked for.
			'tcp.userTimeoutChangeable': connection['tcp.userTimeoutChangeable'] && connection.connTimeout === 'disabled',
		}),
		message: Object.freeze({
			...message,
			msgCapacityProfile: message.msgCapacityProfile ?? connection.connCapacityProfile,
		}),
	});
	const wrong = contradictions(policy);
	if (wrong.length === 0) return policy;
	throw new PostSocketsError('policy-contradiction', wrong.join('; '), { operation: action });
}

/**
 * The policy with one property changed, as it may be while a carrier lives (RFC 9622 §8); the one that was stays as it
 * is. Throws as `settle` does, and `bad-argument` for selection properties, which are fixed by then (RFC 9622 §4).
 */
export function change(policy: SettledPolicy, name: string, value: unknown): SettledPolicy {
	const property = propertyOf(name);
	if (property.class === 'selection') {
		throw badArgument(`${property.name} is fixed once a carrier is initiated or a listener stands`);
	}
	return settle(policy.action, policy.asked, { [property.name]: checkValue(settable(property), value) });
}

/** One layer under the names of the RFC, its values checked. Throws `bad-argument`. */
export function readLayer(layer: unknown, find: (name: string) => Property): Record<string, PropertyValue> {
	const read: Record<string, PropertyValue> = {};
	if (layer === undefined) return read;
	if (Object.prototype.toString.call(layer) !== '[object Object]') {
		throw badArgument('properties are a plain object, such as { reliability: "require", msgLifetime: 500 }');
	}
	for (const [name, value] of Object.entries(layer as object)) {
		if (value === undefined) continue;
		const property = settable(find(name));
		if (Object.hasOwn(read, property.name)) throw badArgument(`${name} is given twice, in two spellings`);
		read[property.name] = checkValue(property, value);
	}
	return read;
}

function settable(property: Property): Property {
	if (!property.readOnly) return property;
	throw badArgument(`${property.name} can only be read`);
}

/** The properties of one class: as asked for, else by default, else undefined where the default is another property's. */
function group(of: PropertyClass, action: Action, asked: Policy): object {
	const given = asked as Readonly<Partial<Record<PropertyName, PropertyValue>>>;
	const values: Partial<Record<PropertyName, PropertyValue | undefined>> = {};
	for (const { name, default: unsaid } of byClass[of]) values[name] = given[name] ?? defaultOf(unsaid!, action);
	return values;
}

function defaultOf(unsaid: PropertyDefault, action: Action): PropertyValue | undefined {
	if ('value' in unsaid) return unsaid.value;
	return 'by' in unsaid ? unsaid.by[action] : undefined;
}

function settableOf(of: PropertyClass): readonly Property[] {
	return properties.filter((property) => property.class === of && !property.readOnly);
}

const byClass = {
	selection: settableOf('selection'),
	connection: settableOf('connection'),
	message: settableOf('message'),
};
