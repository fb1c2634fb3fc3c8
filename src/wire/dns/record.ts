/** Resource records: what each type says, as plain data. A type is one line in `forms`. */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { malformed, type Reader } from './reader.ts';
import { readService, type Service, writeService } from './service.ts';
import type { Writer } from './writer.ts';

/** By type. */
export interface RecordData {
	readonly A: Address;
	readonly AAAA: Address;
	readonly CNAME: Target;
	readonly NS: Target;
	readonly PTR: Target;
	readonly SOA: Authority;
	readonly MX: { readonly preference: number; readonly exchange: string };
	/** Strings of at most 255 octets, at least one of them. */
	readonly TXT: { readonly strings: readonly Uint8Array[] };
	/** RFC 2782. */
	readonly SRV: { readonly priority: number; readonly weight: number; readonly port: number; readonly target: string };
	/** RFC 8659. `flags`: 128 for critical. */
	readonly CAA: { readonly flags: number; readonly tag: string; readonly value: Uint8Array };
	readonly SVCB: Service;
	readonly HTTPS: Service;
}

interface Address {
	readonly address: IpAddress;
}

interface Target {
	readonly target: string;
}

/** RFC 1035 §3.3.13; times in seconds. */
interface Authority {
	readonly primary: string;
	/** A mailbox, its `@` written as a dot. */
	readonly mailbox: string;
	readonly serial: number;
	readonly refresh: number;
	readonly retry: number;
	readonly expire: number;
	/** How long it may be remembered that there is no such record (RFC 2308 §4). */
	readonly minimum: number;
}

export type TypeName = keyof RecordData;

export interface RecordOwner {
	readonly name: string;
	/** 1: the Internet. */
	readonly class: number;
	/** Seconds. */
	readonly ttl: number;
}

export type ResourceRecord<T extends TypeName = TypeName> = {
	[K in T]: RecordOwner & { readonly type: K } & RecordData[K];
}[T];

/** A type this codec does not know, or data that does not fit its type. Names in it are not decompressed. */
export interface OpaqueRecord extends RecordOwner {
	readonly type: number;
	readonly data: Uint8Array;
}

export type AnyRecord = ResourceRecord | OpaqueRecord;

/** Of the Internet. */
export const internet = 1;

interface Form<Data> {
	readonly number: number;
	/** Throws `malformed`. */
	read(reader: Reader): Data;
	/** Throws `bad-argument`. */
	write(data: Data, writer: Writer): void;
}

const forms: { readonly [T in TypeName]: Form<RecordData[T]> } = {
	A: addressForm(1, 4),
	NS: targetForm(2),
	CNAME: targetForm(5),
	SOA: {
		number: 6,
		read: (reader) => ({
			primary: reader.name(),
			mailbox: reader.name(),
			serial: reader.u32(),
			refresh: reader.u32(),
			retry: reader.u32(),
			expire: reader.u32(),
			minimum: reader.u32(),
		}),
		write({ primary, mailbox, serial, refresh, retry, expire, minimum }, writer) {
			writer.name(primary);
			writer.name(mailbox);
			for (const number of [serial, refresh, retry, expire, minimum]) writer.u32(number);
		},
	},
	PTR: targetForm(12),
	MX: {
		number: 15,
		read: (reader) => ({ preference: reader.u16(), exchange: reader.name() }),
		write({ preference, exchange }, writer) {
			writer.u16(preference);
			writer.name(exchange);
		},
	},
	TXT: {
		number: 16,
		read(reader) {
			const strings = [];
			do strings.push(reader.octets(reader.u8()));
			while (reader.left > 0);
			return { strings };
		},
		write({ strings }, writer) {
			if (strings.length === 0) throw badArgument('a TXT record has at least one string', 'dns');
			for (const string of strings) writer.shortString(string);
		},
	},
	AAAA: addressForm(28, 6),
	SRV: {
		number: 33,
		// Written plain, but old servers compress it (RFC 3597 §4).
		read: (reader) => ({
			priority: reader.u16(),
			weight: reader.u16(),
			port: reader.u16(),
			target: reader.name(),
		}),
		write({ priority, weight, port, target }, writer) {
			for (const number of [priority, weight, port]) writer.u16(number);
			writer.name(target, 'plain');
		},
	},
	SVCB: { number: 64, read: readService, write: writeService },
	HTTPS: { number: 65, read: readService, write: writeService },
	CAA: {
		number: 257,
		read(reader) {
			const flags = reader.u8();
			const tag = String.fromCharCode(...reader.octets(reader.u8()));
			if (!isTag(tag)) throw malformed;
			return { flags, tag, value: reader.octets() };
		},
		write({ flags, tag, value }, writer) {
			if (!isTag(tag)) throw badArgument(`"${tag}" is no CAA tag: ASCII letters and digits`, 'dns');
			writer.u8(flags);
			writer.shortString(Uint8Array.from(tag, (character) => character.charCodeAt(0)));
			writer.octets(value);
		},
	},
};

const names = new Map(Object.entries(forms).map(([name, { number }]) => [number, name as TypeName]));

/** The number of a type on the wire. */
export function typeNumber(type: TypeName | number): number {
	return typeof type === 'number' ? type : forms[type].number;
}

/** The name of a type, if this codec knows it; else its number. */
export function typeOf(number: number): TypeName | number {
	return names.get(number) ?? number;
}

/** The data of a record, all that `reader` has. */
export function readData(owner: RecordOwner, type: number, reader: Reader): AnyRecord {
	const name = names.get(type);
	const start = reader.offset;
	try {
		if (name !== undefined) {
			const data = forms[name].read(reader);
			if (reader.left === 0) return { ...owner, type: name, ...data } as ResourceRecord;
		}
	} catch (error) {
		if (error !== malformed) throw error;
	}
	reader.offset = start;
	return { ...owner, type, data: reader.octets() };
}

export function writeData(record: AnyRecord, writer: Writer): void {
	if (isOpaque(record)) writer.octets(record.data);
	else (forms[record.type] as Form<never>).write(record as never, writer);
}

function isOpaque(record: AnyRecord): record is OpaqueRecord {
	return typeof record.type === 'number';
}

function addressForm(number: number, family: 4 | 6): Form<Address> {
	return {
		number,
		read: (reader) => ({ address: IpAddress.from(reader.octets(family === 4 ? 4 : 16)) }),
		write({ address }, writer) {
			if (address.family !== family) throw badArgument(`${address} is no IPv${family} address`, 'dns');
			writer.octets(address.bytes);
		},
	};
}

function targetForm(number: number): Form<Target> {
	return {
		number,
		read: (reader) => ({ target: reader.name() }),
		write: ({ target }, writer) => writer.name(target),
	};
}

function isTag(text: string): boolean {
	return /^[a-z\d]{1,255}$/i.test(text);
}
