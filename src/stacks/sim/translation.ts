/**
 * A NAT for IPv4: UDP and ICMP echo, of each of the classic types. RFC 4787, RFC 5508; the names of the types are those of
 * RFC 3489 §5. Streams leave with the outside address too, and cannot be begun from outside.
 */

import { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { badArgument } from '../../base/errors.ts';
import type { IpEndpoint } from '../../base/socket-address.ts';
import { putChecksum, sumOf } from '../../wire/checksum.ts';
import * as ethernet from '../../wire/ethernet.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import { putUint16, uint16 } from '../../wire/network-order.ts';
import type { Gate, Translator } from './gate.ts';
import type { Host } from './host.ts';
import { mostMappings, mostPeers } from './limits.ts';

/**
 * Who may answer through a mapping, and how many there are: `full-cone` everybody, `restricted` the addresses that were
 * written to, `port-restricted` their ports alone; `symmetric` likewise, with another mapping for each destination.
 */
export type NatType = 'full-cone' | 'restricted' | 'port-restricted' | 'symmetric';

export interface NatOptions {
	/** The interface that leads outside. */
	readonly outside: string;
	/** Default `port-restricted`. */
	readonly type?: NatType | undefined;
	/** Hosts inside reach each other by the outside address. Default false. */
	readonly hairpin?: boolean | undefined;
	/** Milliseconds without a packet from inside until a mapping is forgotten. Default 300 000. RFC 4787 §4.3 */
	readonly timeout?: number | undefined;
}

interface Mapping {
	readonly key: string;
	readonly protocol: number;
	readonly address: IpAddress;
	readonly port: number;
	readonly outsidePort: number;
	/** Whom it was used to write to: addresses, and with their ports. */
	readonly peers: Set<string>;
	used: number;
}

const firstPort = 1024;

export class Translation implements Translator {
	readonly #options: NatOptions;
	readonly #host: Host;
	readonly #clock: Clock;
	/** By what is inside, the one not used for longest first. */
	readonly #mappings = new Map<string, Mapping>();
	readonly #byPort = new Map<string, Mapping>();
	/** Pairs inside that know each other by the outside address, with the port of the sender there. */
	readonly #hairpins = new Map<string, number>();
	#life = 0;

	/** Throws `bad-argument`. */
	constructor(options: NatOptions, host: Host, { clock }: { readonly clock: Clock }) {
		if (!host.gates.some(({ name }) => name === options.outside)) {
			throw badArgument(`${host.name} has no interface ${options.outside} that leads outside`, 'nat');
		}
		this.#options = options;
		this.#host = host;
		this.#clock = clock;
		this.#begin();
	}

	/** What a stream from inside is seen as. */
	stream(inside: IpEndpoint, outgoing: Gate): IpEndpoint | undefined {
		const address = this.#outside;
		const leaves = outgoing.name === this.#options.outside && inside.address.family === 4;
		return leaves && address && !inside.address.equals(address) ? { address, port: inside.port } : undefined;
	}

	leaving(frame: Uint8Array, gate: Gate): Uint8Array | undefined {
		const packet = Packet.read(frame);
		const outside = this.#outside;
		if (packet === undefined || outside === undefined || packet.isError) return frame;
		if (gate.name !== this.#options.outside) {
			const port = this.#hairpins.get(packet.pair);
			if (port !== undefined) packet.setSource(outside, port);
			return frame;
		}
		if (packet.source.equals(outside)) return frame;
		const mapping = this.#mappingFor(packet);
		if (mapping === undefined) return undefined;
		packet.setSource(outside, mapping.outsidePort);
		return frame;
	}

	arriving(frame: Uint8Array, gate: Gate): Uint8Array | undefined {
		const packet = Packet.read(frame);
		const outside = this.#outside;
		if (packet === undefined || outside === undefined || !packet.destination.equals(outside)) return frame;
		const fromOutside = gate.name === this.#options.outside;
		if (packet.isError) {
			const quoted = packet.quoted();
			const of = quoted && fromOutside ? this.#at(quoted.protocol, quoted.sourcePort) : undefined;
			if (quoted && of) packet.retarget(of.address, quoted, of.port);
			return frame;
		}
		const mapping = this.#at(packet.protocol, packet.destinationPort);
		if (mapping === undefined) return frame;
		if (!fromOutside) {
			if (this.#options.hairpin !== true) return frame;
			const own = this.#mappingFor(packet);
			if (own === undefined || !this.#admits(mapping, outside, own.outsidePort)) return undefined;
			packet.setDestination(mapping.address, mapping.port);
			if (this.#hairpins.size >= mostMappings) this.#hairpins.clear();
			this.#hairpins.set(packet.pair, own.outsidePort);
			return frame;
		}
		if (!this.#admits(mapping, packet.source, packet.sourcePort)) return undefined;
		packet.setDestination(mapping.address, mapping.port);
		return frame;
	}

	#begin(): void {
		this.#mappings.clear();
		this.#byPort.clear();
		this.#hairpins.clear();
		this.#life = this.#host.life;
		for (const gate of this.#host.gates) gate.translator = this;
		this.#host.onceUp(this.#life, () => this.#begin());
	}

	get #outside(): IpAddress | undefined {
		const { outside } = this.#options;
		const near = this.#host.interfaces().find(({ name }) => name === outside);
		return near?.addresses.find(({ family }) => family === 4);
	}

	/** The mapping by which it leaves, made if need be; undefined where no port is left. */
	#mappingFor({ protocol, source, sourcePort, destination, destinationPort }: Packet): Mapping | undefined {
		const { type = 'port-restricted' } = this.#options;
		const peer = `${destination} ${destinationPort}`;
		const key = `${protocol} ${source} ${sourcePort}${type === 'symmetric' ? ` ${peer}` : ''}`;
		const known = this.#mappings.get(key);
		const mapping = known && this.#fresh(known) ? known : this.#make(key, protocol, source, sourcePort);
		if (mapping === undefined) return undefined;
		mapping.used = this.#clock.now();
		if (mapping.peers.size >= mostPeers) mapping.peers.clear();
		mapping.peers.add(`${destination}`).add(peer);
		this.#mappings.delete(key);
		this.#mappings.set(key, mapping);
		return mapping;
	}

	#make(key: string, protocol: number, address: IpAddress, port: number): Mapping | undefined {
		const [oldest] = this.#mappings.values();
		if (oldest && this.#mappings.size >= mostMappings) this.#forget(oldest);
		// Its own port if it is free (RFC 4787 §4.2.1), else the next one.
		const room = 65_536 - firstPort;
		for (let tries = 0; tries < room; tries += 1) {
			const outsidePort = firstPort + ((Math.max(0, port - firstPort) + tries) % room);
			if (this.#at(protocol, outsidePort)) continue;
			const mapping = { key, protocol, address, port, outsidePort, peers: new Set<string>(), used: 0 };
			this.#byPort.set(`${protocol} ${outsidePort}`, mapping);
			return mapping;
		}
		return undefined;
	}

	#at(protocol: number, outsidePort: number): Mapping | undefined {
		const mapping = this.#byPort.get(`${protocol} ${outsidePort}`);
		return mapping && this.#fresh(mapping) ? mapping : undefined;
	}

	/** Forgets it if it is not. */
	#fresh(mapping: Mapping): boolean {
		if (this.#clock.now() - mapping.used <= (this.#options.timeout ?? 300_000)) return true;
		this.#forget(mapping);
		return false;
	}

	#forget(mapping: Mapping): void {
		this.#mappings.delete(mapping.key);
		this.#byPort.delete(`${mapping.protocol} ${mapping.outsidePort}`);
	}

	#admits({ peers }: Mapping, address: IpAddress, port: number): boolean {
		const { type = 'port-restricted' } = this.#options;
		if (type === 'full-cone') return true;
		return peers.has(type === 'restricted' ? `${address}` : `${address} ${port}`);
	}
}

const ipAt = 14;
const echoTypes = [0, 8];

/** An IPv4 packet of UDP, ICMP echo or an ICMP error, to be rewritten where it lies. The identifier of an echo is its port. */
class Packet {
	readonly #bytes: Uint8Array;
	readonly #ip: number;
	/** Of UDP or ICMP. */
	readonly #body: number;

	constructor(bytes: Uint8Array, ip: number) {
		this.#bytes = bytes;
		this.#ip = ip;
		this.#body = ip + ((bytes[ip]! & 15) << 2);
	}

	/** Undefined for all others, later fragments included. */
	static read(bytes: Uint8Array): Packet | undefined {
		if (bytes.length < ipAt + 28 || uint16(bytes, 12) !== ethernet.etherType.ipv4) return undefined;
		return Packet.#at(bytes, ipAt);
	}

	static #at(bytes: Uint8Array, ip: number): Packet | undefined {
		if (bytes.length < ip + 28 || bytes[ip]! >> 4 !== 4 || (uint16(bytes, ip + 6) & 0x1fff) !== 0) return undefined;
		const packet = new Packet(bytes, ip);
		if (packet.#body + 8 > bytes.length) return undefined;
		const { protocol } = packet;
		if (protocol !== ipProtocol.udp && protocol !== ipProtocol.icmpv4) return undefined;
		return protocol === ipProtocol.udp || packet.isEcho || packet.isError ? packet : undefined;
	}

	get protocol(): number {
		return this.#bytes[this.#ip + 9]!;
	}

	get source(): IpAddress {
		return IpAddress.at(this.#bytes, this.#ip + 12, 4);
	}

	get destination(): IpAddress {
		return IpAddress.at(this.#bytes, this.#ip + 16, 4);
	}

	get isEcho(): boolean {
		return this.protocol === ipProtocol.icmpv4 && echoTypes.includes(this.#bytes[this.#body]!);
	}

	/** Destination unreachable, time exceeded, parameter problem. */
	get isError(): boolean {
		return this.protocol === ipProtocol.icmpv4 && [3, 11, 12].includes(this.#bytes[this.#body]!);
	}

	get sourcePort(): number {
		return uint16(this.#bytes, this.#body + (this.isEcho ? 4 : 0));
	}

	/** An echo has one number for both. */
	get destinationPort(): number {
		return uint16(this.#bytes, this.#body + (this.isEcho ? 4 : 2));
	}

	get pair(): string {
		return `${this.protocol} ${this.source} ${this.sourcePort} ${this.destination} ${this.destinationPort}`;
	}

	setSource(address: IpAddress, port: number): void {
		this.#rewrite(12, address, this.isEcho ? 4 : 0, port);
	}

	setDestination(address: IpAddress, port: number): void {
		this.#rewrite(16, address, this.isEcho ? 4 : 2, port);
	}

	/** The packet that an error is about. */
	quoted(): Packet | undefined {
		return Packet.#at(this.#bytes, this.#body + 8);
	}

	/** Turns an error about what was sent outside into one about what was sent inside. */
	retarget(address: IpAddress, quoted: Packet, port: number): void {
		quoted.setSource(address, port);
		address.copyTo(this.#bytes, this.#ip + 16);
		this.#sealHeader();
		const bytes = this.#bytes;
		const end = this.#ip + uint16(bytes, this.#ip + 2);
		putUint16(bytes, this.#body + 2, 0);
		putChecksum(bytes, this.#body + 2, this.#body, Math.min(end, bytes.length), 0);
	}

	#rewrite(addressAt: number, address: IpAddress, portAt: number, port: number): void {
		const bytes = this.#bytes;
		const isUdp = this.protocol === ipProtocol.udp;
		const checksumAt = this.#body + (isUdp ? 6 : 2);
		const [at, place] = [this.#ip + addressAt, this.#body + portAt];
		// The pseudo header is part of the checksum of UDP, but not of that of ICMP.
		const sum = () => (isUdp ? sumOf(bytes, at, at + 4) : 0) + uint16(bytes, place);
		const before = sum();
		address.copyTo(bytes, at);
		putUint16(bytes, place, port);
		this.#sealHeader();
		if (isUdp && uint16(bytes, checksumAt) === 0) return;
		putUint16(bytes, checksumAt, adjusted(uint16(bytes, checksumAt), before, sum()) || (isUdp ? 0xffff : 0));
	}

	#sealHeader(): void {
		putUint16(this.#bytes, this.#ip + 10, 0);
		putChecksum(this.#bytes, this.#ip + 10, this.#ip, this.#body, 0);
	}
}

/** RFC 1624 §3 */
function adjusted(checksum: number, before: number, after: number): number {
	return ~fold((~checksum & 0xffff) + (~fold(before) & 0xffff) + fold(after)) & 0xffff;
}

function fold(sum: number): number {
	let folded = sum;
	while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
	return folded;
}
