/** The options of DHCP. RFC 2132, RFC 3396 for those that come in pieces, RFC 3442 for routes */

import { IpAddress } from '../base/address.ts';
import { concat } from '../base/bytes.ts';
import { Prefix } from '../base/prefix.ts';
import type { Flaw } from './codec.ts';
import { decodeText, encodeText } from './dhcp-text.ts';
import { putUint16, putUint32, uint16, uint32 } from './network-order.ts';

/** Times are seconds, `0xffffffff` without end; lists have at least one member. */
export interface DhcpOptions {
	readonly messageType?: DhcpMessageType | undefined;
	readonly subnetMask?: IpAddress | undefined;
	/** The most preferred first. To be ignored beside `routes`. */
	readonly routers?: readonly IpAddress[] | undefined;
	readonly nameServers?: readonly IpAddress[] | undefined;
	readonly hostName?: string | undefined;
	readonly domainName?: string | undefined;
	readonly mtu?: number | undefined;
	readonly broadcastAddress?: IpAddress | undefined;
	readonly requestedAddress?: IpAddress | undefined;
	readonly leaseTime?: number | undefined;
	readonly serverIdentifier?: IpAddress | undefined;
	/** Codes of options. */
	readonly parameterRequestList?: Uint8Array | undefined;
	/** What went wrong, for people. */
	readonly message?: string | undefined;
	readonly maximumMessageSize?: number | undefined;
	readonly renewalTime?: number | undefined;
	readonly rebindingTime?: number | undefined;
	readonly vendorClass?: Uint8Array | undefined;
	readonly clientIdentifier?: Uint8Array | undefined;
	/** How long to do without IPv4 where IPv6 suffices. RFC 8925 */
	readonly ipv6OnlyWait?: number | undefined;
	readonly routes?: readonly DhcpRoute[] | undefined;
	/** All others, and those above with a length they cannot have, in the order in which they came. */
	readonly other?: readonly DhcpOption[] | undefined;
}

export type DhcpMessageType = (typeof messageTypes)[number];

export interface DhcpRoute {
	/** Only its network counts. */
	readonly prefix: Prefix;
	/** `0.0.0.0`: on the link. */
	readonly router: IpAddress;
}

export interface DhcpOption {
	readonly code: number;
	readonly data: Uint8Array;
}

/** The code of each option that has a name, as `parameterRequestList` has them. */
export const dhcpOptionCode = {
	messageType: 53,
	subnetMask: 1,
	routers: 3,
	nameServers: 6,
	hostName: 12,
	domainName: 15,
	mtu: 26,
	broadcastAddress: 28,
	requestedAddress: 50,
	leaseTime: 51,
	serverIdentifier: 54,
	parameterRequestList: 55,
	message: 56,
	maximumMessageSize: 57,
	renewalTime: 58,
	rebindingTime: 59,
	vendorClass: 60,
	clientIdentifier: 61,
	ipv6OnlyWait: 108,
	routes: 121,
} as const;

/**
 * Reads the field of options, and those of the file and the server's name if it says that they are overloaded, in that
 * order (RFC 2131 §4.1); `overload` has 1 for the file and 2 for the name.
 */
export function parse(
	field: Uint8Array,
	file: Uint8Array,
	name: Uint8Array,
): { readonly known: DhcpOptions; readonly overload: number } | Flaw {
	const pieces = new Map<number, Uint8Array[]>();
	if (!collect(field, pieces)) return 'malformed';
	const overload = pieces.get(overloadCode)?.[0]?.[0] ?? 0;
	if (overload & 1 && !collect(file, pieces)) return 'malformed';
	if (overload & 2 && !collect(name, pieces)) return 'malformed';
	pieces.delete(overloadCode);
	const known: Record<string, unknown> = {};
	const other: DhcpOption[] = [];
	for (const [code, parts] of pieces) {
		const data = concat(parts);
		const key = keys.get(code);
		const value = key === undefined ? undefined : formats[key].read(data);
		if (value === undefined) other.push({ code, data });
		else known[key!] = value;
	}
	if (other.length > 0) known['other'] = other;
	return { known, overload };
}

export function lengthOf(options: DhcpOptions): number {
	return encoded(options).reduce((sum, { data }) => sum + data.length + 2 * piecesOf(data), 1);
}

/** Writes the options and their end: the message type first, then those with a name, then the others. */
export function emit(options: DhcpOptions, out: Uint8Array, offset: number): number {
	let at = offset;
	for (const { code, data } of encoded(options)) {
		for (let piece = 0; piece < piecesOf(data); piece += 1) {
			const part = data.subarray(255 * piece, 255 * (piece + 1));
			out[at] = code;
			out[at + 1] = part.length;
			out.set(part, at + 2);
			at += 2 + part.length;
		}
	}
	out[at] = endCode;
	return at + 1;
}

