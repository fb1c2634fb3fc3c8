/** ICMP for IPv4. RFC 792, RFC 1191 §4, RFC 4884 */

import { IpAddress } from '../base/address.ts';
import { isIntact, putChecksum } from './checksum.ts';
import { type Flaw, reserve } from './codec.ts';
import { type IcmpEcho, type IcmpOther, icmpHeaderLength, putIcmpHeader, quoted } from './icmp.ts';
import { uint16 } from './network-order.ts';

export type Icmpv4Message =
	| IcmpEcho
	| Icmpv4Unreachable
	| Icmpv4TimeExceeded
	| Icmpv4ParameterProblem
	| Icmpv4Redirect
	| IcmpOther;

/** Errors quote the packet at fault: its header and at least 8 bytes more. */
interface Icmpv4Error {
	readonly code: number;
	readonly packet: Uint8Array;
}

export interface Icmpv4Unreachable extends Icmpv4Error {
	readonly kind: 'unreachable';
	/** With code 4, fragmentation needed: what would have passed, in bytes, or 0 from a router older than RFC 1191. */
	readonly mtu: number;
}

export interface Icmpv4TimeExceeded extends Icmpv4Error {
	readonly kind: 'time-exceeded';
}

export interface Icmpv4ParameterProblem extends Icmpv4Error {
	readonly kind: 'parameter-problem';
	/** The byte of the packet at fault. */
	readonly pointer: number;
}

export interface Icmpv4Redirect extends Icmpv4Error {
	readonly kind: 'redirect';
	readonly gateway: IpAddress;
}

/** `sum` is 0, or `offloaded`. */
export function parse(bytes: Uint8Array, start = 0, end = bytes.length, sum = 0): Icmpv4Message | Flaw {
	if (end - start < icmpHeaderLength) return 'truncated';
	if (!isIntact(bytes, start, end, sum)) return 'checksum';
	const type = bytes[start]!;
	const code = bytes[start + 1]!;
	const body = bytes.subarray(start + icmpHeaderLength, end);
	const extended = () => quoted(bytes, start, end, 4 * bytes[start + 5]!);
	switch (type) {
		case types['echo-request']:
		case types['echo-reply']: {
			const kind = type === types['echo-request'] ? 'echo-request' : 'echo-reply';
			return { kind, identifier: uint16(bytes, start + 4), sequence: uint16(bytes, start + 6), data: body };
		}
		case types.unreachable:
			return { kind: 'unreachable', code, mtu: code === tooBig ? uint16(bytes, start + 6) : 0, packet: extended() };
		case types['time-exceeded']:
			return { kind: 'time-exceeded', code, packet: extended() };
		case types['parameter-problem']:
			return { kind: 'parameter-problem', code, pointer: bytes[start + 4]!, packet: extended() };
		case types.redirect:
			return { kind: 'redirect', code, gateway: IpAddress.at(bytes, start + 4, 4), packet: body };
		default:
			return { kind: 'other', type, code, body: bytes.subarray(start + 4, end) };
	}
}

export function lengthOf(message: Icmpv4Message): number {
	if (message.kind === 'other') return 4 + message.body.length;
	return icmpHeaderLength + ('packet' in message ? message.packet : message.data).length;
}

/** Writes the message with its checksum. */
export function emit(message: Icmpv4Message, out: Uint8Array, offset: number): number {
	const end = reserve(out, offset, lengthOf(message));
	if (message.kind === 'other') {
		out.set([message.type, message.code, 0, 0], offset);
		out.set(message.body, offset + 4);
	} else {
		putIcmpHeader(out, offset, types[message.kind], 'code' in message ? message.code : 0, fieldOf(message));
		if (message.kind === 'redirect') message.gateway.copyTo(out, offset + 4);
		out.set('packet' in message ? message.packet : message.data, offset + icmpHeaderLength);
	}
	putChecksum(out, offset + 2, offset, end, 0);
	return end;
}

const types = {
	'echo-reply': 0,
	unreachable: 3,
	redirect: 5,
	'echo-request': 8,
	'time-exceeded': 11,
	'parameter-problem': 12,
} as const;

const tooBig = 4;

function fieldOf(message: Exclude<Icmpv4Message, IcmpOther>): number {
	if ('identifier' in message) return (message.identifier << 16) | (message.sequence & 0xffff);
	if (message.kind === 'unreachable') return message.code === tooBig ? message.mtu & 0xffff : 0;
	return message.kind === 'parameter-problem' ? message.pointer << 24 : 0;
}
