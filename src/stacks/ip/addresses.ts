/**
 * The addresses of one interface: each is looked for on the link before it is used, and ages. RFC 4862 §5.4, §5.5.4;
 * for IPv4 the same with probes of RFC 5227 §2.1.1, of which RFC 2131 §2.2 asks for one.
 */

import type { IpAddress } from '../../base/address.ts';
import type { Machine, Wake } from '../../base/machine.ts';
import type { Prefix } from '../../base/prefix.ts';

export type AddressOrigin = 'static' | 'link-local' | 'dhcp' | 'autoconfiguration' | 'loopback';

/** `tentative` and `duplicate` ones are not used; `deprecated` ones only where there is no other. */
export type AddressState = 'tentative' | 'duplicate' | 'preferred' | 'deprecated';

export interface OwnAddress {
	readonly address: IpAddress;
	/** Of its network, in bits. */
	readonly prefixLength: number;
	readonly origin: AddressOrigin;
	readonly state: AddressState;
}

export type AddressEvent =
	| {
			readonly type: 'add';
			/** Its address, host bits included. One that is there already only gets new lifetimes. */
			readonly prefix: Prefix;
			readonly origin: AddressOrigin;
			/** Milliseconds from now. */
			readonly valid: number;
			readonly preferred: number;
	  }
	| { readonly type: 'remove'; readonly address: IpAddress }
	/** Somebody else has the address, or wants it. */
	| { readonly type: 'claimed'; readonly address: IpAddress }
	/** The link went down and up: others may have come. */
	| { readonly type: 'check-again' };

export interface AddressSink {
	/** Ask whether somebody has it. */
	probe(address: IpAddress): void;
	/** It is ours now: tell those who think otherwise. */
	announce(address: IpAddress): void;
	/** It is being tried: whatever it needs to hear about itself must be heard from now on. */
	tentative(own: OwnAddress): void;
	/** It can be used. */
	gained(own: OwnAddress): void;
	/** It is gone, or is tried again, or is a duplicate, which `duplicate` tells next. */
	lost(own: OwnAddress): void;
	/** Somebody else has it: it was not taken, or is given up. */
	duplicate(own: OwnAddress): void;
}

export interface DuplicateDetection {
	/** How often to ask; 0 takes every address at once. Default 1. */
	readonly transmits: number;
	/** Milliseconds between questions, and behind the last one. Default 1000. */
	readonly interval: number;
}

interface Entry {
	readonly address: IpAddress;
	readonly prefixLength: number;
	readonly origin: AddressOrigin;
	state: AddressState;
	/** Moments. */
	validUntil: number;
	preferredUntil: number;
	probeAt: number;
	probes: number;
	/** When it was last defended. */
	defended: number;
}

/** Milliseconds: who claims an address twice within them gets it. RFC 5227 §2.4 (b) */
const defendInterval = 10_000;

export class Addresses implements Machine<AddressEvent, AddressSink> {
	readonly #detection: DuplicateDetection;
	readonly #limit: number;
	#entries: Entry[] = [];

	constructor(detection: DuplicateDetection, limit: number) {
		this.#detection = detection;
		this.#limit = limit;
	}

	get list(): readonly OwnAddress[] {
		return this.#entries;
	}

