/** What is remembered of the servers: how fast, how silent, how old-fashioned each was lately. */

import type { Random } from '../base/random.ts';
import { formatSocketAddress, type IpEndpoint } from '../base/socket-address.ts';

/** Milliseconds. */
const unknownStagger = 250;
const leastStagger = 100;
const mostStagger = 1_000;

/** Milliseconds that a server goes behind the others after a silence; each further one doubles it. */
const firstShun = 5_000;
const longestShun = 300_000;

/** Milliseconds until an old-fashioned server is tried with EDNS and mixed case again. */
const habitLife = 600_000;

/** One query in so many is first asked of another server than the best, so that one that has recovered is found. */
const exploration = 20;

export class Server {
	readonly endpoint: IpEndpoint;
	/** For people: `dns 192.0.2.53`. */
	readonly source: string;
	#roundTrip: number | undefined;
	#silences = 0;
	shunnedUntil = Number.NEGATIVE_INFINITY;
	#plainUntil = Number.NEGATIVE_INFINITY;
	#foldsUntil = Number.NEGATIVE_INFINITY;

	constructor(endpoint: IpEndpoint) {
		this.endpoint = endpoint;
		this.source = `dns ${endpoint.port === 53 ? endpoint.address : formatSocketAddress(endpoint)}`;
	}

	/** It answered after `milliseconds`. */
	answered(milliseconds: number): void {
		this.#roundTrip = this.#roundTrip === undefined ? milliseconds : (7 * this.#roundTrip + milliseconds) / 8;
		this.#silences = 0;
		this.shunnedUntil = Number.NEGATIVE_INFINITY;
	}

	/** It left a query without an answer for longer than `stagger`. */
	silent(now: number): void {
		this.shunnedUntil = now + Math.min(firstShun * 2 ** this.#silences, longestShun);
		this.#silences += 1;
	}

	/** Milliseconds to wait for it before another is asked as well. */
	get stagger(): number {
		if (this.#roundTrip === undefined) return unknownStagger;
		return Math.min(Math.max(leastStagger, 2 * this.#roundTrip), mostStagger);
	}

	/** Milliseconds that it is thought to take. */
	get expected(): number {
		return this.#roundTrip ?? unknownStagger;
	}

	takesEdns(now: number): boolean {
		return now >= this.#plainUntil;
	}

	/** It does not know EDNS. RFC 6891 §7 */
	refusedEdns(now: number): void {
		this.#plainUntil = now + habitLife;
	}

	keepsCase(now: number): boolean {
		return now >= this.#foldsUntil;
	}

	/** It does not repeat a name in the case it was asked in. */
	foldedCase(now: number): void {
		this.#foldsUntil = now + habitLife;
	}
}

/**
 * The servers in the order to ask them: those that were silent last, the fast first, and those of which nothing is known
 * by IPv6 before IPv4, as they were given.
 */
export function ordered(servers: readonly Server[], now: number, random: Random): Server[] {
	const shun = (server: Server) => (now < server.shunnedUntil ? server.shunnedUntil : 0);
	const order = servers.toSorted(
		(a, b) => shun(a) - shun(b) || a.expected - b.expected || b.endpoint.address.family - a.endpoint.address.family,
	);
	const healthy = order.filter((server) => shun(server) === 0).length;
	if (healthy > 1 && random.below(exploration) === 0) {
		order.unshift(...order.splice(1 + random.below(healthy - 1), 1));
	}
	return order;
}
