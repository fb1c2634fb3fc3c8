/** ICMP for IPv6, with neighbor discovery and listener discovery, which are types of it. RFC 4443, RFC 4884 */

import { isIntact, putChecksum } from './checksum.ts';
import { type Flaw, reserve } from './codec.ts';
import { type IcmpEcho, type IcmpOther, icmpHeaderLength, putIcmpHeader, quoted } from './icmp.ts';
import * as mld from './mld.ts';
import * as neighborDiscovery from './neighbor-discovery.ts';
import { uint16, uint32 } from './network-order.ts';

export type Icmpv6Message =
	| IcmpEcho
	| Icmpv6Unreachable
	| Icmpv6PacketTooBig
	| Icmpv6TimeExceeded
	| Icmpv6ParameterProblem
	| neighborDiscovery.NeighborDiscoveryMessage
	| mld.MldMessage
	| IcmpOther;

/** Errors quote as much of the packet at fault as fits 1280 bytes. RFC 4443 §2.4 (c) */
interface Icmpv6Error {
	readonly code: number;
	readonly packet: Uint8Array;
}

export interface Icmpv6Unreachable extends Icmpv6Error {
	readonly kind: 'unreachable';
}

export interface Icmpv6PacketTooBig extends Icmpv6Error {
	readonly kind: 'packet-too-big';
	/** What would have passed, in bytes. */
	readonly mtu: number;
}

export interface Icmpv6TimeExceeded extends Icmpv6Error {
	readonly kind: 'time-exceeded';
}

export interface Icmpv6ParameterProblem extends Icmpv6Error {
	readonly kind: 'parameter-problem';
	/** The byte of the packet at fault, which may lie behind what is quoted. */
	readonly pointer: number;
}

/**
 * `sum` is that of the pseudo header, or `offloaded`. That neighbor and listener discovery come from the link (their
 * hop limit, their source) is not asked here.
 */
export function parse(bytes: Uint8Array, start: number, end: number, sum: number): Icmpv6Message | Flaw {
	if (end - start < icmpHeaderLength) return 'truncated';
	if (!isIntact(bytes, start, end, sum < 0 ? sum : sum + end - start)) return 'checksum';
	const type = bytes[start]!;
	const code = bytes[start + 1]!;
	switch (type) {
		case types['echo-request']:
		case types['echo-reply']: {
			const kind = type === types['echo-request'] ? 'echo-request' : 'echo-reply';
			const data = bytes.subarray(start + icmpHeaderLength, end);
			return { kind, identifier: uint16(bytes, start + 4), sequence: uint16(bytes, start + 6), data };
		}
		case types.unreachable:
			return { kind: 'unreachable', code, packet: quoted(bytes, start, end, 8 * bytes[start + 4]!) };
		case types['packet-too-big']:
			return { kind: 'packet-too-big', code, mtu: uint32(bytes, start + 4), packet: quoted(bytes, start, end, 0) };
		case types['time-exceeded']:
			return { kind: 'time-exceeded', code, packet: quoted(bytes, start, end, 8 * bytes[start + 4]!) };
		case types['parameter-problem']: {
			const packet = quoted(bytes, start, end, 0);
			return { kind: 'parameter-problem', code, pointer: uint32(bytes, start + 4), packet };
		}
		default:
			return (
				neighborDiscovery.parse(bytes, start, end) ??
				mld.parse(bytes, start, end) ?? { kind: 'other', type, code, body: bytes.subarray(start + 4, end) }
			);
	}
}

export function lengthOf(message: Icmpv6Message): number {
	if (neighborDiscovery.owns(message)) return neighborDiscovery.lengthOf(message);
	if (mld.owns(message)) return mld.lengthOf(message);
	if (message.kind === 'other') return 4 + message.body.length;
	return icmpHeaderLength + ('packet' in message ? message.packet : message.data).length;
}

/** Writes the message with its checksum; `sum` is that of the pseudo header. */
export function emit(message: Icmpv6Message, out: Uint8Array, offset: number, sum: number): number {
	const end = reserve(out, offset, lengthOf(message));
	if (neighborDiscovery.owns(message)) {
		neighborDiscovery.emit(message, out, offset);
	} else if (mld.owns(message)) {
		mld.emit(message, out, offset);
	} else if (message.kind === 'other') {
		out.set([message.type, message.code, 0, 0], offset);
		out.set(message.body, offset + 4);
	} else {
		putIcmpHeader(out, offset, types[message.kind], 'code' in message ? message.code : 0, fieldOf(message));
		out.set('packet' in message ? message.packet : message.data, offset + icmpHeaderLength);
	}
	putChecksum(out, offset + 2, offset, end, sum + end - offset);
	return end;
}

const types = {
	unreachable: 1,
	'packet-too-big': 2,
	'time-exceeded': 3,
	'parameter-problem': 4,
	'echo-request': 128,
	'echo-reply': 129,
} as const;

type Plain = Exclude<Icmpv6Message, neighborDiscovery.NeighborDiscoveryMessage | mld.MldMessage | IcmpOther>;

function fieldOf(message: Plain): number {
	if ('identifier' in message) return (message.identifier << 16) | (message.sequence & 0xffff);
	if (message.kind === 'packet-too-big') return message.mtu;
	return message.kind === 'parameter-problem' ? message.pointer : 0;
}
