/** What arrives: is it a packet, may it be, is it for us, is it whole, and who gets it. */

import { IpAddress as Address, type IpAddress } from '../../base/address.ts';
import { type Driver, drive } from '../../base/machine.ts';
import { offloaded, putChecksum } from '../../wire/checksum.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import * as ipv4 from '../../wire/ipv4.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as ipv6Extensions from '../../wire/ipv6-extensions.ts';
import { putUint16, uint16 } from '../../wire/network-order.ts';
import type { Forwarding } from './forwarding.ts';
import type { Host } from './host.ts';
import type { Complaint, IcmpErrors } from './icmp-errors.ts';
import type { Arrival, Nic } from './nic.ts';
import { allNodes, allRouters } from './output.ts';
import { Packet, type Protocol } from './packet.ts';
import { type FragmentEvent, Reassembly, type ReassemblySink } from './reassembly.ts';

export class Input {
	readonly protocols = new Map<number, Protocol>();
	readonly #host: Host;
	readonly #errors: IcmpErrors;
	readonly #forwarding: Forwarding | undefined;
	readonly #reassembly: Reassembly<Passage>;
	readonly #fragments: Driver<FragmentEvent<Passage>>;

	constructor(host: Host, errors: IcmpErrors, forwarding: Forwarding | undefined) {
		const { ground } = host;
		this.#host = host;
		this.#errors = errors;
		this.#forwarding = forwarding;
		this.#reassembly = new Reassembly(ground.limits);
		this.#fragments = drive(this.#reassembly, this.#reassemblySink(), ground.clock);
	}

	/** What is being put together. */
	get reassembling(): Reassembly<Passage>['held'] {
		return this.#reassembly.held;
	}

	/** One packet, from `start` to at most `end`. */
	receive(nic: Nic, bytes: Uint8Array, start: number, end: number, arrival: Arrival): void {
		this.#host.ground.counters.add('received');
		if (bytes[start]! >> 4 === 4) this.#receive4(nic, bytes, start, end, arrival);
		else this.#receive6(nic, bytes, start, end, arrival);
	}

	close(): void {
		this.#fragments.stop();
	}