	get deadline(): number {
		let soonest = Number.POSITIVE_INFINITY;
		for (const entry of this.#entries) soonest = Math.min(soonest, nextOf(entry));
		return soonest;
	}

	/** The one that lies in a packet at `at`, if it can be used. */
	usableAt(bytes: Uint8Array, at: number, family: 4 | 6): OwnAddress | undefined {
		const entries = this.#entries;
		for (let index = 0; index < entries.length; index += 1) {
			const entry = entries[index]!;
			if (entry.address.family === family && isUsable(entry) && entry.address.equalsAt(bytes, at)) return entry;
		}
		return undefined;
	}

	/** In whatever state; zones are ignored. */
	find(address: IpAddress): OwnAddress | undefined {
		return this.#find(address);
	}

	/** Milliseconds that it is valid from now on. */
	validFor(address: IpAddress, now: number): number {
		return (this.#find(address)?.validUntil ?? now) - now;
	}

	step(event: AddressEvent | Wake, now: number, sink: AddressSink): void {
		switch (event.type) {
			case 'add':
				this.#add(event, now, sink);
				return;
			case 'remove': {
				const entry = this.#find(event.address);
				if (entry !== undefined) this.#remove(entry, sink);
				return;
			}
			case 'claimed':
				this.#contest(this.#find(event.address), now, sink);
				return;
			case 'check-again':
				for (const entry of [...this.#entries]) {
					if (entry.state !== 'duplicate') sink.lost(entry);
					this.#try(entry, now, sink);
				}
				return;
			case 'wake':
				for (const entry of [...this.#entries]) if (now >= nextOf(entry)) this.#wake(entry, now, sink);
		}
	}

	#add(event: AddressEvent & { type: 'add' }, now: number, sink: AddressSink): void {
		const { prefix, origin, valid, preferred } = event;
		const known = this.#find(prefix.address);
		if (known !== undefined) {
			known.validUntil = now + valid;
			known.preferredUntil = now + preferred;
			if (isUsable(known)) known.state = preferred > 0 ? 'preferred' : 'deprecated';
			return;
		}
		if (this.#entries.length >= this.#limit) return;
		const entry: Entry = {
			address: prefix.address,
			prefixLength: prefix.length,
			origin,
			state: 'tentative',
			validUntil: now + valid,
			preferredUntil: now + preferred,
			probeAt: Number.POSITIVE_INFINITY,
			probes: 0,
			defended: Number.NEGATIVE_INFINITY,
		};
		this.#entries.push(entry);
		this.#try(entry, now, sink);
	}

	#try(entry: Entry, now: number, sink: AddressSink): void {
		entry.state = 'tentative';
		entry.probes = 0;
		entry.probeAt = now;
		sink.tentative(entry);
		this.#probe(entry, now, sink);
	}

	#probe(entry: Entry, now: number, sink: AddressSink): void {
		const { transmits, interval } = this.#detection;
		if (entry.probes < transmits && entry.origin !== 'loopback') {
			entry.probes += 1;
			entry.probeAt = now + interval;
			sink.probe(entry.address);
			return;
		}
		entry.probeAt = Number.POSITIVE_INFINITY;
		entry.state = now < entry.preferredUntil ? 'preferred' : 'deprecated';
		sink.gained(entry);
		if (entry.origin !== 'loopback') sink.announce(entry.address);
	}

	#wake(entry: Entry, now: number, sink: AddressSink): void {
		if (now >= entry.validUntil) this.#remove(entry, sink);
		else if (entry.state === 'tentative') this.#probe(entry, now, sink);
		else if (now >= entry.preferredUntil) entry.state = 'deprecated';
	}

	#contest(entry: Entry | undefined, now: number, sink: AddressSink): void {
		if (entry === undefined || entry.state === 'duplicate') return;
		const usable = isUsable(entry);
		// RFC 5227 §2.4: what is in use is defended once, and what is written down for us for ever. RFC 4862 §5.4 has DAD
		// look at tentative addresses only.
		if (usable && (entry.address.family === 6 || now - entry.defended >= defendInterval || entry.origin === 'static')) {
			if (entry.address.family === 4 && now - entry.defended >= defendInterval) {
				entry.defended = now;
				sink.announce(entry.address);
			}
			return;
		}
		sink.lost(entry);
		entry.state = 'duplicate';
		entry.probeAt = Number.POSITIVE_INFINITY;
		sink.duplicate(entry);
	}

	#remove(entry: Entry, sink: AddressSink): void {
		this.#entries = this.#entries.filter((each) => each !== entry);
		if (entry.state !== 'duplicate') sink.lost(entry);
	}

	#find(address: IpAddress): Entry | undefined {
		return this.#entries.find((each) => sameAddress(each.address, address));
	}
}

export function isUsable({ state }: OwnAddress): boolean {
	return state === 'preferred' || state === 'deprecated';
}

function nextOf({ state, validUntil, preferredUntil, probeAt }: Entry): number {
	if (state === 'tentative') return Math.min(probeAt, validUntil);
	return state === 'preferred' ? Math.min(preferredUntil, validUntil) : validUntil;
}

/** Whatever their zones. */
function sameAddress(a: IpAddress, b: IpAddress): boolean {
	return a.family === b.family && a.commonPrefixLength(b) === (a.family === 4 ? 32 : 128);
}
