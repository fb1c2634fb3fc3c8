/** Telling senders what is wrong with their packets: rarely, and never about errors. RFC 1122 §3.2.2, RFC 4443 §2.4 */

import { IpAddress } from '../../base/address.ts';
import * as icmpv4 from '../../wire/icmpv4.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import { uint16 } from '../../wire/network-order.ts';
import { type Host, scoped } from './host.ts';
import type { Arrival, Nic } from './nic.ts';
import type { Output } from './output.ts';
import { TokenBucket } from './token-bucket.ts';

export type Complaint =
	| { readonly kind: 'port' | 'protocol' | 'net' | 'host' | 'prohibited' | 'hop-limit' | 'reassembly' }
	| { readonly kind: 'too-big'; readonly mtu: number }
	/** Of IPv6: at which byte of the packet. RFC 4443 §3.4 */
	| { readonly kind: 'header'; readonly code: number; readonly pointer: number };

export class IcmpErrors {
	readonly #host: Host;
	readonly #output: Output;
	readonly #bucket: TokenBucket;

	constructor(host: Host, output: Output) {
		const { icmpErrors } = host.ground.limits;
		this.#host = host;
		this.#output = output;
		this.#bucket = new TokenBucket(icmpErrors, icmpErrors / 2);
	}

	/** About the packet from `start` to `end` that came by `nic`, unless it is one that nobody is to be told of. */
	complain(nic: Nic, bytes: Uint8Array, start: number, end: number, arrival: Arrival, complaint: Complaint): void {
		const family = bytes[start]! >> 4 === 4 ? 4 : 6;
		// RFC 4443 §2.4 (e.3): exceptions for path MTU discovery, and for options that ask for it.
		const evenToMany = family === 6 && (complaint.kind === 'too-big' || complaint.kind === 'header');
		const { counters, clock } = this.#host.ground;
		if (
			!mayHear(nic, bytes, start, end, family) ||
			!(evenToMany || (arrival.unicast && toOne(nic, bytes, start, family)))
		) {
			counters.add('icmp-errors-suppressed');
			return;
		}
		if (!arrival.local && !this.#bucket.take(clock.now())) {
			counters.add('icmp-errors-suppressed');
			return;
		}
		const destination = scoped(IpAddress.at(bytes, start + (family === 4 ? 12 : 8), family), nic);
		const asked = IpAddress.at(bytes, start + (family === 4 ? 16 : 24), family);
		// What was sent to us is answered from there.
		const source = this.#host.owner(scoped(asked, nic)) ? scoped(asked, nic) : undefined;
		const way = this.#host.wayTo(destination, { source });
		if (way === undefined) {
			counters.add('no-route');
			return;
		}
		const body = family === 4 ? bodyOf4(bytes, start, end, complaint) : bodyOf6(bytes, start, end, complaint);
		if (body === undefined) return;
		this.#output.send(way, { protocol: family === 4 ? ipProtocol.icmpv4 : ipProtocol.icmpv6 }, body);
		counters.add('icmp-errors-sent');
	}
}

/** RFC 1812 §4.3.2.3, RFC 4443 §2.4 (c): an error with all of its headers has no more. */
const most4 = 576 - 20;
const most6 = 1280 - 40;

function bodyOf4(bytes: Uint8Array, start: number, end: number, complaint: Complaint) {
	const packet = bytes.subarray(start, Math.min(end, start + most4 - 8));
	const message = message4(complaint, packet);
	if (message === undefined) return undefined;
	return {
		length: icmpv4.lengthOf(message),
		write: (out: Uint8Array, at: number) => void icmpv4.emit(message, out, at),
	};
}

function bodyOf6(bytes: Uint8Array, start: number, end: number, complaint: Complaint) {
	const packet = bytes.subarray(start, Math.min(end, start + most6 - 8));
	const message = message6(complaint, packet);
	return {
		length: icmpv6.lengthOf(message),
		write: (out: Uint8Array, at: number, sum: number) => void icmpv6.emit(message, out, at, sum),
	};
}

function message4(complaint: Complaint, packet: Uint8Array): icmpv4.Icmpv4Message | undefined {
	switch (complaint.kind) {
		case 'hop-limit':
			return { kind: 'time-exceeded', code: 0, packet };
		case 'reassembly':
			return { kind: 'time-exceeded', code: 1, packet };
		case 'header':
			return undefined;
		case 'too-big':
			return { kind: 'unreachable', code: 4, mtu: complaint.mtu, packet };
		default:
			return { kind: 'unreachable', code: codes4[complaint.kind], mtu: 0, packet };
	}
}

function message6(complaint: Complaint, packet: Uint8Array): icmpv6.Icmpv6Message {
	switch (complaint.kind) {
		case 'hop-limit':
			return { kind: 'time-exceeded', code: 0, packet };
		case 'reassembly':
			return { kind: 'time-exceeded', code: 1, packet };
		case 'header':
			return { kind: 'parameter-problem', code: complaint.code, pointer: complaint.pointer, packet };
		case 'too-big':
			return { kind: 'packet-too-big', code: 0, mtu: complaint.mtu, packet };
		case 'protocol':
			return { kind: 'parameter-problem', code: 1, pointer: 6, packet };
		default:
			return { kind: 'unreachable', code: codes6[complaint.kind], packet };
	}
}

const codes4 = { net: 0, host: 1, protocol: 2, port: 3, prohibited: 13 } as const;
const codes6 = { net: 0, prohibited: 1, host: 3, port: 4 } as const;

/** It comes from one host, is the first of its fragments, and no error itself. */
function mayHear(nic: Nic, bytes: Uint8Array, start: number, end: number, family: 4 | 6): boolean {
	const source = IpAddress.at(bytes, start + (family === 4 ? 12 : 8), family);
	if (source.isUnspecified || source.isMulticast || (family === 4 && nic.isBroadcast(source))) return false;
	if (family === 6) {
		// Behind extension headers an error is not looked for: those that send them do not add any.
		return bytes[start + 6] !== ipProtocol.icmpv6 || (start + 40 < end && bytes[start + 40]! >= 128);
	}
	if ((uint16(bytes, start + 6) & 0x1fff) !== 0) return false;
	const payload = start + ((bytes[start]! & 15) << 2);
	if (bytes[start + 9] !== ipProtocol.icmpv4) return true;
	return payload < end && isQuestion4(bytes[payload]!);
}

/** Echo, timestamp and mask, asked and answered; anything else may be an error. */
function isQuestion4(type: number): boolean {
	return type === 0 || type === 8 || (type >= 13 && type <= 18);
}

function toOne(nic: Nic, bytes: Uint8Array, start: number, family: 4 | 6): boolean {
	if (family === 6) return bytes[start + 24] !== 0xff;
	return (bytes[start + 16]! & 0xf0) !== 0xe0 && !nic.isBroadcastAt(bytes, start + 16);
}
