/** What a store can keep: plain data, copied on its way in and out, so that nobody can change what another one reads. */

import { badArgument } from '../../base/errors.ts';

/** What JSON can say, and bytes. */
export type StoredValue = null | boolean | number | string | Uint8Array | readonly StoredValue[] | StoredObject;

export interface StoredObject {
	readonly [name: string]: StoredValue;
}

/** Deeper than any honest value; what is deeper is most likely a cycle. */
const deepest = 32;

/**
 * A copy that shares nothing with `value`. Throws `bad-argument` for what would not come back as it was: `undefined`,
 * NaN and infinities, functions, instances of classes, holes, cycles.
 */
export function copyValue<Value extends StoredValue>(value: Value): Value {
	return copy(value, 0) as Value;
}

/** About how many bytes it takes: two per character, sixteen per number and per member. */
export function sizeOf(value: StoredValue): number {
	if (typeof value === 'string') return 16 + 2 * value.length;
	if (typeof value !== 'object' || value === null) return 16;
	if (value instanceof Uint8Array) return 32 + value.length;
	if (Array.isArray(value))
		return (value as readonly StoredValue[]).reduce<number>((sum, item) => sum + sizeOf(item), 32);
	return Object.entries(value).reduce((sum, [name, member]) => sum + 16 + 2 * name.length + sizeOf(member), 32);
}

function copy(value: unknown, depth: number): StoredValue {
	if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
	// JSON knows no negative zero: it becomes the other one here already.
	if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
	// Not slice(): a Buffer's shares the memory.
	if (value instanceof Uint8Array) return new Uint8Array(value);
	if (depth === deepest) throw badArgument(`a stored value is at most ${deepest} levels deep and has no cycles`);
	if (Array.isArray(value)) return Array.from(value, (item) => copy(item, depth + 1));
	if (isPlain(value)) return copyObject(value as StoredObject, depth + 1);
	throw badArgument(
		`${describe(value)} cannot be stored; numbers, text, booleans, null, bytes, lists and objects of them can`,
	);
}

function copyObject(value: StoredObject, depth: number): StoredObject {
	const copied: Record<string, StoredValue> = {};
	for (const name of Object.keys(value)) {
		const member = copy(value[name], depth);
		// Assigning to that name would set the prototype.
		if (name === '__proto__') Object.defineProperty(copied, name, { value: member, ...ordinary });
		else copied[name] = member;
	}
	return copied;
}

const ordinary = { writable: true, enumerable: true, configurable: true };

function isPlain(value: unknown): value is object {
	if (typeof value !== 'object' || value === null) return false;
	const prototype: unknown = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
	if (typeof value === 'object' && value !== null) return `an instance of ${value.constructor?.name ?? 'a class'}`;
	return typeof value === 'function' ? 'a function' : String(value);
}
