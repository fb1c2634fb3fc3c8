/** One interface: a link with addresses, neighbours and groups, and the header of Ethernet between them and the link. */

import { IpAddress } from '../../base/address.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import { MacAddress } from '../../base/mac-address.ts';
import { type Driver, drive } from '../../base/machine.ts';
import type { FrameInfo, Link, LinkHandler } from '../../stack/link.ts';
import type { Interface, InterfaceType } from '../../stack/stack.ts';
import * as arp from '../../wire/arp.ts';
import * as ethernet from '../../wire/ethernet.ts';
import { putUint16 } from '../../wire/network-order.ts';
import { AddressResolution, type ArpLink } from './address-resolution.ts';
import {
	type AddressEvent,
	Addresses,
	type AddressSink,
	type DuplicateDetection,
	isUsable,
	type OwnAddress,
} from './addresses.ts';
import type { Ground } from './ground.ts';
import { type MembershipEvent, type MembershipSink, Memberships } from './memberships.ts';
import { type NeighborEvent, type NeighborSink, Neighbors } from './neighbors.ts';
import { Outbox } from './outbox.ts';

/** What an interface wants done that is above the link. */
export interface NicOwner extends Pick<AddressSink, 'duplicate' | 'gained' | 'lost'> {
	/** An IP packet, borrowed until this returns. */
	receive(nic: Nic, bytes: Uint8Array, start: number, end: number, arrival: Arrival): void;
	/** Ask for the hardware address of an IPv6 neighbour. */
	solicit(hop: IpAddress, mac: MacAddress | undefined): void;
	/** Ask whether somebody has this IPv6 address. */
	probe(address: IpAddress): void;
	/** Tell that this IPv6 address is here. */
	announce(address: IpAddress): void;
	unreachable(packet: Uint8Array): void;
	/** A neighbour has failed, or is there again. */
	neighborChanged(): void;
	noRouter(hop: IpAddress): void;
	/** The link takes more. */
	onDrain(): void;
	/** The link came up or went down. */
	onState(): void;
	onClose(error: PostSocketsError | undefined): void;
	/** What the memberships of each family have to tell. */
	readonly reports: { readonly 4: MembershipSink; readonly 6: MembershipSink };
}

/** How a packet came. */
export interface Arrival {
	/** It was sent to this hardware address alone, or the link has none. */
	readonly unicast: boolean;
	/** The checksums of TCP and UDP need not be looked at. */
	readonly verified: boolean;
	readonly segmentSize: number | undefined;
	/** It comes from this very host. */
	readonly local: boolean;
}

export interface NicOptions {
	/** In the place of the link's, where that is larger. */
	readonly mtu: number;
	readonly detection: DuplicateDetection;
	readonly type: InterfaceType | undefined;
	readonly refusePrivate: boolean;
}

export class Nic implements LinkHandler, ArpLink {
	readonly name: string;
	readonly link: Link;
	readonly loopback: boolean;
	readonly refusePrivate: boolean;
	readonly type: InterfaceType | undefined;
	/** Of the Ethernet header; 0 on a link of bare packets. */
	readonly headerLength: number;
	readonly addresses: Addresses;
	readonly neighbors: Neighbors;
	readonly groups: { readonly 4: Memberships; readonly 6: Memberships };
	/** Of what is sent without another. A router may say so. RFC 4861 §6.3.4 */
	hopLimit = 64;
	/** What a router, or a server of DHCP, has said. */
	advertisedMtu = { 4: Number.POSITIVE_INFINITY, 6: Number.POSITIVE_INFINITY };
	/** Every packet is for it until it has an address: replies of DHCP may come by its future one. */
	unconfigured4 = false;
	readonly #mac: MacAddress;
	readonly #mtu: number;
	readonly #ground: Ground;
	readonly #owner: NicOwner;
	readonly #outbox: Outbox;
	readonly #arp: AddressResolution;
	readonly #addressDriver: Driver<AddressEvent>;
	readonly #neighborDriver: Driver<NeighborEvent>;
	readonly #groupDrivers: { readonly 4: Driver<MembershipEvent>; readonly 6: Driver<MembershipEvent> };
	#closed = false;