	#receive4(nic: Nic, bytes: Uint8Array, start: number, end: number, arrival: Arrival): void {
		const { counters } = this.#host.ground;
		const view = ipv4.parse(bytes, start, end, arrival.local ? offloaded : 0);
		if (typeof view === 'string') {
			counters.add(view);
			return;
		}
		const place = this.#place4(nic, view, arrival);
		if (place === undefined) return;
		if (view.payloadStart > view.start + 20 && isSourceRouted(view.options)) {
			counters.add('source-routed');
			return;
		}
		if (place === 'other') {
			this.#pass(nic, bytes, view.start, view.end, arrival);
			return;
		}
		if (view.isFragment) {
			this.#collect4(nic, view, arrival);
			return;
		}
		const { protocol } = view;
		const sum = arrival.verified && !isIcmp(protocol) ? offloaded : view.pseudoSum(protocol);
		const content = { protocol, start: view.payloadStart, sum, toUs: place === 'us' };
		this.#deliver(new Packet(this.#host, view, nic, arrival, content));
	}

	#receive6(nic: Nic, bytes: Uint8Array, start: number, end: number, arrival: Arrival): void {
		const { counters } = this.#host.ground;
		const view = ipv6.parse(bytes, start, end);
		if (typeof view === 'string') {
			counters.add(view);
			return;
		}
		const place = this.#place6(nic, view, arrival);
		if (place === undefined) return;
		if (place === 'other') {
			this.#pass(nic, bytes, view.start, view.end, arrival);
			return;
		}
		let protocol = view.nextHeader;
		let payload = view.payloadStart;
		if (ipv6Extensions.isExtension(protocol)) {
			const chain = ipv6Extensions.parse(view);
			if (typeof chain === 'string') {
				counters.add(chain);
				return;
			}
			const complaint = this.#judge(view, chain);
			if (complaint === 'drop') {
				counters.add('unsupported');
				return;
			}
			if (complaint !== undefined) {
				this.#complain(nic, view, arrival, complaint);
				return;
			}
			const last = chain.extensions.at(-1);
			if (last?.kind === 'fragment' && (last.more || last.offset > 0)) {
				this.#collect6(nic, view, chain, last, arrival);
				return;
			}
			protocol = chain.protocol;
			payload = chain.payloadStart;
			if (protocol === ipProtocol.none) return;
			if (!this.protocols.has(protocol)) {
				counters.add('no-protocol');
				const pointer = chain.protocolAt - view.start;
				this.#complain(nic, view, arrival, { kind: 'header', code: 1, pointer });
				return;
			}
		}
		const sum = arrival.verified && !isIcmp(protocol) ? offloaded : view.pseudoSum(protocol);
		this.#deliver(new Packet(this.#host, view, nic, arrival, { protocol, start: payload, sum, toUs: place === 'us' }));
	}

	#deliver(packet: Packet): void {
		const { counters } = this.#host.ground;
		const protocol = this.protocols.get(packet.protocol);
		if (protocol === undefined) {
			if (packet.protocol === ipProtocol.none && packet.family === 6) return;
			counters.add('no-protocol');
			this.#complain(packet.nic, packet.header, packet.arrival, { kind: 'protocol' });
			return;
		}
		if (protocol.deliver(packet)) {
			counters.add('delivered');
			return;
		}
		counters.add('no-port');
		this.#complain(packet.nic, packet.header, packet.arrival, { kind: 'port' });
	}

	/** Whom it is for; undefined if it must not be. RFC 1122 §3.2.1.3, RFC 1812 §5.3.7 */
	#place4(nic: Nic, view: ipv4.Ipv4View, arrival: Arrival): Place | undefined {
		const { bytes, sourceAt, destinationAt } = view;
		const { counters } = this.#host.ground;
		const from = bytes[sourceAt]!;
		const to = bytes[destinationAt]!;
		const loops = from === 127 || to === 127;
		const nobody = from === 0 && uint16(bytes, sourceAt) === 0 && uint16(bytes, sourceAt + 2) === 0;
		if (from >= 224 || (from === 0 && !nobody) || (loops && !arrival.local) || nic.isBroadcastAt(bytes, sourceAt)) {
			return void counters.add('martian');
		}
		if (arrival.local) return to >= 224 && to < 240 ? this.#inGroup(nic, view) : this.#broadcastOrUs(nic, view);
		if (this.#isOwn(nic, bytes, sourceAt, 4)) return void counters.add('martian');
		if (nic.refusePrivate && (isPrivate4(bytes, sourceAt) || isPrivate4(bytes, destinationAt))) {
			return void counters.add('refused-private');
		}
		if (to >= 224 && to < 240) return this.#inGroup(nic, view);
		const place = this.#isOwn(nic, bytes, destinationAt, 4) ? 'us' : this.#broadcastOrUs(nic, view, 'other');
		// From nobody: only who asks for an address (RFC 1122 §3.2.1.3 (a)). To us in a frame to all: nobody honest (§3.3.6).
		if (place === 'everybody') return place;
		if (nobody || (place === 'us' && !arrival.unicast)) return void counters.add('martian');
		return place === 'other' && nic.unconfigured4 && isForDhcpClient(view) ? 'us' : place;
	}

	#broadcastOrUs(nic: Nic, view: ipv4.Ipv4View, otherwise: Place = 'us'): Place {
		return nic.isBroadcastAt(view.bytes, view.destinationAt) ? 'everybody' : otherwise;
	}

	#inGroup(nic: Nic, view: ipv4.Ipv4View | ipv6.Ipv6View): Place | undefined {
		const group = view.destination;
		const { family } = group;
		if (nic.groups[family].has(group) || isForAll(group, this.#host.forwards)) return 'everybody';
		return void this.#host.ground.counters.add('not-for-us');
	}

	#place6(nic: Nic, view: ipv6.Ipv6View, arrival: Arrival): Place | undefined {
		const { bytes, sourceAt, destinationAt } = view;
		const { counters } = this.#host.ground;
		const martian =
			bytes[sourceAt] === 0xff ||
			isMappedOrCompatible(bytes, sourceAt) ||
			isMappedOrCompatible(bytes, destinationAt) ||
			(!arrival.local && (isLoopback6(bytes, sourceAt) || isLoopback6(bytes, destinationAt)));
		if (martian) return void counters.add('martian');
		// What goes to no more than this host does not come from another. RFC 4291 §2.7
		const scope = bytes[destinationAt] === 0xff ? bytes[destinationAt + 1]! & 15 : undefined;
		if (scope === 0 || (scope === 1 && !arrival.local)) return void counters.add('martian');
		if (!arrival.local && this.#isOwn(nic, bytes, sourceAt, 6)) return void counters.add('martian');
		if (nic.refusePrivate && ((bytes[sourceAt]! & 0xfe) === 0xfc || (bytes[destinationAt]! & 0xfe) === 0xfc)) {
			return void counters.add('refused-private');
		}
		if (scope !== undefined) return this.#inGroup(nic, view);
		return arrival.local || this.#isOwn(nic, bytes, destinationAt, 6) ? 'us' : 'other';
	}

	/** A host takes what is for the interface by which it came; a router whatever is for it. RFC 1122 §3.3.4.2 */
	#isOwn(nic: Nic, bytes: Uint8Array, at: number, family: 4 | 6): boolean {
		if (nic.addresses.usableAt(bytes, at, family) !== undefined) return true;
		if (!this.#host.forwards) return false;
		return this.#host.nics.some((each) => {
			const own = each.addresses.usableAt(bytes, at, family);
			return own !== undefined && !own.address.isLinkLocal;
		});
	}

	#pass(nic: Nic, bytes: Uint8Array, start: number, end: number, arrival: Arrival): void {
		if (this.#forwarding && arrival.unicast) this.#forwarding.forward(nic, bytes, start, end, arrival);
		else this.#host.ground.counters.add('not-for-us');
	}

	/** What to do with options and routes that one does not know. RFC 8200 §4.2, §4.4 */
	#judge(view: ipv6.Ipv6View, { extensions }: ipv6Extensions.ExtensionChain): Complaint | 'drop' | undefined {
		const many = view.bytes[view.destinationAt] === 0xff;
		for (const extension of extensions) {
			if (extension.kind === 'routing' && extension.segmentsLeft > 0) {
				// Its pointer would need where the header lies; the reserved 0 says the header as a whole.
				return { kind: 'header', code: 0, pointer: view.payloadStart - view.start };
			}
			if (extension.kind !== 'hop-by-hop' && extension.kind !== 'destination-options') continue;
			for (const { type, data } of extension.options) {
				const action = type >> 6;
				if (action === 0) continue;
				if (action === 1 || (action === 3 && many)) return 'drop';
				return { kind: 'header', code: 2, pointer: data.byteOffset - view.bytes.byteOffset - 2 - view.start };
			}
		}
		return undefined;
	}

	#collect4(nic: Nic, view: ipv4.Ipv4View, arrival: Arrival): void {
		const { bytes, start, payloadStart, end, moreFragments } = view;
		// All but the last are whole eights.
		if (moreFragments && view.payloadLength % 8 !== 0) {
			this.#host.ground.counters.add('malformed');
			return;
		}
		const addresses = bytes.subarray(start + 12, start + 20);
		this.#fragments.send({
			type: 'fragment',
			key: `4 ${nic.name} ${addresses} ${view.protocol} ${view.identification}`,
			offset: view.fragmentOffset,
			more: moreFragments,
			payload: bytes.subarray(payloadStart, end),
			header: bytes.subarray(start, payloadStart),
			most: 0xffff - (payloadStart - start),
			ecn: view.ecn,
			context: { nic, arrival },
		});
	}

	#collect6(
		nic: Nic,
		view: ipv6.Ipv6View,
		chain: ipv6Extensions.ExtensionChain,
		fragment: ipv6Extensions.FragmentExtension,
		arrival: Arrival,
	): void {
		const { bytes, start, end } = view;
		const { payloadStart, protocol } = chain;
		// RFC 8200 §4.5: both are told to the sender.
		if (fragment.more && (end - payloadStart) % 8 !== 0) {
			this.#complain(nic, view, arrival, { kind: 'header', code: 0, pointer: 4 });
			return;
		}
		if (fragment.offset + end - payloadStart > 0xffff) {
			const pointer = payloadStart - 6 - start;
			this.#complain(nic, view, arrival, { kind: 'header', code: 0, pointer });
			return;
		}
		const header = new Uint8Array(payloadStart - 8 - start);
		header.set(bytes.subarray(start, payloadStart - 8));
		header[nameOfFragment(header)] = protocol;
		this.#fragments.send({
			type: 'fragment',
			key: `6 ${nic.name} ${bytes.subarray(start + 8, start + 40)} ${fragment.identification}`,
			offset: fragment.offset,
			more: fragment.more,
			payload: bytes.subarray(payloadStart, end),
			header,
			most: 0xffff - (header.length - 40),
			ecn: view.ecn,
			context: { nic, arrival },
		});
	}

	#reassemblySink(): ReassemblySink<Passage> {
		const { counters } = this.#host.ground;
		return {
			whole: (header, payload, ecn, { nic, arrival }) => {
				counters.add('reassembled');
				const packet = new Uint8Array(header.length + payload.length);
				packet.set(header);
				packet.set(payload, header.length);
				mend(packet, header.length, ecn);
				// The IPv4 header is our own now, and so are checksums that cover many packets: nobody else verified those.
				this.receive(nic, packet, 0, packet.length, { ...arrival, verified: arrival.local });
			},
			lost: (reason) => counters.add(reason),
			timedOut: (start, { nic, arrival }) => {
				counters.add('reassembly-timeout');
				if (start === undefined) return;
				this.#errors.complain(nic, start, 0, start.length, arrival, { kind: 'reassembly' });
			},
		};
	}

	#complain(nic: Nic, view: ipv4.Ipv4View | ipv6.Ipv6View, arrival: Arrival, complaint: Complaint): void {
		this.#errors.complain(nic, view.bytes, view.start, view.end, arrival, complaint);
	}
}

