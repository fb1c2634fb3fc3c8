/** A packet for this host as its protocol gets it, and what ICMP says of one that was sent. */

import type { IpAddress } from '../../base/address.ts';
import type { Ipv4View } from '../../wire/ipv4.ts';
import type { Ipv6View } from '../../wire/ipv6.ts';
import { type Host, scoped } from './host.ts';
import type { Arrival, Nic } from './nic.ts';

/** Borrowed, with its bytes, until the handler returns. */
export class Packet {
	readonly header: Ipv4View | Ipv6View;
	readonly family: 4 | 6;
	readonly nic: Nic;
	readonly arrival: Arrival;
	/** An `ipProtocol`. */
	readonly protocol: number;
	/** Where that which the protocol wrote begins; it ends where the header's view does. */
	readonly start: number;
	/** What its checksum begins with, or `offloaded`. */
	readonly sum: number;
	/** It is for this host alone, rather than for a group or everybody. */
	readonly toUs: boolean;
	readonly #host: Host;
	#source: IpAddress | undefined;
	#destination: IpAddress | undefined;

	constructor(host: Host, header: Ipv4View | Ipv6View, nic: Nic, arrival: Arrival, content: PacketContent) {
		this.#host = host;
		this.header = header;
		this.family = header.bytes[header.start]! >> 4 === 4 ? 4 : 6;
		this.nic = nic;
		this.arrival = arrival;
		this.protocol = content.protocol;
		this.start = content.start;
		this.sum = content.sum;
		this.toUs = content.toUs;
	}

	get bytes(): Uint8Array {
		return this.header.bytes;
	}

	get end(): number {
		return this.header.end;
	}

	/** With its zone, if it means nothing without. */
	get source(): IpAddress {
		this.#source ??= this.#scoped(this.header.source);
		return this.#source;
	}

	get destination(): IpAddress {
		this.#destination ??= this.#scoped(this.header.destination);
		return this.#destination;
	}

	#scoped(address: IpAddress): IpAddress {
		if (this.family === 4 || !address.isLinkLocal) return address;
		const owner = this.arrival.local ? this.#host.owner(address) : undefined;
		return scoped(address, owner ?? this.nic);
	}
}

export interface PacketContent {
	readonly protocol: number;
	readonly start: number;
	readonly sum: number;
	readonly toUs: boolean;
}

/**
 * What the network said of a packet that was sent. `port`: nobody is there. `host` and `net`: it does not get there.
 * `protocol`: the host does not speak it. `prohibited`: somebody forbids it. `hop-limit`: it went through too many
 * routers. `too-big`: in one piece it does not pass. `header`: somebody does not understand it. `reassembly`: fragments
 * of it were lost.
 */
export type ProblemKind =
	| 'port'
	| 'host'
	| 'net'
	| 'protocol'
	| 'prohibited'
	| 'hop-limit'
	| 'too-big'
	| 'header'
	| 'reassembly';

export interface Problem {
	readonly kind: ProblemKind;
	/** Who said so; this host itself, where a neighbour does not answer. */
	readonly from: IpAddress;
	/** Of the packet that it is about. */
	readonly source: IpAddress;
	readonly destination: IpAddress;
	readonly protocol: number;
	/** What the packet carried, as far as it was quoted: at least 8 bytes, from `start`. Borrowed. */
	readonly bytes: Uint8Array;
	readonly start: number;
	/** With `too-big`: what would have passed, in bytes; 0 if that was not said. */
	readonly mtu: number;
	/** Bytes of the packet it is about. */
	readonly length: number;
}

/** A protocol above IP. Nothing here is called from inside a call of `Ip`. */
export interface Protocol {
	/** False if nobody is there for it, and the sender is to hear so. */
	deliver(packet: Packet): boolean;
	/** Whether it did send such a packet lately: what nobody sent nobody believes. RFC 5927 §4 */
	sent(problem: Problem): boolean;
	/** Of a packet that it sent. A path MTU is lowered already. */
	onProblem(problem: Problem): void;
}
