/** What an association remembers, kind by kind: the shape of each and how long it holds (RFC 9623 §9.1). */

import type { StoredObject, StoredValue } from './value.ts';

interface FieldTypes {
	number: number;
	string: string;
	boolean: boolean;
	bytes: Uint8Array;
	list: readonly StoredValue[];
}

type Shape = Readonly<Record<string, keyof FieldTypes>>;

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export const kinds = {
	/** Per network, name and type: an answer of DNS with its records. Its own TTL, at most a day. */
	name: { lifetime: day, shape: { source: 'string', records: 'list' } },
	/** Per name, port, ALPN and security: a TLS session, to be used once. Its own lifetime, at most 7 days (RFC 8446 §4.6.1). */
	ticket: { lifetime: 7 * day, shape: { session: 'bytes' } },
	/** Per network and remote: what worked last. RFC 6555 §4.2: "on the order of ten minutes". */
	winner: {
		lifetime: 10 * minute,
		shape: { protocol: 'string', address: 'string', port: 'number', family: 'number', milliseconds: 'number' },
	},
	/**
	 * Per network, protocol and address or prefix: failures in a row. They count for 10 to 110 minutes (decay.ts), and are
	 * known for longer, so that the next one is one in a row.
	 */
	failure: { lifetime: 4 * hour, shape: { count: 'number' } },
	/** Per network and address, prefix, path to a remote or all: the round trip. Ages fast (RFC 9623 §9.2). */
	rtt: { lifetime: 10 * minute, shape: { srtt: 'number', rttvar: 'number' } },
	/** Per network and address: longer than this many ms, as an attempt that was given up has shown (H-75). */
	censored: { lifetime: 10 * minute, shape: { over: 'number' } },
	/** Per network, protocol and address or prefix: attempts that worked and that did not. Ages slowly (RFC 9623 §9.2). */
	success: { lifetime: 2 * day, shape: { good: 'number', bad: 'number', latency: 'number' } },
	/** Per network and question (`udp`): whether the path lets it through. Decays as failures do. */
	path: { lifetime: 4 * hour, shape: { open: 'boolean', count: 'number' } },
} as const satisfies Readonly<Record<string, { readonly lifetime: number; readonly shape: Shape }>>;

export type Kind = keyof typeof kinds;

export type Fields<K extends Kind> = {
	readonly [Name in keyof (typeof kinds)[K]['shape']]: FieldTypes[(typeof kinds)[K]['shape'][Name] & keyof FieldTypes];
};

/** One thing remembered, and when it was learnt (ms since 1970). */
export type Note<K extends Kind> = Fields<K> & { readonly at: number };

/** The fields of each note. */
const fieldsOf = new Map(
	Object.entries(kinds).map(([kind, { shape }]) => [
		kind,
		Object.entries<keyof FieldTypes>({ ...shape, at: 'number' }),
	]),
);

/** Undefined unless every field is there with its type: a store may hold what another program put there. */
export function noteOf<K extends Kind>(kind: K, value: StoredValue | undefined): Note<K> | undefined {
	if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
		return undefined;
	const fields = value as StoredObject;
	const whole = fieldsOf.get(kind)!.every(([name, type]) => isOf(type, fields[name]));
	return whole ? (fields as unknown as Note<K>) : undefined;
}

function isOf(type: keyof FieldTypes, value: StoredValue | undefined): boolean {
	if (type === 'bytes') return value instanceof Uint8Array;
	if (type === 'list') return Array.isArray(value);
	return typeof value === type;
}
