/** The data of SVCB and HTTPS records (RFC 9460). */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { malformed, type Reader } from './reader.ts';
import { Writer } from './writer.ts';

export interface Service {
	/** 0: alias mode, the target's records count. Else lower is better. */
	readonly priority: number;
	/** `.` in alias mode: no such service; else: the owner of the record (§2.5). */
	readonly target: string;
	readonly params: ServiceParams;
}

export interface ServiceParams {
	/** Keys that who uses this record must understand, besides those of its protocol; ascending. §8 */
	readonly mandatory?: readonly number[] | undefined;
	/** Protocol ids, each character an octet. §7.1 */
	readonly alpn?: readonly string[] | undefined;
	/** The protocol's default id is not offered; only with `alpn`. */
	readonly noDefaultAlpn?: true | undefined;
	readonly port?: number | undefined;
	readonly ipv4hint?: readonly IpAddress[] | undefined;
	readonly ipv6hint?: readonly IpAddress[] | undefined;
	/** The ECHConfigList of RFC 9848. */
	readonly ech?: Uint8Array | undefined;
	/** Keys that this codec does not know; ascending. */
	readonly others?: readonly { readonly key: number; readonly value: Uint8Array }[] | undefined;
}

export const serviceKeys = {
	mandatory: 0,
	alpn: 1,
	noDefaultAlpn: 2,
	port: 3,
	ipv4hint: 4,
	ech: 5,
	ipv6hint: 6,
} as const;

type Known = Required<{ -readonly [K in keyof typeof serviceKeys]: NonNullable<ServiceParams[K]> }>;

export function readService(reader: Reader): Service {
	const priority = reader.u16();
	const target = reader.name('plain');
	const params: Partial<Known> = {};
	const others: { key: number; value: Uint8Array }[] = [];
	const keys: number[] = [];
	while (reader.left > 0) {
		const key = reader.u16();
		if (key <= (keys.at(-1) ?? -1)) throw malformed; // strictly ascending, so none is there twice: §2.2
		keys.push(key);
		const value = reader.piece(reader.u16());
		const name = nameOf(key);
		if (name === undefined) others.push({ key, value: value.octets() });
		else set(params, name, value);
		if (value.left > 0) throw malformed;
	}
	if (inconsistency(params, keys) !== undefined) throw malformed;
	return { priority, target, params: others.length > 0 ? { ...params, others } : params };
}

export function writeService({ priority, target, params }: Service, writer: Writer): void {
	writer.u16(priority);
	writer.name(target, 'plain');
	const values = new Map<number, Uint8Array>();
	const add = (key: number, write: (writer: Writer) => void) => {
		const value = new Writer();
		write(value);
		values.set(key, value.finish());
	};
	for (const [name, key] of Object.entries(serviceKeys)) {
		const value = params[name as keyof Known];
		if (value !== undefined) add(key, (to) => writers[name as keyof Known](value as never, to));
	}
	for (const { key, value } of params.others ?? []) {
		if (nameOf(key) !== undefined || values.has(key)) throw badArgument(`key ${key} is no other key`, 'dns');
		values.set(key, value);
	}
	const keys = [...values.keys()].sort((a, b) => a - b);
	const mistake = inconsistency(params, keys);
	if (mistake !== undefined) throw badArgument(mistake, 'dns');
	for (const key of keys) {
		writer.u16(key);
		writer.measured(() => writer.octets(values.get(key)!));
	}
}

function nameOf(key: number): keyof Known | undefined {
	return (Object.keys(serviceKeys) as (keyof Known)[]).find((name) => serviceKeys[name] === key);
}

function set<K extends keyof Known>(params: Partial<Known>, name: K, value: Reader): void {
	params[name] = readers[name](value);
}

/** What is wrong with these parameters taken together (§2.4.3). */
function inconsistency(params: ServiceParams, keys: readonly number[]): string | undefined {
	const { mandatory, alpn, noDefaultAlpn, ipv4hint, ipv6hint } = params;
	if ([mandatory, alpn, ipv4hint, ipv6hint].some((list) => list?.length === 0))
		return 'a list of a service is not empty';
	if (noDefaultAlpn && !alpn) return 'noDefaultAlpn goes with alpn (RFC 9460 §7.1.1)';
	for (const [index, key] of mandatory?.entries() ?? []) {
		if (key === 0 || key <= (mandatory![index - 1] ?? 0) || !keys.includes(key)) {
			return 'mandatory has keys that are there, each once, ascending, and not itself (RFC 9460 §8)';
		}
	}
	return undefined;
}

const readers: { readonly [K in keyof Known]: (reader: Reader) => Known[K] } = {
	mandatory: (reader) => until(reader, () => reader.u16()),
	alpn: (reader) => until(reader, () => String.fromCharCode(...nonEmpty(reader.octets(reader.u8())))),
	noDefaultAlpn: () => true,
	port: (reader) => reader.u16(),
	ipv4hint: (reader) => until(reader, () => IpAddress.from(reader.octets(4))),
	ech: (reader) => reader.octets(),
	ipv6hint: (reader) => until(reader, () => IpAddress.from(reader.octets(16))),
};

const writers: { readonly [K in keyof Known]: (value: Known[K], writer: Writer) => void } = {
	mandatory: (keys, writer) => keys.forEach((key) => void writer.u16(key)),
	alpn(ids, writer) {
		for (const id of ids) {
			if (!/^[\0-\xff]+$/.test(id))
				throw badArgument(`"${id}" is no ALPN id: at least one character, each an octet`, 'dns');
			writer.shortString(Uint8Array.from(id, (character) => character.charCodeAt(0)));
		}
	},
	noDefaultAlpn: () => {},
	port: (port, writer) => writer.u16(port),
	ipv4hint: (addresses, writer) => writeAddresses(addresses, 4, writer),
	ech: (list, writer) => writer.octets(list),
	ipv6hint: (addresses, writer) => writeAddresses(addresses, 6, writer),
};

function writeAddresses(addresses: readonly IpAddress[], family: 4 | 6, writer: Writer): void {
	for (const address of addresses) {
		if (address.family !== family) throw badArgument(`${address} is no IPv${family} hint`, 'dns');
		writer.octets(address.bytes);
	}
}

function until<T>(reader: Reader, read: () => T): T[] {
	const items: T[] = [];
	while (reader.left > 0) items.push(read());
	return items;
}

function nonEmpty(octets: Uint8Array): Uint8Array {
	if (octets.length === 0) throw malformed;
	return octets;
}
