/** The headers that may stand between IPv6 and what it carries. RFC 8200 §4 */

import { badArgument } from '../base/errors.ts';
import { type Flaw, reserve } from './codec.ts';
import { ipProtocol } from './ip-protocol.ts';
import type { Ipv6View } from './ipv6.ts';
import { putUint16, putUint32, uint16, uint32 } from './network-order.ts';

export type Ipv6Extension = OptionsExtension | RoutingExtension | FragmentExtension;

export interface OptionsExtension {
	readonly kind: 'hop-by-hop' | 'destination-options';
	/** Padding is left out when reading and added when writing. */
	readonly options: readonly Ipv6Option[];
}

/** What to do with an option one does not know is in the two upper bits of its type. RFC 8200 §4.2 */
export interface Ipv6Option {
	readonly type: number;
	readonly data: Uint8Array;
}

export interface RoutingExtension {
	readonly kind: 'routing';
	readonly type: number;
	readonly segmentsLeft: number;
	/** 4 bytes, or 8n + 4. */
	readonly data: Uint8Array;
}

export interface FragmentExtension {
	readonly kind: 'fragment';
	/** Where this fragment's payload belongs, in bytes: a multiple of 8, to 65528. */
	readonly offset: number;
	readonly more: boolean;
	readonly identification: number;
}

export interface ExtensionChain {
	readonly extensions: readonly Ipv6Extension[];
	/** What follows the last extension: an `ipProtocol` to hand the payload to, or one to refuse. */
	readonly protocol: number;
	/** Where the byte lies that says so: a Parameter Problem points at it. */
	readonly protocolAt: number;
	readonly payloadStart: number;
}

/** Of one packet; more is `malformed`. */
export const maxExtensions = 8;

/** Whether a packet whose header says so has extensions to parse. */
export function isExtension(nextHeader: number): boolean {
	return nextHeader in kinds;
}

/**
 * Walks from the fixed header to the payload. It ends at a header that it does not know, at a hop-by-hop header that is
 * not the first (RFC 8200 §4.1: to be refused as unknown), and at a fragment, whose payload is not a header yet; one
 * that is not divided (RFC 6946) is passed.
 */
export function parse(packet: Ipv6View): ExtensionChain | Flaw {
	const { bytes, end } = packet;
	const extensions: Ipv6Extension[] = [];
	let protocolAt = packet.start + 6;
	let at = packet.payloadStart;
	for (;;) {
		const protocol = bytes[protocolAt]!;
		const kind = kinds[protocol];
		const last = extensions.at(-1);
		const divided = last?.kind === 'fragment' && (last.more || last.offset > 0);
		if (kind === undefined || divided || (kind === 'hop-by-hop' && last !== undefined)) {
			return { extensions, protocol, protocolAt, payloadStart: at };
		}
		if (extensions.length === maxExtensions) return 'malformed';
		if (end - at < 8) return 'truncated';
		const length = kind === 'fragment' ? 8 : 8 * (bytes[at + 1]! + 1);
		if (end - at < length) return 'truncated';
		const extension = parseOne(kind, bytes, at, at + length);
		if (typeof extension === 'string') return extension;
		extensions.push(extension);
		protocolAt = at;
		at += length;
	}
}

/** What the header before has to name as its next. */
export function firstHeader(extensions: readonly Ipv6Extension[], protocol: number): number {
	return extensions.length === 0 ? protocol : protocols[extensions[0]!.kind];
}

export function lengthOf(extensions: readonly Ipv6Extension[]): number {
	return extensions.reduce((sum, extension) => sum + lengthOfOne(extension), 0);
}

/** Writes the extensions in the order given; the last one says that `protocol` follows. */
export function emit(extensions: readonly Ipv6Extension[], protocol: number, out: Uint8Array, offset: number): number {
	const end = reserve(out, offset, lengthOf(extensions));
	out.fill(0, offset, end);
	let at = offset;
	for (const [index, extension] of extensions.entries()) {
		const length = lengthOfOne(extension);
		out[at] = firstHeader(extensions.slice(index + 1), protocol);
		emitOne(extension, out, at, at + length);
		at += length;
	}
	return end;
}

const kinds: Record<number, Ipv6Extension['kind']> = {
	[ipProtocol.hopByHop]: 'hop-by-hop',
	[ipProtocol.routing]: 'routing',
	[ipProtocol.fragment]: 'fragment',
	[ipProtocol.destinationOptions]: 'destination-options',
};

const protocols = {
	'hop-by-hop': ipProtocol.hopByHop,
	routing: ipProtocol.routing,
	fragment: ipProtocol.fragment,
	'destination-options': ipProtocol.destinationOptions,
} as const;

function parseOne(kind: Ipv6Extension['kind'], bytes: Uint8Array, at: number, end: number): Ipv6Extension | Flaw {
	if (kind === 'fragment') {
		const field = uint16(bytes, at + 2);
		return { kind, offset: field & 0xfff8, more: (field & 1) !== 0, identification: uint32(bytes, at + 4) };
	}
	if (kind === 'routing') {
		return { kind, type: bytes[at + 2]!, segmentsLeft: bytes[at + 3]!, data: bytes.subarray(at + 4, end) };
	}
	const options = parseOptions(bytes, at + 2, end);
	return typeof options === 'string' ? options : { kind, options };
}

function parseOptions(bytes: Uint8Array, start: number, end: number): Ipv6Option[] | Flaw {
	const options: Ipv6Option[] = [];
	for (let at = start; at < end; ) {
		const type = bytes[at]!;
		if (type === pad1) {
			at += 1;
			continue;
		}
		if (at + 2 > end) return 'malformed';
		const next = at + 2 + bytes[at + 1]!;
		if (next > end) return 'malformed';
		if (type !== padN) options.push({ type, data: bytes.subarray(at + 2, next) });
		at = next;
	}
	return options;
}

function lengthOfOne(extension: Ipv6Extension): number {
	switch (extension.kind) {
		case 'fragment':
			return 8;
		case 'routing':
			return (4 + extension.data.length + 7) & ~7;
		default:
			return (extension.options.reduce((sum, { data }) => sum + 2 + data.length, 2) + 7) & ~7;
	}
}

function emitOne(extension: Ipv6Extension, out: Uint8Array, start: number, end: number): void {
	if (end - start > 2048) throw badArgument(`an extension header of IPv6 has at most 2048 bytes, not ${end - start}`);
	if (extension.kind === 'fragment') {
		putUint16(out, start + 2, (extension.offset & 0xfff8) | (extension.more ? 1 : 0));
		putUint32(out, start + 4, extension.identification);
		return;
	}
	out[start + 1] = (end - start) / 8 - 1;
	if (extension.kind === 'routing') {
		out[start + 2] = extension.type;
		out[start + 3] = extension.segmentsLeft;
		out.set(extension.data, start + 4);
		return;
	}
	let at = start + 2;
	for (const { type, data } of extension.options) {
		if (data.length > 255) throw badArgument(`an option of IPv6 has at most 255 bytes, not ${data.length}`);
		out[at] = type;
		out[at + 1] = data.length;
		out.set(data, at + 2);
		at += 2 + data.length;
	}
	if (end - at < 2) return;
	out[at] = padN;
	out[at + 1] = end - at - 2;
}

const pad1 = 0;
const padN = 1;
