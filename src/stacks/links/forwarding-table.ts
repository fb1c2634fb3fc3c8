/** Where stations are, as far as they were heard: bounded, and forgetting who is silent. IEEE 802.1Q §8.8 */

import { badArgument } from '../../base/errors.ts';
import type { MacAddress } from '../../base/mac-address.ts';
import { addressOf, type Station } from './station.ts';

interface Entry<Port> {
	port: Port;
	/** Milliseconds, of the clock. */
	heard: number;
}

export class ForwardingTable<Port> {
	readonly #ageing: number;
	readonly #capacity: number;
	/** The longest silent first. */
	readonly #entries = new Map<Station, Entry<Port>>();
	/** The last one, which is at its place. */
	#last = -1;

	constructor(ageing: number, capacity: number) {
		if (!(ageing > 0)) throw badArgument(`ageing is ${ageing}; give milliseconds, more than 0`);
		if (!(capacity >= 1)) throw badArgument(`stations is ${capacity}; give 1 or more`);
		this.#ageing = ageing;
		this.#capacity = capacity;
	}

	learn(station: Station, port: Port, now: number): void {
		const known = this.#entries.get(station);
		if (known !== undefined) {
			known.port = port;
			known.heard = now;
			if (station === this.#last) return;
			this.#entries.delete(station);
		} else if (this.#entries.size >= this.#capacity) {
			this.#entries.delete(this.#entries.keys().next().value!);
		}
		this.#entries.set(station, known ?? { port, heard: now });
		this.#last = station;
	}

	find(station: Station, now: number): Port | undefined {
		const entry = this.#entries.get(station);
		return entry === undefined || now - entry.heard > this.#ageing ? undefined : entry.port;
	}

	/** All that were heard there. */
	forget(port: Port): void {
		for (const [station, entry] of this.#entries) if (entry.port === port) this.#entries.delete(station);
	}

	clear(): void {
		this.#entries.clear();
	}

	entries(now: number): [MacAddress, Port][] {
		return [...this.#entries]
			.filter(([, { heard }]) => now - heard <= this.#ageing)
			.map(([station, { port }]) => [addressOf(station), port]);
	}
}
