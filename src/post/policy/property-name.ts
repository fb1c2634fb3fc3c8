/** How properties are named (RFC 9622 §4.1) and found by name. */

import { badArgument } from '../../base/errors.ts';
import { type PropertyName, type PropertyRow, propertyTable } from './properties.ts';
import { protocolKeywords } from './protocol-keywords.ts';
import { lower } from './tokens.ts';

/** A row of the table with its name. */
export interface Property extends PropertyRow {
	readonly name: PropertyName;
	/** The protocol it is a property of; undefined for all. */
	readonly namespace: string | undefined;
	/** It can be read, never set. */
	readonly readOnly: boolean;
}

/** All of them, in the order of RFC 9622. */
export const properties: readonly Property[] = Object.freeze(
	Object.entries(propertyTable as Readonly<Record<string, PropertyRow>>).map(([name, row]) =>
		Object.freeze({
			...row,
			name: name as PropertyName,
			namespace: name.includes('.') ? name.split('.')[0] : undefined,
			readOnly: row.default === undefined,
		}),
	),
);

const bySpelling = new Map(
	properties.flatMap((property) =>
		[property.name, snakeCase(property.name)].map((name) => [spell(name), property] as const),
	),
);

const bySendName = new Map(
	properties.flatMap((property) => (property.send === undefined ? [] : [[property.send, property] as const])),
);

/**
 * The property of a name, undefined if there is none: in any case, in camelCase, PascalCase, snake_case or with hyphens
 * (`connTimeout`, `CONN_TIMEOUT`, `tcp.user-timeout-value`). RFC 9622 §4.1.
 */
export function findProperty(name: string): Property | undefined {
	return bySpelling.get(spell(name));
}

/** As `findProperty`, but throws `bad-argument` and says what is wrong with the name. */
export function propertyOf(name: string): Property {
	if (typeof name !== 'string') throw badArgument(`a property is named by a string, not by ${typeof name}`);
	const property = findProperty(name);
	if (property) return property;
	const { namespace, local } = checkPropertyName(name);
	if (namespace?.startsWith('_')) throw badArgument(`there is no property "${name}": none of that vendor is known`);
	const near = properties.find((other) => spell(other.name).replace(/^.*\./, '') === spell(local));
	if (near) throw badArgument(`there is no property "${name}"; write ${near.name}`);
	throw badArgument(`there is no property "${name}" in RFC 9622 §6.2, §8 or §9.1.3; a vendor's begins with "_"`);
}

/** The property that `send` calls so, by its short name or any of its full ones; undefined if there is none. */
export function findMessageProperty(name: string): Property | undefined {
	const property = bySendName.get(name) ?? findProperty(name);
	return property?.class === 'message' ? property : undefined;
}

export interface PropertyNameParts {
	/** A protocol's acronym, or a vendor's name with its underscore. */
	readonly namespace: string | undefined;
	readonly local: string;
}

/**
 * Splits `[namespace.]name`. Throws `bad-argument` for another form, and for a vendor that calls itself like a protocol
 * (RFC 9622 §4.1).
 */
export function checkPropertyName(name: string): PropertyNameParts {
	const [all, namespace, local] = /^(?:(_?[a-z0-9][\w-]*)\.)?([a-z][\w-]*)$/i.exec(name) ?? [];
	if (all === undefined) {
		throw badArgument(`${JSON.stringify(name.slice(0, 80))} is no property name; write name or namespace.name`);
	}
	if (namespace?.startsWith('_') && protocolKeywords.has(lower(namespace.slice(1)))) {
		throw badArgument(`"${name}": ${namespace.slice(1)} is the keyword of a protocol, so no vendor may be called so`);
	}
	return { namespace, local: local! };
}

/** The name for tools that write `conn_timeout` and `tcp.user_timeout_value` (RFC 9622 §4.1). */
export function snakeCase(name: PropertyName): string {
	return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}

/** The name for tools that write `ConnTimeout` and `tcp.UserTimeoutValue` (RFC 9622 §4.1). */
export function pascalCase(name: PropertyName): string {
	return name.replace(/[a-z]\w*$/, (local) => local[0]!.toUpperCase() + local.slice(1));
}

function spell(name: string): string {
	return lower(name).replaceAll('_', '-');
}
