/**
 * What routers advertise on one link, and an address of one's own in each prefix that they do: RFC 4861 §6.3, RFC 4862 §5.5,
 * RFC 8106 for name servers, RFC 7559 for asking again.
 */

import type { IpAddress } from '../../base/address.ts';
import type { Machine, Wake } from '../../base/machine.ts';
import type { Prefix } from '../../base/prefix.ts';
import type { Random } from '../../base/random.ts';
import type { NdOption, PrefixInformation } from '../../wire/nd-options.ts';
import type { RouterAdvertisement } from '../../wire/neighbor-discovery.ts';
import type { IpLimits } from './limits.ts';

export type AutoconfigurationEvent =
	/** The link is up, and its link-local address can be used. */
	| { readonly type: 'start' }
	| { readonly type: 'advertisement'; readonly router: IpAddress; readonly message: RouterAdvertisement }
	/** The neighbour is no router any more, or never was one. */
	| { readonly type: 'no-router'; readonly router: IpAddress };

export interface AutoconfigurationSink {
	solicit(): void;
	/** Make an address in it. Lifetimes are milliseconds, `valid` under the rule of RFC 4862 §5.5.3 (e). */
	autonomous(prefix: Prefix, valid: number, preferred: number): void;
	onLink(prefix: Prefix, there: boolean): void;
	/** Its preference is undefined when it is a default router no more. */
	router(address: IpAddress, preference: RouterAdvertisement['preference'] | undefined): void;
	nameServers(addresses: readonly IpAddress[]): void;
	/** What is 0 or undefined was not said. Times are milliseconds. */
	parameters(parameters: LinkParameters): void;
}

export interface LinkParameters {
	readonly hopLimit: number;
	readonly reachableTime: number;
	readonly retransmitTime: number;
	readonly mtu: number | undefined;
}

interface Lease<T> {
	readonly value: T;
	/** A moment. */
	readonly until: number;
}

/** RFC 4861 §10, RFC 7559 §2: milliseconds until the second question, and at most between two. */
const firstInterval = 4000;
const longestInterval = 3_600_000;

export class Autoconfiguration implements Machine<AutoconfigurationEvent, AutoconfigurationSink> {
	readonly #limits: IpLimits;
	readonly #random: Random;
	/** Each by text. */
	readonly #routers = new Map<string, Lease<IpAddress>>();
	readonly #prefixes = new Map<string, Lease<Prefix>>();
	readonly #servers = new Map<string, Lease<IpAddress>>();
	#interval = 0;
	#solicitAt = Number.POSITIVE_INFINITY;

	constructor(limits: IpLimits, random: Random) {
		this.#limits = limits;
		this.#random = random;
	}

	get deadline(): number {
		let soonest = this.#solicitAt;
		for (const leases of [this.#routers, this.#prefixes, this.#servers]) {
			for (const { until } of leases.values()) soonest = Math.min(soonest, until);
		}
		return soonest;
	}

	step(event: AutoconfigurationEvent | Wake, now: number, sink: AutoconfigurationSink): void {
		switch (event.type) {
			case 'start':
				this.#interval = 0;
				this.#solicit(now, sink);
				return;
			case 'advertisement':
				this.#advertised(event.router, event.message, now, sink);
				return;
			case 'no-router':
				if (this.#routers.delete(event.router.toString())) sink.router(event.router, undefined);
				return;
			case 'wake':
				this.#expire(now, sink);
				if (now >= this.#solicitAt) this.#solicit(now, sink);
		}
	}

	#solicit(now: number, sink: AutoconfigurationSink): void {
		const next = this.#interval === 0 ? firstInterval : Math.min(2 * this.#interval, longestInterval);
		// RFC 7559 §2: a tenth more or less, so that hosts do not ask in step.
		this.#interval = next * (0.9 + this.#random.below(2001) / 10_000);
		this.#solicitAt = now + this.#interval;
		sink.solicit();
	}

	#advertised(router: IpAddress, message: RouterAdvertisement, now: number, sink: AutoconfigurationSink): void {
		if (message.lifetime > 0) this.#solicitAt = Number.POSITIVE_INFINITY;
		const mtu = message.options.find((option) => option.kind === 'mtu')?.mtu;
		sink.parameters({ ...message, mtu });
		if (this.#keep(this.#routers, router, message.lifetime * 1000, now)) {
			sink.router(router, message.lifetime > 0 ? message.preference : undefined);
		}
		for (const option of message.options) this.#option(option, now, sink);
	}

	#option(option: NdOption, now: number, sink: AutoconfigurationSink): void {
		if (option.kind === 'name-servers') {
			const lifetime = milliseconds(option.lifetime);
			for (const server of option.servers) this.#keep(this.#servers, server, lifetime, now);
			sink.nameServers([...this.#servers.values()].map(({ value }) => value));
		}
		// RFC 4861 §6.3.4, RFC 4862 §5.5.3 (b): what a router says of link-local addresses is ignored.
		if (option.kind !== 'prefix' || option.prefix.network.isLinkLocal || option.prefix.network.isMulticast) return;
		const { prefix, onLink } = option;
		const valid = milliseconds(option.validLifetime);
		if (onLink && prefix.length > 0 && this.#keep(this.#prefixes, prefix, valid, now)) sink.onLink(prefix, valid > 0);
		if (isUsefulForAddress(option)) sink.autonomous(prefix, valid, milliseconds(option.preferredLifetime));
	}

	/** False where there is no room, or nothing to take away. */
	#keep<T extends IpAddress | Prefix>(leases: Map<string, Lease<T>>, value: T, lifetime: number, now: number): boolean {
		const key = value.toString();
		if (lifetime === 0) return leases.delete(key);
		if (!leases.has(key) && leases.size >= this.#limits.advertised) return false;
		leases.set(key, { value, until: now + lifetime });
		return true;
	}

	#expire(now: number, sink: AutoconfigurationSink): void {
		for (const router of expired(this.#routers, now)) sink.router(router, undefined);
		for (const prefix of expired(this.#prefixes, now)) sink.onLink(prefix, false);
		if (expired(this.#servers, now).length > 0) {
			sink.nameServers([...this.#servers.values()].map(({ value }) => value));
		}
		// RFC 7559 §2.1: without a router it is asked again.
		if (this.#routers.size === 0 && this.#solicitAt === Number.POSITIVE_INFINITY)
			this.step({ type: 'start' }, now, sink);
	}
}

/** Removed from `leases`. */
function expired<T>(leases: Map<string, Lease<T>>, now: number): T[] {
	const gone = [...leases].filter(([, { until }]) => now >= until);
	for (const [key] of gone) leases.delete(key);
	return gone.map(([, { value }]) => value);
}

/** RFC 4862 §5.5.3 (a), (c), (d): the identifier has the other 64 bits. */
function isUsefulForAddress({ autonomous, prefix, validLifetime, preferredLifetime }: PrefixInformation): boolean {
	return autonomous && prefix.length === 64 && preferredLifetime <= validLifetime;
}

function milliseconds(seconds: number): number {
	return seconds === 0xffff_ffff ? Number.POSITIVE_INFINITY : seconds * 1000;
}
