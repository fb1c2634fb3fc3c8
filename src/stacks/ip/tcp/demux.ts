/** Which connection a segment is for: by both ends, hashed with a secret, so that nobody can choose who collides. */

import type { IpAddress } from '../../../base/address.ts';
import type { Random } from '../../../base/random.ts';
import type { IpEndpoint } from '../../../base/socket-address.ts';
import type { TcpView } from '../../../wire/tcp.ts';
import type { Packet } from '../packet.ts';

export interface Endpoint {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint;
	/** With the same hash. Of the table. */
	next: Endpoint | undefined;
	/** A segment for it, borrowed. */
	hear(packet: Packet, view: TcpView): void;
}

export class Demux {
	readonly #table = new Map<number, Endpoint>();
	readonly #seed: number;

	constructor(random: Random) {
		this.#seed = random.uint32() | 0;
	}

	find(packet: Packet, view: TcpView): Endpoint | undefined {
		const { bytes, sourceAt, destinationAt } = packet.header;
		const length = packet.family === 4 ? 4 : 16;
		const { sourcePort, destinationPort } = view;
		let hash = hashOf(bytes, sourceAt, length, this.#seed);
		hash = hashOf(bytes, destinationAt, length, hash);
		let endpoint = this.#table.get(finish(hash, destinationPort, sourcePort));
		for (; endpoint !== undefined; endpoint = endpoint.next) {
			const { local, remote } = endpoint;
			if (local.port !== destinationPort || remote.port !== sourcePort) continue;
			if (local.address.family !== packet.family) continue;
			if (!remote.address.equalsAt(bytes, sourceAt) || !local.address.equalsAt(bytes, destinationAt)) continue;
			if (remote.address.zone === undefined || remote.address.equals(packet.source)) return endpoint;
		}
		return undefined;
	}

	get(local: IpEndpoint, remote: IpEndpoint): Endpoint | undefined {
		let endpoint = this.#table.get(this.#keyOf(local, remote));
		while (endpoint !== undefined && !isSame(endpoint, local, remote)) endpoint = endpoint.next;
		return endpoint;
	}

	add(endpoint: Endpoint): void {
		const key = this.#keyOf(endpoint.local, endpoint.remote);
		endpoint.next = this.#table.get(key);
		this.#table.set(key, endpoint);
	}

	delete(endpoint: Endpoint): void {
		const key = this.#keyOf(endpoint.local, endpoint.remote);
		const first = this.#table.get(key);
		if (first === endpoint) {
			if (endpoint.next) this.#table.set(key, endpoint.next);
			else this.#table.delete(key);
			return;
		}
		for (let each = first; each !== undefined; each = each.next) {
			if (each.next !== endpoint) continue;
			each.next = endpoint.next;
			return;
		}
	}

	#keyOf(local: IpEndpoint, remote: IpEndpoint): number {
		return finish(hashAddress(local.address, hashAddress(remote.address, this.#seed)), local.port, remote.port);
	}
}

function isSame(endpoint: Endpoint, local: IpEndpoint, remote: IpEndpoint): boolean {
	return (
		endpoint.local.port === local.port &&
		endpoint.remote.port === remote.port &&
		endpoint.local.address.equals(local.address) &&
		endpoint.remote.address.equals(remote.address)
	);
}

function hashAddress(address: IpAddress, seed: number): number {
	const { bytes } = address;
	return hashOf(bytes, 0, bytes.length, seed);
}

function hashOf(bytes: Uint8Array, at: number, length: number, seed: number): number {
	let hash = seed;
	for (let index = at; index < at + length; index += 1) hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
	return hash;
}

function finish(hash: number, localPort: number, remotePort: number): number {
	const mixed = Math.imul(hash ^ (localPort << 16) ^ remotePort, 0x9e3779b1);
	return mixed ^ (mixed >>> 15);
}
