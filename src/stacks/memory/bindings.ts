/** Who holds which address of a memory stack, and which ports are free. */

import type { IpAddress } from '../../base/address.ts';
import { type IpEndpoint, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { failure } from './failure.ts';

/** RFC 6335 §6: the dynamic ports. They are given out in order, so that a test sees the same ones each time. */
const firstPort = 49_152;
const lastPort = 65_535;

export interface Holder {
	readonly local: SocketAddress;
	/** Others may hold the address as well, if they share it too. */
	readonly shared: boolean;
}

export class Bindings<T extends Holder> implements Iterable<T> {
	/** By port or path, each in the order of binding. */
	readonly #held = new Map<number | string, T[]>();
	#next = firstPort;

	get size(): number {
		let size = 0;
		for (const holders of this.#held.values()) size += holders.length;
		return size;
	}

	*[Symbol.iterator](): Iterator<T> {
		for (const holders of [...this.#held.values()]) yield* [...holders];
	}

	/** `local` with a port that is free, its own if it has one. Throws `address-in-use`. */
	free<A extends SocketAddress>(local: A, shared: boolean, operation: string): A {
		if (isUnix(local) || local.port !== 0) {
			if (this.#holds(local, shared)) throw failure('EADDRINUSE', operation, local, undefined);
			return local;
		}
		const port = this.ephemeralPort((candidate) => !this.#holds({ address: local.address, port: candidate }, false));
		if (port === undefined) throw failure('EADDRINUSE', operation, local, undefined);
		return { ...local, port };
	}

	/** The next port for which `isFree` holds; undefined when there is none. */
	ephemeralPort(isFree: (port: number) => boolean): number | undefined {
		for (let tries = firstPort; tries <= lastPort; tries += 1) {
			const port = this.#next;
			this.#next = port === lastPort ? firstPort : port + 1;
			if (isFree(port)) return port;
		}
		return undefined;
	}

	add(holder: T): void {
		const key = keyOf(holder.local);
		const holders = this.#held.get(key);
		if (holders) holders.push(holder);
		else this.#held.set(key, [holder]);
	}

	delete(holder: T): void {
		const key = keyOf(holder.local);
		const left = this.#held.get(key)?.filter((other) => other !== holder) ?? [];
		if (left.length > 0) this.#held.set(key, left);
		else this.#held.delete(key);
	}

	/** Who hears what is sent to `address`: those at the very address, then those at all addresses of its family. */
	at(address: SocketAddress): readonly T[] {
		const holders = this.#held.get(keyOf(address)) ?? [];
		if (isUnix(address)) return holders;
		const exact = holders.filter(({ local }) => addressOf(local).equals(address.address));
		const wild = holders.filter(({ local }) => isWild(addressOf(local), address.address.family));
		return exact.concat(wild.filter((holder) => !exact.includes(holder)));
	}

	/** Everybody at a port, whatever the address. */
	on(port: number): readonly T[] {
		return this.#held.get(port) ?? [];
	}

	#holds(address: SocketAddress, shared: boolean): boolean {
		return (this.#held.get(keyOf(address)) ?? []).some(
			(holder) => !(shared && holder.shared) && overlap(holder.local, address),
		);
	}
}

function keyOf(address: SocketAddress): number | string {
	return isUnix(address) ? address.path : address.port;
}

function addressOf(local: SocketAddress): IpAddress {
	return (local as IpEndpoint).address;
}

function isWild(address: IpAddress, family: 4 | 6): boolean {
	return address.family === family && address.isUnspecified;
}

/** Given the same port or path: one of them would take what is meant for the other. */
function overlap(a: SocketAddress, b: SocketAddress): boolean {
	if (isUnix(a) || isUnix(b)) return true;
	const { family } = a.address;
	return (
		family === b.address.family &&
		(a.address.equals(b.address) || isWild(a.address, family) || isWild(b.address, family))
	);
}