const padCode = 0;
const overloadCode = 52;
const endCode = 255;

const messageTypes = ['discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'] as const;

interface Format<T> {
	/** Undefined for a length or a value that cannot be. */
	read(data: Uint8Array): T | undefined;
	write(value: T): Uint8Array;
}

const bytes: Format<Uint8Array> = { read: (data) => data, write: (value) => value };

/** Some senders end a text with NUL, which is not part of it. RFC 2132 §2 */
const text: Format<string> = {
	read: (data) => decodeText(data).replace(/\0+$/, ''),
	write: encodeText,
};

const number16: Format<number> = {
	read: (data) => (data.length === 2 ? uint16(data, 0) : undefined),
	write(value) {
		const data = new Uint8Array(2);
		putUint16(data, 0, value);
		return data;
	},
};

const number32: Format<number> = {
	read: (data) => (data.length === 4 ? uint32(data, 0) : undefined),
	write(value) {
		const data = new Uint8Array(4);
		putUint32(data, 0, value);
		return data;
	},
};

const address: Format<IpAddress> = {
	read: (data) => (data.length === 4 ? IpAddress.at(data, 0, 4) : undefined),
	write: (value) => value.bytes,
};

const addresses: Format<readonly IpAddress[]> = {
	read(data) {
		if (data.length === 0 || data.length % 4 !== 0) return undefined;
		return Array.from({ length: data.length / 4 }, (_, index) => IpAddress.at(data, 4 * index, 4));
	},
	write: (value) => concat(value.map((one) => one.bytes)),
};

const messageType: Format<DhcpMessageType> = {
	read: (data) => (data.length === 1 ? messageTypes[data[0]! - 1] : undefined),
	write: (value) => Uint8Array.of(messageTypes.indexOf(value) + 1),
};

/** Of each network only the bytes that its length reaches. RFC 3442 */
const routes: Format<readonly DhcpRoute[]> = {
	read(data) {
		const list: DhcpRoute[] = [];
		for (let at = 0; at < data.length; ) {
			const length = data[at]!;
			const significant = (length + 7) >> 3;
			const next = at + 1 + significant + 4;
			if (length > 32 || next > data.length) return undefined;
			const network = new Uint8Array(4);
			network.set(data.subarray(at + 1, at + 1 + significant));
			const prefix = Prefix.of(Prefix.of(IpAddress.from(network), length).network, length);
			list.push({ prefix, router: IpAddress.at(data, next - 4, 4) });
			at = next;
		}
		return list.length === 0 ? undefined : list;
	},
	write: (value) =>
		concat(
			value.flatMap(({ prefix, router }) => {
				const significant = prefix.network.bytes.subarray(0, (prefix.length + 7) >> 3);
				return [Uint8Array.of(prefix.length), significant, router.bytes];
			}),
		),
};

type Key = keyof typeof dhcpOptionCode;

const formats: { readonly [K in Key]: Format<NonNullable<DhcpOptions[K]>> } = {
	messageType,
	subnetMask: address,
	routers: addresses,
	nameServers: addresses,
	hostName: text,
	domainName: text,
	mtu: number16,
	broadcastAddress: address,
	requestedAddress: address,
	leaseTime: number32,
	serverIdentifier: address,
	parameterRequestList: bytes,
	message: text,
	maximumMessageSize: number16,
	renewalTime: number32,
	rebindingTime: number32,
	vendorClass: bytes,
	clientIdentifier: bytes,
	ipv6OnlyWait: number32,
	routes,
};

const keys = new Map(Object.entries(dhcpOptionCode).map(([key, code]) => [code as number, key as Key]));

/** False if an option reaches beyond the field. A field may lack its end. */
function collect(field: Uint8Array, pieces: Map<number, Uint8Array[]>): boolean {
	for (let at = 0; at < field.length; ) {
		const code = field[at]!;
		if (code === endCode) return true;
		if (code === padCode) {
			at += 1;
			continue;
		}
		const next = at + 2 + (field[at + 1] ?? 0);
		if (next > field.length) return false;
		const piece = field.subarray(at + 2, next);
		const known = pieces.get(code);
		if (known === undefined) pieces.set(code, [piece]);
		else known.push(piece);
		at = next;
	}
	return true;
}

function encoded(options: DhcpOptions): DhcpOption[] {
	const list = [...keys].flatMap(([code, key]) => encodeOne(code, key, options));
	return options.other === undefined ? list : [...list, ...options.other];
}

function encodeOne<K extends Key>(code: number, key: K, options: DhcpOptions): DhcpOption[] {
	const value = options[key];
	return value === undefined ? [] : [{ code, data: formats[key].write(value as NonNullable<DhcpOptions[K]>) }];
}

function piecesOf(data: Uint8Array): number {
	return Math.max(1, Math.ceil(data.length / 255));
}
