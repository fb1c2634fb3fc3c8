/** What leaves: the header of IP in front of it, in fragments where it has to be, or back to this very host. */

import { IpAddress } from '../../base/address.ts';
import { offloaded, sumOf } from '../../wire/checksum.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import * as ipv4 from '../../wire/ipv4.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as ipv6Extensions from '../../wire/ipv6-extensions.ts';
import type { Ground } from './ground.ts';
import { type Host, scoped, type Way } from './host.ts';
import type { Arrival, Nic } from './nic.ts';

/** What a packet carries. */
export interface Body {
	/** Bytes. */
	readonly length: number;
	/**
	 * Writes them at `at`. `sum` is what a checksum begins with, but for the length (wire/checksum.ts); where it is
	 * `offloaded`, a checksum need not be written.
	 */
	write(out: Uint8Array, at: number, sum: number): void;
}

export interface SendOptions {
	/** An `ipProtocol`. */
	readonly protocol: number;
	/** Default that of the interface; 1 to groups. */
	readonly hopLimit?: number | undefined;
	readonly dscp?: number | undefined;
	/** 0 to 3. */
	readonly ecn?: number | undefined;
	/** Never in fragments, neither here nor on the way. Default: in fragments rather than not at all. */
	readonly dontFragment?: boolean | undefined;
	/** Every router on the way is to look at it. RFC 2113, RFC 2711 */
	readonly routerAlert?: boolean | undefined;
	/** Bytes of the segments that the link is to divide it into. The packet may then be as large as the link says. */
	readonly segmentSize?: number | undefined;
	/** Whether members of the group on this host hear it. Default true. */
	readonly loopback?: boolean | undefined;
}

/**
 * Why nothing left. `too-large`: in one piece the path does not take it. `queue-full`: the link is busy.
 * `too-long`: IP cannot carry so much.
 */
export type SendFailure = 'too-large' | 'too-long' | 'queue-full';

export class Output {
	readonly #host: Host;
	readonly #ground: Ground;
	readonly #local: LocalQueue;
	/** By a hash of both ends, so that what one peer sees says nothing about others. RFC 6864 §4, RFC 7739 §5.3 */
	readonly #identifications: Uint32Array;

	/** `receive` gets what goes to this very host, in a later turn. */
	constructor(host: Host, receive: (nic: Nic, bytes: Uint8Array) => void) {
		this.#host = host;
		this.#ground = host.ground;
		this.#local = new LocalQueue(host.ground, receive);
		this.#identifications = Uint32Array.from({ length: 256 }, () => host.ground.random.uint32());
	}

	/** Bytes under way to this very host. */
	get localBytes(): number {
		return this.#local.bytes;
	}

	send(way: Way, options: SendOptions, body: Body): SendFailure | undefined {
		const { destination, nic } = way;
		const { family } = destination;
		const header = headerLength(family, options);
		const length = header + body.length;
		if (body.length + (family === 4 ? header : header - 40) > 0xffff) return 'too-long';
		const many = destination.isMulticast || (family === 4 && !way.local && nic.isBroadcast(way.hop));
		if (many && options.loopback !== false) this.#copyToSelf(way, options, body, length);
		if (way.local) {
			this.#copyToSelf(way, options, body, length);
			return undefined;
		}
		const mtu = this.#host.mtuOf(way);
		const divided = options.segmentSize !== undefined && length <= (nic.link.offloads.segmentation ?? 0);
		if (length > mtu && !divided) {
			return options.dontFragment ? 'too-large' : this.#sendFragments(way, options, body, mtu);
		}
		const frame = nic.open(length);
		if (frame === undefined) return this.#full();
		// RFC 1191 §3: all that fits goes unfragmentable, to hear where it does not.
		this.#write(frame, nic.headerLength, way, options, body, nic.link.offloads.sendChecksum === true);
		nic.send(frame, way.hop, divided ? options.segmentSize : undefined);
		this.#ground.counters.add('sent');
		return undefined;
	}

	/** Sends a packet that came from elsewhere, header and all; its hop limit is one less already. */
	relay(way: Way, packet: Uint8Array, segmentSize: number | undefined): void {
		const frame = way.nic.open(packet.length);
		if (frame === undefined) return void this.#full();
		frame.set(packet, way.nic.headerLength);
		way.nic.send(frame, way.hop, segmentSize);
	}

