/** Multicast over node:dgram: what to bind to, and what to set on the socket once it is bound. */

import type { Socket } from 'node:dgram';
import { IpAddress } from '../../base/address.ts';
import { type ErrorContext, PostSocketsError } from '../../base/errors.ts';
import { fromSystem } from '../../base/system-error.ts';
import type { Membership, Multicast } from '../../stack/multicast.ts';
import { noInterface } from '../../stack/route.ts';
import type { Interface } from '../../stack/stack.ts';
import { interfaces } from './interfaces.ts';

type Context = ErrorContext & { readonly operation: string };

/**
 * Sets up a bound socket. Looks the interfaces up before it returns what does so: throws `address-unavailable` for one
 * that is not there, or that has no address of the family.
 */
export function multicastSetup(multicast: Multicast, family: 4 | 6, context: Context): (socket: Socket) => void {
	const { membership, hopLimit, loopback } = multicast;
	const by = multicast.interface && handleOf(multicast.interface, family, context);
	const on = membership?.interface && handleOf(membership.interface, family, context);
	return (socket) => {
		if (hopLimit !== undefined) {
			socket.setTTL(hopLimit);
			socket.setMulticastTTL(hopLimit);
		}
		if (by !== undefined) socket.setMulticastInterface(by);
		if (!loopback) socket.setMulticastLoopback(false);
		if (membership !== undefined) join(socket, membership, on, context);
	};
}

/**
 * The address to bind a member to: the group's, or the system hands it what other sockets of this host have joined on the
 * same port. Windows does not bind to groups, and keeps them apart by itself.
 */
export function memberAddress({ address }: Membership): IpAddress {
	if (process.platform !== 'win32') return address;
	return address.family === 4 ? IpAddress.any4 : IpAddress.any6;
}

function join(socket: Socket, membership: Membership, on: string | undefined, context: Context): void {
	const group = membership.address.withZone(undefined).toString();
	try {
		if (membership.source === undefined) socket.addMembership(group, on);
		else socket.addSourceSpecificMembership(membership.source.withZone(undefined).toString(), group, on);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENODEV') throw fromSystem(error, context, 'address-unavailable');
		const message = `bind: no interface has a way to ${group}; name one to join it on`;
		throw new PostSocketsError('address-unavailable', message, { ...context, cause: error });
	}
}

/** How node wants an interface: IPv4 by one of its addresses, IPv6 as a zone. */
function handleOf(name: string, family: 4 | 6, context: Context): string {
	const all = interfaces();
	// The zone of a group: on Windows it is a number.
	const found = all.find((each) => each.name === name || zoneOf(each) === name);
	if (found === undefined) throw noInterface(name, all, context);
	const address = found.addresses.find((each) => each.family === family);
	if (address === undefined) {
		throw new PostSocketsError('address-unavailable', `the interface ${name} has no IPv${family} address`, context);
	}
	return family === 4 ? address.toString() : `::%${zoneOf(found) ?? name}`;
}

function zoneOf({ addresses }: Interface): string | undefined {
	return addresses.find(({ zone }) => zone !== undefined)?.zone;
}
