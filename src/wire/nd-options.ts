/** The options of neighbor discovery. RFC 4861 §4.6, RFC 8106 §5.1, RFC 8781 §4 */

import { IpAddress } from '../base/address.ts';
import { badArgument } from '../base/errors.ts';
import { MacAddress } from '../base/mac-address.ts';
import { Prefix } from '../base/prefix.ts';
import type { Flaw } from './codec.ts';
import { putUint16, putUint32, uint16, uint32 } from './network-order.ts';

/** A lifetime of `0xffffffff` seconds has no end. */
export type NdOption =
	| { readonly kind: 'source-address' | 'target-address'; readonly address: MacAddress }
	| PrefixInformation
	| { readonly kind: 'redirected-packet'; readonly packet: Uint8Array }
	| { readonly kind: 'mtu'; readonly mtu: number }
	| { readonly kind: 'name-servers'; readonly lifetime: number; readonly servers: readonly IpAddress[] }
	| Nat64Prefix
	| OtherNdOption;

export interface PrefixInformation {
	readonly kind: 'prefix';
	/** Only its network counts. */
	readonly prefix: Prefix;
	readonly onLink: boolean;
	/** Good for making an address of one's own. */
	readonly autonomous: boolean;
	/** Seconds. */
	readonly validLifetime: number;
	/** Seconds, at most the valid lifetime. */
	readonly preferredLifetime: number;
}

export interface Nat64Prefix {
	readonly kind: 'nat64-prefix';
	/** Only its network counts; its length is 32, 40, 48, 56, 64 or 96. */
	readonly prefix: Prefix;
	/** Seconds, 0 to 65528, rounded up to a multiple of 8 when written. */
	readonly lifetime: number;
}

/** An option that is not read here; 8n - 2 bytes, padded with zeros when written. */
export interface OtherNdOption {
	readonly kind: 'other';
	readonly type: number;
	readonly data: Uint8Array;
}

/** An option without a length makes the whole message worthless (RFC 4861 §4.6). */
export function parse(bytes: Uint8Array, start: number, end: number): NdOption[] | Flaw {
	const options: NdOption[] = [];
	for (let at = start; at < end; ) {
		if (end - at < 8) return 'truncated';
		const length = 8 * bytes[at + 1]!;
		if (length === 0) return 'malformed';
		if (end - at < length) return 'truncated';
		options.push(parseOne(bytes, at, length));
		at += length;
	}
	return options;
}

export function lengthOf(options: readonly NdOption[]): number {
	return options.reduce((sum, option) => sum + lengthOfOne(option), 0);
}

/** The caller has checked that there is room. */
export function emit(options: readonly NdOption[], out: Uint8Array, offset: number): number {
	let at = offset;
	for (const option of options) {
		const length = lengthOfOne(option);
		if (length > 2040) throw badArgument(`an option of neighbor discovery has at most 2040 bytes, not ${length}`);
		out.fill(0, at, at + length);
		out[at] = option.kind === 'other' ? option.type : types[option.kind];
		out[at + 1] = length / 8;
		emitOne(option, out, at);
		at += length;
	}
	return at;
}

const types = {
	'source-address': 1,
	'target-address': 2,
	prefix: 3,
	'redirected-packet': 4,
	mtu: 5,
	'name-servers': 25,
	'nat64-prefix': 38,
} as const;

/** By the code that stands for it. RFC 8781 §4 */
const nat64Lengths = [96, 64, 56, 48, 40, 32];

function parseOne(bytes: Uint8Array, at: number, length: number): NdOption {
	switch (bytes[at]!) {
		case types['source-address']:
			if (length === 8) return { kind: 'source-address', address: MacAddress.at(bytes, at + 2) };
			break;
		case types['target-address']:
			if (length === 8) return { kind: 'target-address', address: MacAddress.at(bytes, at + 2) };
			break;
		case types.prefix:
			if (length === 32 && bytes[at + 2]! <= 128) return parsePrefix(bytes, at);
			break;
		case types['redirected-packet']:
			return { kind: 'redirected-packet', packet: bytes.subarray(at + 8, at + length) };
		case types.mtu:
			if (length === 8) return { kind: 'mtu', mtu: uint32(bytes, at + 4) };
			break;
		case types['name-servers']:
			if (length >= 24 && length % 16 === 8) {
				const servers: IpAddress[] = [];
				for (let server = at + 8; server < at + length; server += 16) servers.push(IpAddress.at(bytes, server, 6));
				return { kind: 'name-servers', lifetime: uint32(bytes, at + 4), servers };
			}
			break;
		case types['nat64-prefix']: {
			const field = uint16(bytes, at + 2);
			const prefixLength = nat64Lengths[field & 7];
			if (length !== 16 || prefixLength === undefined) break;
			const address = new Uint8Array(16);
			address.set(bytes.subarray(at + 4, at + 16));
			return { kind: 'nat64-prefix', prefix: network(IpAddress.from(address), prefixLength), lifetime: field & 0xfff8 };
		}
	}
	return { kind: 'other', type: bytes[at]!, data: bytes.subarray(at + 2, at + length) };
}

function parsePrefix(bytes: Uint8Array, at: number): PrefixInformation {
	return {
		kind: 'prefix',
		prefix: network(IpAddress.at(bytes, at + 16, 6), bytes[at + 2]!),
		onLink: (bytes[at + 3]! & 0x80) !== 0,
		autonomous: (bytes[at + 3]! & 0x40) !== 0,
		validLifetime: uint32(bytes, at + 4),
		preferredLifetime: uint32(bytes, at + 8),
	};
}

/** The bits behind the length are to be ignored. */
function network(address: IpAddress, length: number): Prefix {
	return Prefix.of(Prefix.of(address, length).network, length);
}

function lengthOfOne(option: NdOption): number {
	switch (option.kind) {
		case 'prefix':
			return 32;
		case 'nat64-prefix':
			return 16;
		case 'name-servers':
			return 8 + 16 * option.servers.length;
		case 'redirected-packet':
			return 8 + ((option.packet.length + 7) & ~7);
		case 'other':
			return (2 + option.data.length + 7) & ~7;
		default:
			return 8;
	}
}

function emitOne(option: NdOption, out: Uint8Array, at: number): void {
	switch (option.kind) {
		case 'source-address':
		case 'target-address':
			option.address.copyTo(out, at + 2);
			return;
		case 'prefix':
			out[at + 2] = option.prefix.length;
			out[at + 3] = (option.onLink ? 0x80 : 0) | (option.autonomous ? 0x40 : 0);
			putUint32(out, at + 4, option.validLifetime);
			putUint32(out, at + 8, option.preferredLifetime);
			option.prefix.network.copyTo(out, at + 16);
			return;
		case 'redirected-packet':
			out.set(option.packet, at + 8);
			return;
		case 'mtu':
			putUint32(out, at + 4, option.mtu);
			return;
		case 'name-servers':
			putUint32(out, at + 4, option.lifetime);
			for (const [index, server] of option.servers.entries()) server.copyTo(out, at + 8 + 16 * index);
			return;
		case 'nat64-prefix': {
			const code = nat64Lengths.indexOf(option.prefix.length);
			if (code < 0) throw badArgument(`${option.prefix} is no NAT64 prefix; its length is 32, 40, 48, 56, 64 or 96`);
			putUint16(out, at + 2, Math.min((option.lifetime + 7) & ~7, 0xfff8) | code);
			out.set(option.prefix.network.bytes.subarray(0, 12), at + 4);
			return;
		}
		case 'other':
			out.set(option.data, at + 2);
	}
}
