/** Arbitrary policies for the tests. */

import fc from 'fast-check';
import type { Policy } from './policy.ts';
import type { PropertyValue } from './properties.ts';
import { type Property, properties } from './property-name.ts';
import { interfaceTypes, preferences } from './tokens.ts';

const anyPreference = fc.constantFrom(...preferences);

/** Any value that the property may have. */
export function anyValueOf({ type }: Property): fc.Arbitrary<PropertyValue> {
	switch (type.kind) {
		case 'preference':
			return anyPreference;
		case 'preferences':
			return fc.dictionary(
				fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('wlan0', 'eth0', ...interfaceTypes)),
				anyPreference,
				{
					maxKeys: 4,
					noNullPrototype: true,
				},
			);
		case 'boolean':
			return fc.boolean();
		case 'enumeration':
			return fc.constantFrom(...type.tokens);
		case 'integer':
			return orToken(
				fc.maxSafeNat().map((value) => Math.max(value, type.least)),
				type.or,
			);
		case 'numeric':
			return orToken(fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }), type.or);
	}
}

/** Any layer, contradictions included. */
export const anyPolicy: fc.Arbitrary<Policy> = fc.record(
	Object.fromEntries(
		properties.filter(({ readOnly }) => !readOnly).map((property) => [property.name, anyValueOf(property)]),
	),
	{ requiredKeys: [] },
);

/** The same layer with its keys in another order. */
export function shuffled<T extends object>(layer: T): fc.Arbitrary<T> {
	const entries = Object.entries(layer);
	return fc
		.shuffledSubarray(entries, { minLength: entries.length, maxLength: entries.length })
		.map((pairs) => Object.fromEntries(pairs) as T);
}

function orToken(numbers: fc.Arbitrary<number>, token: string | undefined): fc.Arbitrary<PropertyValue> {
	return token === undefined ? numbers : fc.oneof(numbers, fc.constant(token));
}
