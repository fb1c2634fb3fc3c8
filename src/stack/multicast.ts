/** The multicast options of `bind`, read the same way by every stack before it opens anything. */

import type { IpAddress } from '../base/address.ts';
import { badArgument } from '../base/errors.ts';
import { formatSocketAddress, type IpEndpoint } from '../base/socket-address.ts';
import type { BindOptions, MulticastGroup } from './stack.ts';

export interface Multicast {
	readonly membership: Membership | undefined;
	readonly hopLimit: number | undefined;
	/** The name of the interface to send by. */
	readonly interface: string | undefined;
	readonly loopback: boolean;
}

export interface Membership {
	/** With a zone where the group means nothing without. */
	readonly address: IpAddress;
	readonly source: IpAddress | undefined;
	/** The name of the interface to join on. */
	readonly interface: string | undefined;
}

/** The options with their defaults. Throws `bad-argument`. */
export function readMulticast(local: IpEndpoint, options: BindOptions): Multicast {
	const { group, hopLimit, interface: name, loopback = true } = options;
	if (hopLimit !== undefined && !(Number.isInteger(hopLimit) && hopLimit >= 1 && hopLimit <= 255)) {
		throw badArgument(`a hop limit is a whole number from 1 to 255, not ${hopLimit}`, 'bind');
	}
	const membership = group && readGroup(local, group, name);
	return { membership, hopLimit, interface: name, loopback };
}

function readGroup(local: IpEndpoint, group: MulticastGroup, sendBy: string | undefined): Membership {
	const { address, source } = group;
	if (!address.isMulticast) {
		throw badArgument(`${address} is no multicast address; those are 224.0.0.0/4 and ff00::/8`, 'bind');
	}
	const { family } = address;
	if (local.address.family !== family || (source !== undefined && source.family !== family)) {
		throw badArgument(`the local address and the source of ${address} must be IPv${family} too`, 'bind');
	}
	if (source?.isMulticast || source?.isUnspecified) {
		throw badArgument(`the source of ${address} is the address of one sender, not ${source}`, 'bind');
	}
	if (!local.address.isUnspecified && !sameWithoutZone(local.address, address)) {
		const place = formatSocketAddress(local);
		throw badArgument(`cannot join ${address} at ${place}: bind to the group or to any address`, 'bind');
	}
	const zone = address.zone ?? local.address.zone;
	if (zone !== undefined && group.interface !== undefined && zone !== group.interface) {
		throw badArgument(`${address} is in the zone ${zone} and cannot be joined on ${group.interface}`, 'bind');
	}
	const name = group.interface ?? zone ?? sendBy;
	if (isScopedToLink(address) && name === undefined) {
		throw badArgument(`${address} is another group on each link: name an interface to join it on`, 'bind');
	}
	return { address: address.withZone(isScopedToLink(address) ? name : undefined), source, interface: name };
}

/** The group of one interface, or of one link. RFC 4291 §2.7 */
export function isScopedToLink(group: IpAddress): boolean {
	if (group.family === 4) return false;
	const [first = 0, second = 0] = group.bytes;
	return first === 0xff && ((second & 0x0f) === 1 || (second & 0x0f) === 2);
}

export function sameWithoutZone(a: IpAddress, b: IpAddress): boolean {
	return a.withZone(undefined).equals(b.withZone(undefined));
}
