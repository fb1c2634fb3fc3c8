/** Who holds which address and port of one protocol, and which ports are free. */

import type { IpAddress } from '../../base/address.ts';
import type { Random } from '../../base/random.ts';
import type { IpEndpoint } from '../../base/socket-address.ts';
import { sameWithoutZone } from '../../stack/multicast.ts';
import { failure } from './failure.ts';

/** RFC 6335 §6: the dynamic ports. */
const firstEphemeral = 49_152;
const ephemeralPorts = 65_536 - firstEphemeral;
const firstUnprivileged = 1024;

export interface Holder {
	readonly local: IpEndpoint;
	/** Others may hold the address as well, if they share it too. */
	readonly shared: boolean;
}

export class PortTable<T extends Holder> {
	readonly #random: Random;
	readonly #privileged: boolean;
	/** By port, each in the order of binding. */
	readonly #held = new Map<number, T[]>();

	/** `privileged`: ports below 1024 are given too. */
	constructor(random: Random, privileged: boolean) {
		this.#random = random;
		this.#privileged = privileged;
	}

	/** Everybody at a port, whatever the address. */
	on(port: number): readonly T[] {
		return this.#held.get(port) ?? none;
	}

	/** `local` with a port that is free, its own if it has one. Throws `address-in-use`, `not-permitted`. */
	free(local: IpEndpoint, shared: boolean, operation: string): IpEndpoint {
		if (local.port === 0) {
			const port = this.ephemeral((candidate) => !this.#holds({ ...local, port: candidate }, false));
			if (port === undefined) throw failure('EADDRINUSE', operation, local, undefined);
			return { ...local, port };
		}
		if (local.port < firstUnprivileged && !this.#privileged) throw failure('EACCES', operation, local, undefined);
		if (this.#holds(local, shared)) throw failure('EADDRINUSE', operation, local, undefined);
		return local;
	}

	/** A port for which `isFree` holds, one that nobody can guess (RFC 6056 §3.3.1); undefined when there is none. */
	ephemeral(isFree: (port: number) => boolean): number | undefined {
		const start = this.#random.below(ephemeralPorts);
		for (let tries = 0; tries < ephemeralPorts; tries += 1) {
			const port = firstEphemeral + ((start + tries) % ephemeralPorts);
			if (isFree(port)) return port;
		}
		return undefined;
	}

	add(holder: T): void {
		const { port } = holder.local;
		this.#held.set(port, [...this.on(port), holder]);
	}

	delete(holder: T): void {
		const { port } = holder.local;
		const left = this.on(port).filter((other) => other !== holder);
		if (left.length > 0) this.#held.set(port, left);
		else this.#held.delete(port);
	}

	#holds(local: IpEndpoint, shared: boolean): boolean {
		return this.on(local.port).some(
			(holder) => !(shared && holder.shared) && overlap(holder.local.address, local.address),
		);
	}
}

const none: readonly never[] = [];

/** One of them would take what is meant for the other. */
function overlap(a: IpAddress, b: IpAddress): boolean {
	if (a.family !== b.family) return false;
	if (a.isUnspecified || b.isUnspecified) return true;
	return sameWithoutZone(a, b) && (a.zone === b.zone || a.zone === undefined || b.zone === undefined);
}
