/** Neighbor discovery for IPv6, as bodies of ICMPv6. RFC 4861 §4, RFC 4191 §2.2 */

import { IpAddress } from '../base/address.ts';
import type { Flaw } from './codec.ts';
import { putIcmpHeader } from './icmp.ts';
import * as ndOptions from './nd-options.ts';
import { putUint32, uint16, uint32 } from './network-order.ts';

export type NeighborDiscoveryMessage =
	| RouterSolicitation
	| RouterAdvertisement
	| NeighborSolicitation
	| NeighborAdvertisement
	| NeighborRedirect;

export interface RouterSolicitation {
	readonly kind: 'router-solicitation';
	readonly options: readonly ndOptions.NdOption[];
}

export interface RouterAdvertisement {
	readonly kind: 'router-advertisement';
	/** For packets to send; 0 leaves it unsaid. */
	readonly hopLimit: number;
	/** Addresses are to be had by DHCPv6. */
	readonly managed: boolean;
	/** Other things are to be had by DHCPv6. */
	readonly other: boolean;
	readonly preference: 'low' | 'medium' | 'high';
	/** As a default router, in seconds; 0: it is none. */
	readonly lifetime: number;
	/** Milliseconds; 0 leaves it unsaid. */
	readonly reachableTime: number;
	/** Milliseconds between solicitations; 0 leaves it unsaid. */
	readonly retransmitTime: number;
	readonly options: readonly ndOptions.NdOption[];
}

export interface NeighborSolicitation {
	readonly kind: 'neighbor-solicitation';
	readonly target: IpAddress;
	readonly options: readonly ndOptions.NdOption[];
}

export interface NeighborAdvertisement {
	readonly kind: 'neighbor-advertisement';
	readonly router: boolean;
	readonly solicited: boolean;
	readonly override: boolean;
	readonly target: IpAddress;
	readonly options: readonly ndOptions.NdOption[];
}

export interface NeighborRedirect {
	readonly kind: 'neighbor-redirect';
	/** The better first hop; the destination itself if that is on the link. */
	readonly target: IpAddress;
	readonly destination: IpAddress;
	readonly options: readonly ndOptions.NdOption[];
}

/** Undefined for another type of ICMPv6, at whose first byte `start` is. RFC 4861 §6.1, §7.1, §8.1 but for what IP says. */
export function parse(bytes: Uint8Array, start: number, end: number): NeighborDiscoveryMessage | Flaw | undefined {
	const kind = kinds[bytes[start]!];
	if (kind === undefined) return undefined;
	const length = fixedLengths[kind];
	if (end - start < length) return 'truncated';
	if (bytes[start + 1] !== 0) return 'malformed';
	const options = ndOptions.parse(bytes, start + length, end);
	if (typeof options === 'string') return options;
	if (kind === 'router-solicitation') return { kind, options };
	const flags = bytes[start + (kind === 'router-advertisement' ? 5 : 4)]!;
	if (kind === 'router-advertisement') {
		return {
			kind,
			hopLimit: bytes[start + 4]!,
			managed: (flags & 0x80) !== 0,
			other: (flags & 0x40) !== 0,
			preference: preferences[(flags >> 3) & 3]!,
			lifetime: uint16(bytes, start + 6),
			reachableTime: uint32(bytes, start + 8),
			retransmitTime: uint32(bytes, start + 12),
			options,
		};
	}
	const target = IpAddress.at(bytes, start + 8, 6);
	if (target.isMulticast) return 'malformed';
	if (kind === 'neighbor-solicitation') return { kind, target, options };
	if (kind === 'neighbor-redirect') {
		const destination = IpAddress.at(bytes, start + 24, 6);
		return destination.isMulticast ? 'malformed' : { kind, target, destination, options };
	}
	return {
		kind,
		router: (flags & 0x80) !== 0,
		solicited: (flags & 0x40) !== 0,
		override: (flags & 0x20) !== 0,
		target,
		options,
	};
}

export function owns(message: { readonly kind: string }): message is NeighborDiscoveryMessage {
	return message.kind in fixedLengths;
}

export function lengthOf(message: NeighborDiscoveryMessage): number {
	return fixedLengths[message.kind] + ndOptions.lengthOf(message.options);
}

/** Leaves the checksum zero. The caller has checked that there is room. */
export function emit(message: NeighborDiscoveryMessage, out: Uint8Array, offset: number): number {
	putIcmpHeader(out, offset, kinds.indexOf(message.kind), 0, fieldOf(message));
	if (message.kind === 'router-advertisement') {
		putUint32(out, offset + 8, message.reachableTime);
		putUint32(out, offset + 12, message.retransmitTime);
	}
	if ('target' in message) message.target.copyTo(out, offset + 8);
	if (message.kind === 'neighbor-redirect') message.destination.copyTo(out, offset + 24);
	return ndOptions.emit(message.options, out, offset + fixedLengths[message.kind]);
}

const fixedLengths = {
	'router-solicitation': 8,
	'router-advertisement': 16,
	'neighbor-solicitation': 24,
	'neighbor-advertisement': 24,
	'neighbor-redirect': 40,
} as const;

/** By type. */
const kinds: (NeighborDiscoveryMessage['kind'] | undefined)[] = [];
for (const [index, kind] of Object.keys(fixedLengths).entries()) {
	kinds[133 + index] = kind as NeighborDiscoveryMessage['kind'];
}

/** By two bits, the reserved value being read as medium. RFC 4191 §2.1 */
const preferences = ['medium', 'high', 'medium', 'low'] as const;

function fieldOf(message: NeighborDiscoveryMessage): number {
	if (message.kind === 'router-advertisement') {
		const flags = (message.managed ? 0x80 : 0) | (message.other ? 0x40 : 0);
		const preference = preferences.indexOf(message.preference) << 3;
		return (message.hopLimit << 24) | ((flags | preference) << 16) | (message.lifetime & 0xffff);
	}
	if (message.kind !== 'neighbor-advertisement') return 0;
	return ((message.router ? 0x80 : 0) | (message.solicited ? 0x40 : 0) | (message.override ? 0x20 : 0)) << 24;
}
