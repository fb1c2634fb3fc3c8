/** Errors of ICMP as what they say of the packet that they quote. RFC 792, RFC 4443 §3, RFC 5461 */

import { IpAddress } from '../../base/address.ts';
import type { Icmpv4Message } from '../../wire/icmpv4.ts';
import type { Icmpv6Message } from '../../wire/icmpv6.ts';
import { Ipv6View } from '../../wire/ipv6.ts';
import * as ipv6Extensions from '../../wire/ipv6-extensions.ts';
import { uint16 } from '../../wire/network-order.ts';
import type { Problem, ProblemKind } from './packet.ts';

type Quote = Omit<Problem, 'kind' | 'from' | 'mtu'>;

/** Undefined for what is no error, and for one that does not quote enough to know whom it is for. */
export function problemOf4(message: Icmpv4Message, from: IpAddress): Problem | undefined {
	const kind = kindOf4(message);
	const quote = kind && 'packet' in message ? quoteOf4(message.packet) : undefined;
	return kind && quote && { kind, from, mtu: message.kind === 'unreachable' ? message.mtu : 0, ...quote };
}

export function problemOf6(message: Icmpv6Message, from: IpAddress): Problem | undefined {
	const kind = kindOf6(message);
	const quote = kind && 'packet' in message ? quoteOf6(message.packet) : undefined;
	return kind && quote && { kind, from, mtu: message.kind === 'packet-too-big' ? message.mtu : 0, ...quote };
}

/** About a packet of our own, whose next hop does not answer. */
export function unreachable(packet: Uint8Array): Problem | undefined {
	const quote = packet[0]! >> 4 === 4 ? quoteOf4(packet) : quoteOf6(packet);
	return quote && { kind: 'host', from: quote.source, mtu: 0, ...quote };
}

function kindOf4(message: Icmpv4Message): ProblemKind | undefined {
	switch (message.kind) {
		case 'unreachable':
			return codes4[message.code] ?? 'host';
		case 'time-exceeded':
			return message.code === 0 ? 'hop-limit' : 'reassembly';
		case 'parameter-problem':
			return 'header';
		default:
			return undefined;
	}
}

function kindOf6(message: Icmpv6Message): ProblemKind | undefined {
	switch (message.kind) {
		case 'unreachable':
			return codes6[message.code] ?? 'host';
		case 'packet-too-big':
			return 'too-big';
		case 'time-exceeded':
			return message.code === 0 ? 'hop-limit' : 'reassembly';
		case 'parameter-problem':
			return message.code === 1 ? 'protocol' : 'header';
		default:
			return undefined;
	}
}

/** RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1 */
const codes4: readonly (ProblemKind | undefined)[] = [
	'net',
	'host',
	'protocol',
	'port',
	'too-big',
	'header',
	'net',
	'host',
	'host',
	'prohibited',
	'prohibited',
	'net',
	'host',
	'prohibited',
	'prohibited',
	'prohibited',
];

/** RFC 4443 §3.1 */
const codes6: readonly (ProblemKind | undefined)[] = [
	'net',
	'prohibited',
	'host',
	'host',
	'port',
	'prohibited',
	'prohibited',
];

function quoteOf4(packet: Uint8Array): Quote | undefined {
	if (packet.length < 20 || packet[0]! >> 4 !== 4) return undefined;
	const start = (packet[0]! & 15) << 2;
	// Of a later fragment nobody knows to whom it belongs.
	if (start < 20 || packet.length < start + 8 || (uint16(packet, 6) & 0x1fff) !== 0) return undefined;
	return {
		source: IpAddress.at(packet, 12, 4),
		destination: IpAddress.at(packet, 16, 4),
		protocol: packet[9]!,
		bytes: packet,
		start,
		length: uint16(packet, 2),
	};
}

function quoteOf6(packet: Uint8Array): Quote | undefined {
	if (packet.length < 40 || packet[0]! >> 4 !== 6) return undefined;
	const chain = ipv6Extensions.parse(new Ipv6View(packet, 0, packet.length));
	if (typeof chain === 'string' || packet.length < chain.payloadStart + 8) return undefined;
	const last = chain.extensions.at(-1);
	if (last?.kind === 'fragment' && last.offset > 0) return undefined;
	return {
		source: IpAddress.at(packet, 8, 6),
		destination: IpAddress.at(packet, 24, 6),
		protocol: chain.protocol,
		bytes: packet,
		start: chain.payloadStart,
		length: 40 + uint16(packet, 4),
	};
}
