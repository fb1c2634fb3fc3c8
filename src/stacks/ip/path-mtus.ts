/** How large packets to a destination may be, where that is less than the link takes. RFC 1191, RFC 8201 */

import type { IpAddress } from '../../base/address.ts';
import type { IpLimits } from './limits.ts';

export interface PathMtu {
	readonly destination: IpAddress;
	/** Bytes. */
	readonly mtu: number;
}

interface Entry extends PathMtu {
	readonly until: number;
}

/**
 * What no honest router says less than: below it who says so only wants tiny packets. RFC 8200 §5; for IPv4 what every
 * host can receive (RFC 791 §3.1), rather than the 68 of its links.
 */
const smallest = { 4: 576, 6: 1280 };

/** Where a router older than RFC 1191 does not say what would have passed: links there are. RFC 1191 §7.1 */
const plateaus = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 576];

export class PathMtus {
	readonly #limits: IpLimits;
	/** By destination, the one lowered last at the end. */
	readonly #entries = new Map<string, Entry>();

	constructor(limits: IpLimits) {
		this.#limits = limits;
	}

	/** Bytes; undefined where the link decides. */
	get(destination: IpAddress, now: number): number | undefined {
		if (this.#entries.size === 0) return undefined;
		const key = destination.toString();
		const entry = this.#entries.get(key);
		if (entry === undefined || now < entry.until) return entry?.mtu;
		this.#entries.delete(key);
		return undefined;
	}

	/**
	 * A packet of `length` bytes was too big, and one of `mtu` would have passed; 0 for not known. Only ever lowers what
	 * is known. Returns whether it did.
	 */
	lower(destination: IpAddress, mtu: number, length: number, now: number): boolean {
		const said = mtu > 0 ? mtu : (plateaus.find((each) => each < length) ?? 0);
		const next = Math.max(said, smallest[destination.family]);
		if (next >= Math.min(length, this.get(destination, now) ?? Number.POSITIVE_INFINITY)) return false;
		const key = destination.toString();
		this.#entries.delete(key);
		if (this.#entries.size >= this.#limits.pathMtus) {
			for (const oldest of this.#entries.keys()) {
				this.#entries.delete(oldest);
				break;
			}
		}
		this.#entries.set(key, { destination, mtu: next, until: now + this.#limits.pathMtuLifetime });
		return true;
	}

	*list(now: number): IterableIterator<PathMtu> {
		for (const { destination, mtu, until } of this.#entries.values()) if (now < until) yield { destination, mtu };
	}

	clear(): void {
		this.#entries.clear();
	}
}