type Place = 'us' | 'everybody' | 'other';

/** How a fragment came. */
interface Passage {
	readonly nic: Nic;
	readonly arrival: Arrival;
}

/** The header as that of the whole. */
function mend(packet: Uint8Array, headerLength: number, ecn: number): void {
	if (packet[0]! >> 4 === 6) {
		packet[1] = (packet[1]! & 0xcf) | (ecn << 4);
		putUint16(packet, 4, packet.length - 40);
		return;
	}
	packet[1] = (packet[1]! & 0xfc) | ecn;
	putUint16(packet, 2, packet.length);
	putUint16(packet, 6, 0);
	putUint16(packet, 10, 0);
	putChecksum(packet, 10, 0, headerLength, 0);
}

/** Where the unfragmentable part says that a fragment header follows. */
function nameOfFragment(header: Uint8Array): number {
	let name = 6;
	for (let at = 40; header[name] !== ipProtocol.fragment && at < header.length; at += 8 * (header[at + 1]! + 1))
		name = at;
	return name;
}

function isIcmp(protocol: number): boolean {
	return protocol === ipProtocol.icmpv4 || protocol === ipProtocol.icmpv6 || protocol === ipProtocol.igmp;
}

/** Loose and strict source routes: no honest packet has them any more. RFC 7126 §4.3, §4.4 */
function isSourceRouted(options: Uint8Array): boolean {
	for (let at = 0; at < options.length && options[at] !== 0; ) {
		const type = options[at]!;
		if (type === 131 || type === 137) return true;
		at += type === 1 ? 1 : Math.max(2, options[at + 1] ?? 2);
	}
	return false;
}

