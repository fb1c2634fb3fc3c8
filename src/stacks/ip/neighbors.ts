/**
 * Who has which hardware address on one link: address resolution and unreachability detection, the same for ARP and for
 * neighbor discovery. RFC 4861 §7.3, RFC 826, RFC 1122 §2.3.2; against floods RFC 6583.
 */

import type { IpAddress } from '../../base/address.ts';
import type { MacAddress } from '../../base/mac-address.ts';
import type { Machine, Wake } from '../../base/machine.ts';
import type { Random } from '../../base/random.ts';
import type { IpLimits } from './limits.ts';
import { TokenBucket } from './token-bucket.ts';

/** `failed`: nobody answered; the next packet asks again. */
export type NeighborState = 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'failed';

export type NeighborEvent =
	/** A packet for a neighbour, without link header. Kept until it can be sent. */
	| { readonly type: 'packet'; readonly hop: IpAddress; readonly packet: Uint8Array }
	/** Somebody asks for an address of ours, or shows otherwise where it is. Makes an entry if `create`. */
	| {
			readonly type: 'seen';
			readonly hop: IpAddress;
			readonly mac: MacAddress;
			readonly create: boolean;
			/** It speaks as a router. Default: nothing is known. */
			readonly router?: boolean | undefined;
	  }
	| NeighborAnswer
	/** A higher layer made progress with this neighbour: it is there. RFC 4861 §7.3.1 */
	| { readonly type: 'confirmed'; readonly hop: IpAddress }
	/** The link went down and up: nothing is known any more. */
	| { readonly type: 'flush' };

/** An advertisement, or a reply of ARP. */
export interface NeighborAnswer {
	readonly type: 'answer';
	readonly hop: IpAddress;
	readonly mac: MacAddress | undefined;
	readonly solicited: boolean;
	readonly override: boolean;
	/** Undefined where the protocol does not say. */
	readonly router: boolean | undefined;
}

export interface NeighborSink {
	/** Ask where `hop` is: everybody, or the `mac` at which it was. */
	solicit(hop: IpAddress, mac: MacAddress | undefined): void;
	transmit(packet: Uint8Array, mac: MacAddress): void;
	/** Nobody answered for the packet's next hop. */
	unreachable(packet: Uint8Array): void;
	/** One has failed, or is there again: a route by it may not be the best any more, or be it again. */
	changed(): void;
	/** It was a router and says that it is none any more. */
	noRouter(hop: IpAddress): void;
}

export interface NeighborTiming {
	/** Milliseconds a neighbour is believed to be there, as a mean. RFC 4861 §6.3.4 */
	reachable: number;
	/** Milliseconds between two questions. */
	retransmit: number;
}

export interface Neighbor {
	readonly address: IpAddress;
	readonly mac: MacAddress | undefined;
	readonly state: NeighborState;
	readonly router: boolean;
}

interface Entry {
	readonly address: IpAddress;
	mac: MacAddress | undefined;
	state: NeighborState;
	router: boolean;
	/** Of the state: `reachable` ends, `delay` ends, the next question. */
	until: number;
	asked: number;
	/** It did not answer when last asked, and was not heard of since. */
	failed: boolean;
	waiting: Uint8Array[];
}

/** RFC 4861 §10 */
const questions = 3;
const delayFirstProbe = 5000;

export class Neighbors implements Machine<NeighborEvent, NeighborSink> {
	readonly timing: NeighborTiming = { reachable: 30_000, retransmit: 1000 };
	/** By address, the one used last at the end. */
	readonly #entries = new Map<string, Entry>();
	readonly #limits: IpLimits;
	readonly #random: Random;
	readonly #bucket: TokenBucket;
	/** Those that wait for a moment. */
	readonly #timed = new Set<Entry>();

	constructor(limits: IpLimits, random: Random) {
		this.#limits = limits;
		this.#random = random;
		this.#bucket = new TokenBucket(limits.solicitations, limits.solicitations);
	}