	/** Sends a packet of IPv4 that came from elsewhere and is too large, in fragments. */
	relayFragments(way: Way, packet: Uint8Array, mtu: number): void {
		const view = ipv4.parse(packet, 0, packet.length, offloaded);
		if (typeof view === 'string') return;
		const payload = packet.subarray(view.payloadStart);
		const first = view.fragmentOffset;
		const room = (mtu - view.payloadStart) & ~7;
		for (let at = 0; at < payload.length; at += room) {
			const part = payload.subarray(at, at + room);
			const frame = way.nic.open(view.payloadStart + part.length);
			if (frame === undefined) return void this.#full();
			const end = ipv4.emit(
				{
					...fieldsOf(view),
					// Options that are not copied may as well be: none that routers here heed is of that kind.
					moreFragments: view.moreFragments || at + room < payload.length,
					fragmentOffset: first + at,
					payloadLength: part.length,
				},
				frame,
				way.nic.headerLength,
			);
			frame.set(part, end);
			way.nic.send(frame, way.hop);
		}
		this.#ground.counters.add('fragmented');
	}

	#full(): 'queue-full' {
		this.#ground.counters.add('queue-full');
		return 'queue-full';
	}

	#copyToSelf(way: Way, options: SendOptions, body: Body, length: number): void {
		const packet = new Uint8Array(length);
		this.#write(packet, 0, way, options, body, true);
		this.#local.push(way.nic, packet);
	}

	#write(out: Uint8Array, at: number, way: Way, options: SendOptions, body: Body, offload: boolean): void {
		const { family } = way.destination;
		const start = this.#writeHeader(out, at, way, options, body.length);
		const { protocol } = options;
		const spared = offload && (protocol === ipProtocol.udp || protocol === ipProtocol.tcp);
		body.write(out, start, spared ? offloaded : pseudo(out, at, family, protocol));
	}

	#writeHeader(out: Uint8Array, at: number, way: Way, options: SendOptions, length: number): number {
		const { source, destination, nic } = way;
		const { protocol, dscp = 0, ecn = 0, routerAlert = false } = options;
		const hopLimit = options.hopLimit ?? (destination.isMulticast ? 1 : nic.hopLimit);
		if (destination.family === 4) {
			return ipv4.emit(
				{
					source,
					destination,
					protocol,
					hopLimit,
					dscp,
					ecn,
					identification: 0,
					dontFragment: true,
					moreFragments: false,
					fragmentOffset: 0,
					options: routerAlert ? alert4 : none,
					payloadLength: length,
				},
				out,
				at,
			);
		}
		const extensions = routerAlert ? alert6 : [];
		const payloadLength = length + ipv6Extensions.lengthOf(extensions);
		const nextHeader = ipv6Extensions.firstHeader(extensions, protocol);
		const start = ipv6.emit(
			{ source, destination, nextHeader, hopLimit, dscp, ecn, flowLabel: 0, payloadLength },
			out,
			at,
		);
		return routerAlert ? ipv6Extensions.emit(extensions, protocol, out, start) : start;
	}

	/** RFC 791 §2.3, RFC 8200 §4.5 */
	#sendFragments(way: Way, options: SendOptions, body: Body, mtu: number): SendFailure | undefined {
		const { source, destination, nic, hop } = way;
		const { family } = destination;
		const { protocol, dscp = 0, ecn = 0 } = options;
		const hopLimit = options.hopLimit ?? (destination.isMulticast ? 1 : nic.hopLimit);
		// The checksum covers all of it, so it is written first, behind a header that nobody sends.
		const scratch = new Uint8Array(headerLength(family, options) + body.length);
		this.#write(scratch, 0, way, { ...options, routerAlert: false }, body, false);
		const payload = scratch.subarray(family === 4 ? 20 : 40, (family === 4 ? 20 : 40) + body.length);
		const identification = this.#nextIdentification(source, destination);
		const header = family === 4 ? 20 : 48;
		const room = (mtu - header) & ~7;
		for (let at = 0; at < payload.length; at += room) {
			const part = payload.subarray(at, at + room);
			const more = at + room < payload.length;
			const frame = nic.open(header + part.length);
			if (frame === undefined) return this.#full();
			const start = nic.headerLength;
			if (family === 4) {
				ipv4.emit(
					{
						source,
						destination,
						protocol,
						hopLimit,
						dscp,
						ecn,
						identification: identification & 0xffff,
						dontFragment: false,
						moreFragments: more,
						fragmentOffset: at,
						options: none,
						payloadLength: part.length,
					},
					frame,
					start,
				);
			} else {
				const extensions = [{ kind: 'fragment', offset: at, more, identification }] as const;
				const nextHeader = ipProtocol.fragment;
				const payloadLength = 8 + part.length;
				const fixed = { source, destination, nextHeader, hopLimit, dscp, ecn, flowLabel: 0, payloadLength };
				ipv6Extensions.emit(extensions, protocol, frame, ipv6.emit(fixed, frame, start));
			}
			frame.set(part, start + header);
			nic.send(frame, hop);
		}
		this.#ground.counters.add('fragmented');
		return undefined;
	}

	#nextIdentification(source: IpAddress, destination: IpAddress): number {
		let hash = 0;
		for (const byte of [...source.bytes, ...destination.bytes]) hash = (hash * 31 + byte) & 0xff;
		const next = (this.#identifications[hash]! + 1 + this.#ground.random.below(64)) >>> 0;
		this.#identifications[hash] = next;
		return next;
	}
}