/** RFC 1918 §3, and RFC 6598. */
function isPrivate4(bytes: Uint8Array, at: number): boolean {
	const [a, b] = [bytes[at]!, bytes[at + 1]!];
	return a === 10 || (a === 172 && (b & 0xf0) === 16) || (a === 192 && b === 168) || (a === 100 && (b & 0xc0) === 64);
}

/** ::ffff:0:0/96 and ::/96 are never on a wire, but for :: and ::1. RFC 4291 §2.5.5 */
function isMappedOrCompatible(bytes: Uint8Array, at: number): boolean {
	for (let index = 0; index < 10; index += 1) if (bytes[at + index] !== 0) return false;
	const middle = uint16(bytes, at + 10);
	if (middle === 0xffff) return true;
	return middle === 0 && (uint16(bytes, at + 12) !== 0 || uint16(bytes, at + 14) > 1);
}

function isLoopback6(bytes: Uint8Array, at: number): boolean {
	return Address.loopback6.equalsAt(bytes, at);
}

function isForDhcpClient({ protocol, isFragment, bytes, payloadStart, payloadLength }: ipv4.Ipv4View): boolean {
	return protocol === ipProtocol.udp && !isFragment && payloadLength >= 8 && uint16(bytes, payloadStart + 2) === 68;
}

/** Groups that one is in without joining. RFC 1112 §4, RFC 4291 §2.8 */
function isForAll(group: IpAddress, router: boolean): boolean {
	if (group.family === 4) return group.equals(allHosts4) || (router && group.equals(allRouters4));
	return group.equals(allNodes) || group.equals(allNodesHere) || (router && group.equals(allRouters));
}

const allHosts4 = Address.parse('224.0.0.1');
const allRouters4 = Address.parse('224.0.0.2');
const allNodesHere = Address.parse('ff01::1');
