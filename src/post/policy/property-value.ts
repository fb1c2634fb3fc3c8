/** The values of properties: checked when they come from code, read and written as text for tools. */

import { badArgument } from '../../base/errors.ts';
import type { PropertyValue, ValueType } from './properties.ts';
import type { Property } from './property-name.ts';
import { lower, preferences, tokenOf } from './tokens.ts';

/**
 * The value as the settled policy keeps it: tokens in their one spelling, sets copied and frozen. Throws `bad-argument`
 * that names the property, what was given and what may be.
 */
export function checkValue(property: Property, given: unknown): PropertyValue {
	const { type } = property;
	const value = type.kind === 'preferences' ? checkSet(property, given) : checkPlain(type, given);
	if (value === undefined) throw badArgument(`${property.name} is ${show(given)}; it is ${describeType(type)}`);
	return value;
}

/**
 * The value of a text as `printValue` writes it: `prefer`, `true`, `250`, `wlan0=prefer,cellular=prohibit`. Throws
 * `bad-argument` as `checkValue` does.
 */
export function parseValue(property: Property, text: string): PropertyValue {
	const { type, name } = property;
	if (type.kind === 'preferences') return checkValue(property, parseSet(name, text));
	if (type.kind === 'boolean') {
		const word = lower(text);
		return checkValue(property, word === 'true' || (word === 'false' ? false : text));
	}
	const isNumber = (type.kind === 'integer' || type.kind === 'numeric') && /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text);
	return checkValue(property, isNumber ? Number(text) : text);
}

/** The value as text, for `parseValue` and for people. */
export function printValue(value: PropertyValue): string {
	if (typeof value !== 'object') return String(value);
	return Object.entries(value)
		.map(([name, preference]) => `${name.replace(/[%,=]/g, encodeURIComponent)}=${preference}`)
		.join(',');
}

/** What may stand there: `a number of milliseconds above 0 or "disabled"`. */
export function describeType(type: ValueType): string {
	switch (type.kind) {
		case 'preference':
			return `one of ${preferences.join(', ')}`;
		case 'preferences':
			return `an object of ${type.of}, each with one of ${preferences.join(', ')}`;
		case 'boolean':
			return 'true or false';
		case 'enumeration':
			return `one of ${type.tokens.join(', ')}`;
		default: {
			const what = type.kind === 'integer' ? 'a whole number' : 'a number';
			const unit = type.unit === undefined ? '' : ` of ${units[type.unit]}`;
			const bound = type.kind === 'integer' ? ` from ${type.least}` : ' above 0';
			return `${what}${unit}${bound}${type.or === undefined ? '' : ` or "${type.or}"`}`;
		}
	}
}

const units = { ms: 'milliseconds', bytes: 'bytes', 'bit/s': 'bits per second' } as const;

function checkPlain(type: Exclude<ValueType, { kind: 'preferences' }>, given: unknown): PropertyValue | undefined {
	switch (type.kind) {
		case 'boolean':
			return typeof given === 'boolean' ? given : undefined;
		case 'preference':
			return tokenOf(given, preferences);
		case 'enumeration':
			return tokenOf(given, type.tokens);
		default: {
			if (typeof given !== 'number') return type.or === undefined ? undefined : tokenOf(given, [type.or]);
			const fits = type.kind === 'integer' ? Number.isSafeInteger(given) && given >= type.least : given > 0;
			return fits && Number.isFinite(given) ? Math.abs(given) : undefined;
		}
	}
}

function checkSet({ name }: Property, given: unknown): PropertyValue | undefined {
	if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
	const entries = Object.entries(given).filter(([, value]) => value !== undefined);
	const checked = entries.map(([key, value]) => {
		if (key === '') throw badArgument(`${name} has a preference for ""; a name has a character at least`);
		const preference = tokenOf(value, preferences);
		if (preference !== undefined) return [key, preference] as const;
		throw badArgument(`${name} has ${show(value)} for ${show(key)}; it is one of ${preferences.join(', ')}`);
	});
	return Object.freeze(Object.fromEntries(checked));
}

function parseSet(name: string, text: string): Record<string, string> {
	if (text === '') return {};
	const pairs = text.split(',').map((pair) => {
		const [, key, preference] = /^([^=]*)=([^=]*)$/.exec(pair) ?? [];
		if (key === undefined) throw badArgument(`${name} has ${show(pair)}; write name=preference,name=preference`);
		return [key.replace(/%(25|2C|3D)/gi, decodeURIComponent), preference!] as const;
	});
	return Object.fromEntries(pairs);
}

/** Any value as words of a bounded length; nothing of its own is run. */
function show(value: unknown): string {
	if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
	if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
	if (typeof value === 'function') return 'a function';
	return typeof value === 'bigint' ? `the bigint ${value}` : String(value);
}
