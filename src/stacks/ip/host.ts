/** The interfaces of one stack, which addresses are its own, and its routes. */

import type { IpAddress } from '../../base/address.ts';
import { type SourceCandidate, selectSource } from '../../base/address-selection.ts';
import type { Ground } from './ground.ts';
import type { Nic } from './nic.ts';
import { PathMtus } from './path-mtus.ts';
import { type Route, Routes } from './routes.ts';

/** How a packet gets to its destination, and where it comes from. Good until `generation` changes. */
export interface Way {
	readonly nic: Nic;
	readonly source: IpAddress;
	readonly destination: IpAddress;
	/** The next one to have the packet: the destination, or a router. */
	readonly hop: IpAddress;
	/** It does not leave this host. */
	readonly local: boolean;
}

/** Where a packet is told to come from, or to leave by. */
export interface WayOptions {
	readonly source?: IpAddress | undefined;
	readonly nic?: Nic | undefined;
}

/** Bytes of the largest packet within the host: IPv6 with all that UDP can carry. */
export const localMtu = 65_575;

export class Host {
	readonly ground: Ground;
	readonly nics: Nic[] = [];
	readonly routes: Routes<Nic>;
	readonly pathMtus: PathMtus;
	readonly #forwards: boolean;
	#generation = 0;

	constructor(ground: Ground, forwards: boolean) {
		this.ground = ground;
		this.#forwards = forwards;
		this.routes = new Routes(ground.limits.routes);
		this.pathMtus = new PathMtus(ground.limits);
	}

	/** A router: it takes what is for any of its addresses by every interface. */
	get forwards(): boolean {
		return this.#forwards;
	}

	/** Changes whenever a `Way` may be another one. */
	get generation(): number {
		return this.#generation + this.routes.generation;
	}

	changed(): void {
		this.#generation += 1;
	}

	named(name: string): Nic | undefined {
		return this.nics.find((nic) => nic.name === name);
	}

	/** The interface that has this address in use. The zone says which, if there is one. */
	owner(address: IpAddress): Nic | undefined {
		const { bytes, family, zone } = address;
		if (family === 4 && address.isLoopback) return this.nics.find(({ loopback }) => loopback);
		return this.nics.find((nic) => (zone ?? nic.name) === nic.name && nic.addresses.usableAt(bytes, 0, family));
	}

	/** Undefined where there is no route, or no address to come from. */
	wayTo(destination: IpAddress, options: WayOptions = {}): Way | undefined {
		const { zone } = destination;
		const nic = options.nic ?? (zone === undefined ? undefined : this.named(zone));
		if (zone !== undefined && nic?.name !== zone) return undefined;
		if (destination.isMulticast || this.#isBroadcast(destination, nic))
			return this.#wayToMany(destination, options, nic);
		const owner = this.owner(nic && destination.isLinkLocal ? scoped(destination, nic) : destination);
		if (owner !== undefined)
			return this.#way(owner, destination, destination, options.source ?? scoped(destination, owner), true);
		if (destination.isUnspecified) return undefined;
		if (destination.isLinkLocal) return this.#wayOnLink(destination, options, nic);
		const route = this.#route(destination, options.source, nic);
		return route && this.#way(route.nic, destination, route.gateway ?? destination, options.source);
	}

	/** The best address to come from, where none is told. RFC 6724 §5 */
	sourceFor(destination: IpAddress, nic: Nic): IpAddress | undefined {
		const near = candidates(nic);
		const found = selectSource(destination, near, nic.name);
		if (found !== undefined) return found.address;
		// An interface without an address of its own borrows one that means the same everywhere.
		const others = this.nics.flatMap((each) => (each === nic || each.loopback ? [] : candidates(each)));
		const far = others.filter(({ address }) => !address.isLinkLocal);
		return selectSource(destination, far, nic.name)?.address;
	}

	/** Bytes of the largest packet that passes in one piece. */
	mtuOf({ nic, destination, local }: Way): number {
		if (local) return destination.family === 4 ? 0xffff : localMtu;
		const most = nic.mtuOf(destination.family);
		return Math.min(most, this.pathMtus.get(destination, this.ground.clock.now()) ?? most);
	}

	#wayToMany(destination: IpAddress, { source }: WayOptions, nic: Nic | undefined): Way | undefined {
		const by =
			nic ??
			(source && this.owner(source)) ??
			this.#route(destination, source, undefined)?.nic ??
			this.nics.find((each) => each.up && !each.loopback && has(each, destination.family));
		return by && this.#way(by, destination, destination, source);
	}

	/** A link-local address is on whatever link one looks: without a name, where the source is, or where there is one. */
	#wayOnLink(destination: IpAddress, { source }: WayOptions, nic: Nic | undefined): Way | undefined {
		const links = this.nics.filter((each) => each.up && !each.loopback && has(each, destination.family));
		const route = destination.family === 4 ? this.#route(destination, source, nic)?.nic : undefined;
		const by = nic ?? (source && this.owner(source)) ?? route ?? (links.length === 1 ? links[0] : undefined);
		return by && this.#way(by, destination, destination, source);
	}

	#route(destination: IpAddress, source: IpAddress | undefined, nic: Nic | undefined): Route<Nic> | undefined {
		const reachable = ({ nic: by, gateway }: Route<Nic>) => !gateway || !by.neighbors.hasFailed(gateway);
		const home = nic ?? (source && this.owner(source));
		// What comes from an address leaves by its interface, if that has a way. RFC 1122 §3.3.4.2, RFC 8028 §3.1
		const found = home && this.routes.match(destination, (route) => route.nic === home && home.up, reachable);
		return found ?? (nic ? undefined : this.routes.match(destination, (route) => route.nic.up, reachable));
	}

	#way(nic: Nic, to: IpAddress, hop: IpAddress, source: IpAddress | undefined, local = false): Way | undefined {
		const from = source ?? this.sourceFor(to, nic);
		if (from === undefined || !(nic.up || local)) return undefined;
		return { nic, source: from, destination: scoped(to, nic), hop, local };
	}

	#isBroadcast(address: IpAddress, nic: Nic | undefined): boolean {
		if (address.family === 6) return false;
		return this.nics.some((each) => (nic ?? each) === each && each.isBroadcast(address));
	}
}

/** A link-local address with the zone that it means nothing without. */
export function scoped(address: IpAddress, nic: Nic): IpAddress {
	return address.family === 6 && address.isLinkLocal && address.zone === undefined
		? address.withZone(nic.name)
		: address;
}

function has(nic: Nic, family: 4 | 6): boolean {
	return nic.usable().some(({ address }) => address.family === family);
}

function candidates(nic: Nic): SourceCandidate[] {
	return nic.usable().map(({ address, prefixLength, state }) => ({
		address,
		prefixLength,
		interface: nic.name,
		deprecated: state === 'deprecated',
	}));
}