	get deadline(): number {
		let soonest = Number.POSITIVE_INFINITY;
		for (const { until } of this.#timed) soonest = Math.min(soonest, until);
		return soonest;
	}

	/** Where to send without further ado; undefined where the packet has to go through `step`. */
	macOf(hop: IpAddress, now: number): MacAddress | undefined {
		const entry = this.#entries.get(hop.toString());
		if (entry === undefined) return undefined;
		if (entry.state === 'reachable' && now >= entry.until) entry.state = 'stale';
		return entry.state === 'stale' || entry.state === 'failed' ? undefined : entry.mac;
	}

	/** It did not answer, and was not heard of since. */
	hasFailed(hop: IpAddress): boolean {
		return this.#entries.get(hop.toString())?.failed === true;
	}

	*list(now: number): IterableIterator<Neighbor> {
		for (const { address, mac, state, router, until } of this.#entries.values()) {
			yield { address, mac, router, state: state === 'reachable' && now >= until ? 'stale' : state };
		}
	}

	step(event: NeighborEvent | Wake, now: number, sink: NeighborSink): void {
		switch (event.type) {
			case 'packet':
				this.#send(this.#use(event.hop), event.packet, now, sink);
				return;
			case 'seen':
				this.#see(event, now, sink);
				return;
			case 'answer':
				this.#hear(event, now, sink);
				return;
			case 'confirmed': {
				const entry = this.#find(event.hop);
				if (entry?.mac !== undefined && entry.state !== 'failed') this.#reach(entry, now);
				return;
			}
			case 'flush':
				this.#entries.clear();
				this.#timed.clear();
				return;
			case 'wake':
				for (const entry of [...this.#timed]) if (now >= entry.until) this.#expire(entry, now, sink);
		}
	}

	#send(entry: Entry, packet: Uint8Array, now: number, sink: NeighborSink): void {
		if (entry.mac === undefined || entry.state === 'failed') {
			entry.waiting.push(packet);
			if (entry.waiting.length > this.#limits.waiting) entry.waiting.shift();
			if (entry.state === 'incomplete') return;
			this.#enter(entry, 'incomplete', now);
			entry.mac = undefined;
			entry.asked = 0;
			this.#ask(entry, now, sink);
			return;
		}
		// RFC 4861 §7.3.3: the first packet to a stale one leaves, and then it is looked for.
		if (entry.state === 'stale') this.#enter(entry, 'delay', now + delayFirstProbe);
		sink.transmit(packet, entry.mac);
	}

	#see(event: NeighborEvent & { type: 'seen' }, now: number, sink: NeighborSink): void {
		const { hop, mac, create, router } = event;
		const entry = create ? this.#use(hop) : this.#find(hop);
		if (entry === undefined) return;
		entry.router = router ?? entry.router;
		if (entry.mac?.equals(mac) && entry.state !== 'failed') return;
		entry.mac = mac;
		this.#enter(entry, 'stale', Number.POSITIVE_INFINITY);
		this.#release(entry, now, sink);
	}

	/** RFC 4861 §7.2.5 */
	#hear({ hop, mac, solicited, override, router }: NeighborAnswer, now: number, sink: NeighborSink): void {
		const entry = this.#find(hop);
		if (entry === undefined) return;
		const incomplete = entry.mac === undefined || entry.state === 'failed';
		if (incomplete && mac === undefined) return;
		const other = mac !== undefined && !(entry.mac?.equals(mac) ?? false);
		if (!incomplete && other && !override) {
			if (entry.state === 'reachable') this.#enter(entry, 'stale', Number.POSITIVE_INFINITY);
			return;
		}
		entry.mac = mac ?? entry.mac;
		if (solicited) this.#reach(entry, now);
		else if (incomplete || other) this.#enter(entry, 'stale', Number.POSITIVE_INFINITY);
		const was = entry.router;
		entry.router = router ?? was;
		if (was && router === false) sink.noRouter(hop);
		this.#release(entry, now, sink);
	}

	/** It was heard of: what waits for it leaves. */
	#release(entry: Entry, now: number, sink: NeighborSink): void {
		if (entry.failed) {
			entry.failed = false;
			sink.changed();
		}
		const waiting = entry.waiting;
		entry.waiting = [];
		for (const packet of waiting) this.#send(entry, packet, now, sink);
	}

	#expire(entry: Entry, now: number, sink: NeighborSink): void {
		if (entry.state === 'delay') {
			this.#enter(entry, 'probe', now);
			entry.asked = 0;
		}
		if (entry.asked < questions) {
			this.#ask(entry, now, sink);
			return;
		}
		this.#enter(entry, 'failed', Number.POSITIVE_INFINITY);
		entry.failed = true;
		sink.changed();
		const waiting = entry.waiting;
		entry.waiting = [];
		for (const packet of waiting) sink.unreachable(packet);
	}

	#ask(entry: Entry, now: number, sink: NeighborSink): void {
		entry.asked += 1;
		entry.until = now + this.timing.retransmit;
		if (this.#bucket.take(now)) sink.solicit(entry.address, entry.mac);
	}

	#reach(entry: Entry, now: number): void {
		// RFC 4861 §6.3.4: between half and one and a half of the mean. It ends when somebody looks, without a timer.
		const share = 0.5 + this.#random.below(1001) / 1000;
		this.#enter(entry, 'reachable', now + share * this.timing.reachable);
	}

	#enter(entry: Entry, state: NeighborState, until: number): void {
		entry.state = state;
		entry.until = until;
		if (state === 'incomplete' || state === 'delay' || state === 'probe') this.#timed.add(entry);
		else this.#timed.delete(entry);
	}

	#find(hop: IpAddress): Entry | undefined {
		return this.#entries.get(hop.toString());
	}

	/** The entry, now the one used last. */
	#use(hop: IpAddress): Entry {
		const key = hop.toString();
		const known = this.#entries.get(key);
		const entry: Entry = known ?? {
			address: hop,
			mac: undefined,
			state: 'failed',
			router: false,
			until: Number.POSITIVE_INFINITY,
			asked: 0,
			failed: false,
			waiting: [],
		};
		if (known !== undefined) this.#entries.delete(key);
		else if (this.#entries.size >= this.#limits.neighbors) this.#evict();
		this.#entries.set(key, entry);
		return entry;
	}

	/** A sweep over addresses that nobody has must not drive out those that answer. RFC 6583 §6 */
	#evict(): void {
		let victim: string | undefined;
		for (const [key, { mac }] of this.#entries) {
			victim ??= key;
			if (mac !== undefined) continue;
			victim = key;
			break;
		}
		this.#timed.delete(this.#entries.get(victim!)!);
		this.#entries.delete(victim!);
	}
}