	constructor(link: Link, options: NicOptions, ground: Ground, owner: (nic: Nic) => NicOwner) {
		const { clock, random, limits } = ground;
		this.name = link.name;
		this.link = link;
		this.loopback = options.type === 'loopback';
		this.refusePrivate = options.refusePrivate;
		this.type = options.type;
		this.headerLength = link.medium === 'ethernet' ? ethernet.lengthOf() : 0;
		this.#mac = link.address ?? MacAddress.zero;
		this.#mtu = Math.min(options.mtu, link.mtu);
		this.#ground = ground;
		this.#outbox = new Outbox(link, clock, limits.queuedBytes);
		this.#arp = new AddressResolution(this, this.#mac, ground.counters);
		this.neighbors = new Neighbors(limits, random);
		this.addresses = new Addresses(
			this.headerLength === 0 ? { ...options.detection, transmits: 0 } : options.detection,
			limits.addresses,
		);
		this.groups = { 4: new Memberships(random), 6: new Memberships(random) };
		this.#owner = owner(this);
		const { reports } = this.#owner;
		this.#groupDrivers = {
			4: drive(this.groups[4], reports[4], clock),
			6: drive(this.groups[6], reports[6], clock),
		};
		this.#neighborDriver = drive(this.neighbors, this.#neighborSink(), clock);
		this.#addressDriver = drive(this.addresses, this.#addressSink(), clock);
		link.handler = this;
	}

	get up(): boolean {
		return this.link.up && !this.#closed;
	}

	/** Undefined on a link of bare packets. */
	get mac(): MacAddress | undefined {
		return this.headerLength === 0 ? undefined : this.#mac;
	}

	/** Bytes that wait for the link. */
	get queued(): number {
		return this.#outbox.queued;
	}

	/** Bytes of the largest packet to send. */
	mtuOf(family: 4 | 6): number {
		return Math.min(this.#mtu, this.advertisedMtu[family]);
	}

	/** What `interfaces()` says of it. */
	data(): Interface {
		const addresses = this.usable().map(({ address }) => address);
		const { name, type, loopback } = this;
		return { name, addresses, mtu: this.mtuOf(4), loopback, ...(type && { type }) };
	}

	usable(): OwnAddress[] {
		return this.addresses.list.filter(isUsable);
	}

	changeAddress(event: AddressEvent): void {
		this.#addressDriver.send(event);
	}

	tellNeighbors(event: NeighborEvent): void {
		this.#neighborDriver.send(event);
	}

	changeGroup(family: 4 | 6, event: MembershipEvent): void {
		this.#groupDrivers[family].send(event);
	}

	/** Room for a packet of `length` bytes behind the first `headerLength`; undefined if too much waits for the link. */
	open(length: number): Uint8Array | undefined {
		return this.#outbox.open(this.headerLength + length);
	}

	/** Sends what was opened, to its next hop: a neighbour, a group or a broadcast address. */
	send(frame: Uint8Array, hop: IpAddress, segmentSize?: number): void {
		if (!this.up) {
			this.#outbox.discard(frame);
			return;
		}
		if (this.headerLength === 0) {
			this.#outbox.add(frame, segmentSize);
			return;
		}
		const place = hop.zone === undefined ? hop : hop.withZone(undefined);
		const mac = this.#groupMac(place) ?? this.neighbors.macOf(place, this.#ground.clock.now());
		if (mac !== undefined) {
			this.#sendTo(frame, mac, segmentSize);
			return;
		}
		const packet = frame.slice(this.headerLength);
		this.#outbox.discard(frame);
		this.tellNeighbors({ type: 'packet', hop: place, packet });
	}

	/** Sends a whole packet to a hardware address; a question of neighbour discovery to whom was known before. */
	sendDirect(frame: Uint8Array, mac: MacAddress): void {
		if (this.up) this.#sendTo(frame, mac, undefined);
		else this.#outbox.discard(frame);
	}

	/** Of an Ethernet link. */
	sendArp(packet: arp.ArpPacket, to: MacAddress): void {
		const frame = this.up ? this.open(arp.lengthOf()) : undefined;
		if (frame === undefined) return;
		this.#frame(frame, to, ethernet.etherType.arp);
		arp.emit(packet, frame, this.headerLength);
		this.#outbox.add(frame, undefined);
	}

	onFrames(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): void {
		for (let index = 0; index < frames.length && !this.#closed; index += 1) {
			try {
				this.#receive(frames[index]!, infos?.[index]?.segmentSize);
			} catch (error) {
				// A handler of a socket has thrown. It takes nothing from the others.
				this.#ground.clock.soon(() => {
					throw error;
				});
			}
		}
		this.#outbox.flush();
	}

	onDrain(): void {
		this.#outbox.drained();
		this.#owner.onDrain();
	}

	onState(): void {
		if (this.up) {
			this.tellNeighbors({ type: 'flush' });
			this.changeAddress({ type: 'check-again' });
			for (const family of [4, 6] as const) this.changeGroup(family, { type: 'tell-again' });
		}
		this.#owner.onState();
	}

	onClose(error: PostSocketsError | undefined): void {
		if (this.#closed) return;
		this.close();
		this.#owner.onClose(error);
	}

	/** Nothing happens any more; the link is left alone. */
	close(): void {
		this.#outbox.flush();
		this.#closed = true;
		this.#outbox.clear();
		this.#addressDriver.stop();
		this.#neighborDriver.stop();
		this.#groupDrivers[4].stop();
		this.#groupDrivers[6].stop();
	}

	#receive(bytes: Uint8Array, segmentSize: number | undefined): void {
		const verified = this.link.offloads.receiveChecksum === true;
		if (this.headerLength === 0) {
			const arrival = { unicast: true, verified, segmentSize, local: false };
			this.#owner.receive(this, bytes, 0, bytes.length, arrival);
			return;
		}
		const frame = ethernet.parse(bytes);
		if (typeof frame === 'string') {
			this.#ground.counters.add(frame);
			return;
		}
		// What we have sent comes back from some networks; nobody else sends from here.
		if (this.#mac.equalsAt(bytes, 6)) {
			this.#ground.counters.add('own-frame');
			return;
		}
		const unicast = this.#mac.equalsAt(bytes, 0);
		if (!unicast && (bytes[0]! & 1) === 0) {
			this.#ground.counters.add('not-for-us');
			return;
		}
		const { type, payloadStart, end } = frame;
		if (type === ethernet.etherType.arp) {
			this.#arp.hear(bytes, payloadStart, end, unicast);
			return;
		}
		const family = bytes[payloadStart]! >> 4;
		const said = type === ethernet.etherType.ipv4 ? 4 : type === ethernet.etherType.ipv6 ? 6 : 0;
		if (said === 0) {
			this.#ground.counters.add('unsupported');
			return;
		}
		if (said !== family) {
			this.#ground.counters.add('malformed');
			return;
		}
		this.#owner.receive(this, bytes, payloadStart, end, { unicast, verified, segmentSize, local: false });
	}

	#sendTo(frame: Uint8Array, mac: MacAddress, segmentSize: number | undefined): void {
		const family = frame[this.headerLength]! >> 4;
		this.#frame(frame, mac, family === 4 ? ethernet.etherType.ipv4 : ethernet.etherType.ipv6);
		this.#outbox.add(frame, segmentSize);
	}

	#frame(frame: Uint8Array, destination: MacAddress, type: number): void {
		destination.copyTo(frame, 0);
		this.#mac.copyTo(frame, 6);
		putUint16(frame, 12, type);
	}

	/** RFC 1112 §6.4, RFC 2464 §7, RFC 1122 §3.3.6 */
	#groupMac(hop: IpAddress): MacAddress | undefined {
		if (hop.isMulticast) {
			const { bytes } = hop;
			if (hop.family === 4) return MacAddress.from(Uint8Array.of(1, 0, 0x5e, bytes[1]! & 0x7f, bytes[2]!, bytes[3]!));
			return MacAddress.from(Uint8Array.of(0x33, 0x33, ...bytes.subarray(12)));
		}
		return hop.family === 4 && this.isBroadcast(hop) ? MacAddress.broadcast : undefined;
	}

	/** Of all, or of a network that this interface is in. */
	isBroadcast(address: IpAddress): boolean {
		const bytes = address.bytes;
		return address.family === 4 && this.isBroadcastAt(bytes, 0);
	}

	/** The same for an IPv4 address in a packet. RFC 919 §7, RFC 922 §5 */
	isBroadcastAt(bytes: Uint8Array, at: number): boolean {
		if (bytes[at] === 255 && bytes[at + 1] === 255 && bytes[at + 2] === 255 && bytes[at + 3] === 255) return true;
		for (const { address, prefixLength } of this.addresses.list) {
			if (address.family !== 4 || prefixLength > 30) continue;
			const host = 2 ** (32 - prefixLength) - 1;
			const value = (bytes[at]! * 2 ** 24 + bytes[at + 1]! * 2 ** 16 + bytes[at + 2]! * 2 ** 8 + bytes[at + 3]!) >>> 0;
			if ((value & host) >>> 0 !== host) continue;
			if (address.commonPrefixLength(IpAddress.at(bytes, at, 4)) >= prefixLength) return true;
		}
		return false;
	}

	#neighborSink(): NeighborSink {
		return {
			solicit: (hop, mac) => {
				if (hop.family === 6) this.#owner.solicit(hop, mac);
				else this.#arp.solicit(hop, mac);
			},
			transmit: (packet, mac) => {
				const frame = this.open(packet.length);
				if (frame === undefined) return this.#ground.counters.add('queue-full');
				frame.set(packet, this.headerLength);
				this.sendDirect(frame, mac);
			},
			unreachable: (packet) => this.#owner.unreachable(packet),
			changed: () => this.#owner.neighborChanged(),
			noRouter: (hop) => this.#owner.noRouter(hop),
		};
	}

	#addressSink(): AddressSink {
		const { duplicate, gained, lost } = this.#owner;
		return {
			probe: (address) => {
				if (address.family === 6) this.#owner.probe(address);
				else this.#arp.probe(address);
			},
			announce: (address) => {
				if (address.family === 6) this.#owner.announce(address);
				else if (this.headerLength > 0) this.#arp.announce(address);
			},
			tentative: ({ address }) => {
				if (address.family === 6) this.changeGroup(6, { type: 'join', group: solicitedNode(address) });
			},
			gained,
			lost: (own) => {
				if (own.address.family === 6) this.changeGroup(6, { type: 'leave', group: solicitedNode(own.address) });
				lost(own);
			},
			duplicate,
		};
	}
}

/** RFC 4291 §2.7.1 */
export function solicitedNode(address: IpAddress): IpAddress {
	return IpAddress.from(Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...address.bytes.subarray(13)));
}
