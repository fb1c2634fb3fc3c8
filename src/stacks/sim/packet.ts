/** A packet as rules and traces see it: who, to whom, what. Read from the frame when somebody asks. */

import { IpAddress } from '../../base/address.ts';
import * as arp from '../../wire/arp.ts';
import * as ethernet from '../../wire/ethernet.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import { uint16 } from '../../wire/network-order.ts';

export type SimProtocol = 'arp' | 'udp' | 'tcp' | 'icmp' | 'igmp' | 'other';

export interface SimPacket {
	/** Milliseconds of the network's clock. */
	readonly at: number;
	/** The host whose interface put it on this link: a router, for what it forwards. */
	readonly from: string;
	/** The host whose interface is to receive it. */
	readonly to: string;
	/** The link it comes by. */
	readonly link: string;
	readonly protocol: SimProtocol;
	/** Undefined for ARP. */
	readonly source: IpAddress | undefined;
	readonly destination: IpAddress | undefined;
	/** Of UDP and TCP, but for later fragments. */
	readonly sourcePort: number | undefined;
	readonly destinationPort: number | undefined;
	/** Bytes of the frame; of a stream, those of the application. */
	readonly length: number;
	/** The frame, **borrowed**. Empty for streams, which have no packets yet. */
	readonly bytes: Uint8Array;
	/** One line for people. */
	toString(): string;
}

export interface Passage {
	readonly at: number;
	readonly from: string;
	readonly to: string;
	readonly link: string;
}

/** A frame on its way to an interface. */
export class FramePacket implements SimPacket {
	readonly at: number;
	readonly from: string;
	readonly to: string;
	readonly link: string;
	readonly bytes: Uint8Array;
	/** Where the IP header begins, 0 if there is none. */
	readonly #ip: number;
	readonly #family: 4 | 6;

	constructor(bytes: Uint8Array, { at, from, to, link }: Passage) {
		this.bytes = bytes;
		this.at = at;
		this.from = from;
		this.to = to;
		this.link = link;
		this.#family = bytes[14]! >> 4 === 6 ? 6 : 4;
		const type = bytes.length < 14 ? 0 : uint16(bytes, 12);
		const whole = bytes.length >= 14 + (this.#family === 4 ? 20 : 40);
		this.#ip = whole && (type === ethernet.etherType.ipv4 || type === ethernet.etherType.ipv6) ? 14 : 0;
	}

	get length(): number {
		return this.bytes.length;
	}

	get protocol(): SimProtocol {
		if (this.#ip === 0) return uint16(this.bytes, 12) === ethernet.etherType.arp ? 'arp' : 'other';
		return protocols.get(this.bytes[this.#ip + (this.#family === 4 ? 9 : 6)]!) ?? 'other';
	}

	get source(): IpAddress | undefined {
		return this.#address(this.#family === 4 ? 12 : 8);
	}

	get destination(): IpAddress | undefined {
		return this.#address(this.#family === 4 ? 16 : 24);
	}

	get sourcePort(): number | undefined {
		return this.#port(0);
	}

	get destinationPort(): number | undefined {
		return this.#port(2);
	}

	toString(): string {
		if (this.protocol === 'arp') return arpText(this.bytes);
		const [from, to] = [this.sourcePort, this.destinationPort].map((port) => (port === undefined ? '' : ` ${port}`));
		return `${this.protocol} ${this.source ?? '?'}${from} > ${this.destination ?? '?'}${to} ${this.length} bytes`;
	}

	#address(offset: number): IpAddress | undefined {
		return this.#ip === 0 ? undefined : IpAddress.at(this.bytes, this.#ip + offset, this.#family);
	}

	#port(offset: number): number | undefined {
		const { protocol, bytes } = this;
		if (protocol !== 'udp' && protocol !== 'tcp') return undefined;
		const header = this.#family === 4 ? (bytes[this.#ip]! & 15) << 2 : 40;
		const isLater = this.#family === 4 && (uint16(bytes, this.#ip + 6) & 0x1fff) !== 0;
		const at = this.#ip + header + offset;
		return isLater || at + 2 > bytes.length ? undefined : uint16(bytes, at);
	}
}

const protocols = new Map<number, SimProtocol>([
	[ipProtocol.udp, 'udp'],
	[ipProtocol.tcp, 'tcp'],
	[ipProtocol.icmpv4, 'icmp'],
	[ipProtocol.icmpv6, 'icmp'],
	[ipProtocol.igmp, 'igmp'],
]);

function arpText(bytes: Uint8Array): string {
	const packet = arp.parse(bytes, 14, bytes.length);
	if (typeof packet === 'string') return `arp ${packet}`;
	const { operation, senderAddress, senderHardware, targetAddress } = packet;
	return operation === 'request'
		? `arp who has ${targetAddress}? tell ${senderAddress}`
		: `arp ${senderAddress} is at ${senderHardware}`;
}
