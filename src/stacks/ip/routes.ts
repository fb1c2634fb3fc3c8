/** The table of routes: the longest prefix, then the lowest metric, then a router that is there. */

import type { IpAddress } from '../../base/address.ts';
import type { Prefix } from '../../base/prefix.ts';
import { PrefixTable } from '../../base/prefix-table.ts';

export interface Route<Nic> {
	readonly prefix: Prefix;
	readonly nic: Nic;
	/** Undefined for what is on the link. */
	readonly gateway: IpAddress | undefined;
	/** The lower the better. */
	readonly metric: number;
	readonly origin: 'static' | 'link' | 'dhcp' | 'advertised';
}

export class Routes<Nic> {
	readonly #table = new PrefixTable<Route<Nic>[]>();
	readonly #limit: number;
	#size = 0;
	/** Changes whenever an answer may. */
	generation = 0;

	constructor(limit: number) {
		this.#limit = limit;
	}

	/** In the place of one with the same prefix, interface and gateway. False if there is no room. */
	add(route: Route<Nic>): boolean {
		this.remove(route);
		if (this.#size >= this.#limit) return false;
		const others = this.#table.get(route.prefix) ?? [];
		// Stable: of equal metrics the one added first.
		this.#table.set(
			route.prefix,
			[...others, route].sort((a, b) => a.metric - b.metric),
		);
		this.#size += 1;
		this.generation += 1;
		return true;
	}

	remove(route: Pick<Route<Nic>, 'prefix' | 'nic' | 'gateway'>): void {
		const { prefix, nic, gateway } = route;
		this.#keep(prefix, (each) => each.nic !== nic || !sameGateway(each.gateway, gateway));
	}

	removeIf(unwanted: (route: Route<Nic>) => boolean): void {
		for (const { prefix } of [...this.#table]) this.#keep(prefix, (each) => !unwanted(each));
	}

	/**
	 * The best route of those that `fits` holds for. A router that is not `reachable` is passed over while there is
	 * another one (RFC 4861 §6.3.6).
	 */
	match(
		address: IpAddress,
		fits: (route: Route<Nic>) => boolean,
		reachable: (route: Route<Nic>) => boolean,
	): Route<Nic> | undefined {
		const found = this.#table.match(address);
		if (found === undefined) return undefined;
		const routes = found.value.some(fits) ? found.value.filter(fits) : this.#wider(address, fits);
		return routes.find(reachable) ?? routes[0];
	}

	*[Symbol.iterator](): IterableIterator<Route<Nic>> {
		for (const { value } of this.#table) yield* value;
	}

	/** Where the longest prefix has no route that fits: rare, so all are looked at. */
	#wider(address: IpAddress, fits: (route: Route<Nic>) => boolean): Route<Nic>[] {
		const all = [...this.#table].filter(({ prefix, value }) => prefix.contains(address) && value.some(fits));
		const [longest] = all.sort((a, b) => b.prefix.length - a.prefix.length);
		return longest?.value.filter(fits) ?? [];
	}

	#keep(prefix: Prefix, wanted: (route: Route<Nic>) => boolean): void {
		const routes = this.#table.get(prefix);
		const left = routes?.filter(wanted);
		if (routes === undefined || left === undefined || left.length === routes.length) return;
		if (left.length === 0) this.#table.delete(prefix);
		else this.#table.set(prefix, left);
		this.#size -= routes.length - left.length;
		this.generation += 1;
	}
}

function sameGateway(a: IpAddress | undefined, b: IpAddress | undefined): boolean {
	return a === undefined || b === undefined ? a === b : a.equals(b);
}
