/** Where a connect comes from: the address to bind to, from `local` and `interface`. */

import type { IpAddress } from '../base/address.ts';
import { badArgument, type ErrorContext, PostSocketsError } from '../base/errors.ts';
import { formatSocketAddress, type IpEndpoint } from '../base/socket-address.ts';
import type { ConnectOptions, Interface } from './stack.ts';

export interface Route {
	/** What to bind to before connecting. */
	readonly local: IpEndpoint | undefined;
	/** The target, with the zone it needs. */
	readonly remote: IpEndpoint;
}

/**
 * An interface is chosen by binding to one of its addresses. That settles the source; the way out is still the routing
 * table's choice, which on most systems follows the source only by a rule of the administrator.
 *
 * Throws `bad-argument` for two families, `address-unavailable` for an interface that is not there or that has no address
 * to come from.
 */
export function routeTo(
	remote: IpEndpoint,
	{ local, interface: name }: ConnectOptions,
	interfaces: () => readonly Interface[],
): Route {
	const { family } = remote.address;
	if (local !== undefined && local.address.family !== family) {
		throw badArgument(`cannot connect from ${local.address} to ${remote.address}, of another family`, 'connect');
	}
	if (name === undefined) return { local, remote };

	const context = { operation: 'connect', remote: formatSocketAddress(remote) };
	const all = interfaces();
	const found = all.find((each) => each.name === name);
	if (found === undefined) throw noInterface(name, all, context);
	const addresses = found.addresses.filter((address) => address.family === family);
	const chosen =
		local === undefined || local.address.isUnspecified
			? (addresses.find((address) => sameScope(address, remote.address)) ?? addresses[0])
			: addresses.find((address) => address.withZone(undefined).equals(local.address.withZone(undefined)));
	if (chosen === undefined) {
		const missing =
			local === undefined || local.address.isUnspecified ? `no IPv${family} address` : `not ${local.address}`;
		throw new PostSocketsError('address-unavailable', `the interface ${name} has ${missing}`, context);
	}
	return {
		local: { address: chosen, port: local?.port ?? 0 },
		remote: needsZone(remote.address) ? { ...remote, address: remote.address.withZone(chosen.zone ?? name) } : remote,
	};
}

/** `address-unavailable`, with the names there are. */
export function noInterface(name: string, all: readonly Interface[], context: ErrorContext): PostSocketsError {
	const names = all.map((each) => each.name).join(', ') || 'none';
	return new PostSocketsError('address-unavailable', `no interface ${name} is up here; there are: ${names}`, context);
}

function sameScope(source: IpAddress, target: IpAddress): boolean {
	return source.isLinkLocal === target.isLinkLocal;
}

function needsZone(address: IpAddress): boolean {
	return address.family === 6 && address.isLinkLocal && address.zone === undefined;
}