/** Packets from this host to itself: delivered in a later turn, as everything is. */
class LocalQueue {
	readonly #ground: Ground;
	readonly #receive: (nic: Nic, bytes: Uint8Array) => void;
	#waiting: { readonly nic: Nic; readonly packet: Uint8Array }[] = [];
	#bytes = 0;

	constructor(ground: Ground, receive: (nic: Nic, bytes: Uint8Array) => void) {
		this.#ground = ground;
		this.#receive = receive;
	}

	get bytes(): number {
		return this.#bytes;
	}

	push(nic: Nic, packet: Uint8Array): void {
		const { clock, counters, limits } = this.#ground;
		if (this.#bytes + packet.length > limits.localBytes) {
			counters.add('local-queue-full');
			return;
		}
		this.#bytes += packet.length;
		if (this.#waiting.push({ nic, packet }) === 1) clock.soon(() => this.#deliver());
	}

	#deliver(): void {
		const batch = this.#waiting;
		this.#waiting = [];
		this.#bytes = 0;
		for (const { nic, packet } of batch) {
			try {
				this.#receive(nic, packet);
			} catch (error) {
				this.#ground.clock.soon(() => {
					throw error;
				});
			}
		}
	}
}

/** How a packet of this host comes to itself. */
export const fromSelf: Arrival = { unicast: true, verified: true, segmentSize: undefined, local: true };

const none = new Uint8Array(0);
const alert4 = Uint8Array.of(0x94, 4, 0, 0);
const alert6 = [{ kind: 'hop-by-hop', options: [{ type: 5, data: new Uint8Array(2) }] }] as const;

function headerLength(family: 4 | 6, { routerAlert = false }: SendOptions): number {
	if (family === 4) return routerAlert ? 24 : 20;
	return routerAlert ? 48 : 40;
}

/** Of the addresses in the header at `at`. */
function pseudo(out: Uint8Array, at: number, family: 4 | 6, protocol: number): number {
	return family === 4 ? sumOf(out, at + 12, at + 20, protocol) : sumOf(out, at + 8, at + 40, protocol);
}

function fieldsOf(view: ipv4.Ipv4View): Omit<ipv4.Ipv4Header, 'moreFragments' | 'fragmentOffset' | 'payloadLength'> {
	const { source, destination, protocol, hopLimit, dscp, ecn, identification, dontFragment, options } = view;
	return { source, destination, protocol, hopLimit, dscp, ecn, identification, dontFragment, options };
}

/** A way that the tables do not know: to a place on the link, from whatever address. */
export function wayOnLink(nic: Nic, source: IpAddress, destination: IpAddress): Way {
	return { nic, source, destination: scoped(destination, nic), hop: destination, local: false };
}

/** ff02::1 and ff02::2. RFC 4291 §2.7.1 */
export const allNodes = IpAddress.parse('ff02::1');
export const allRouters = IpAddress.parse('ff02::2');
