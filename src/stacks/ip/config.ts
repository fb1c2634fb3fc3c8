/** What an IP stack is told, and what of it holds for each interface. */

import { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { badArgument } from '../../base/errors.ts';
import { Prefix } from '../../base/prefix.ts';
import type { Random } from '../../base/random.ts';
import type { Link } from '../../stack/link.ts';
import type { InterfaceType } from '../../stack/stack.ts';
import type { DuplicateDetection } from './addresses.ts';
import type { IpLimits } from './limits.ts';
import type { TcpConfig } from './tcp/limits.ts';

export interface InterfaceConfig {
	/** `192.0.2.2/24`, `2001:db8::2/64`: addresses with the length of their network. Default none. */
	readonly addresses?: readonly string[] | undefined;
	/** Routers for all that is not near, at most one of each family. Default none. */
	readonly gateways?: readonly string[] | undefined;
	/** Get an IPv4 address by DHCP. Default: on Ethernet, where no IPv4 address is given. */
	readonly dhcp?: boolean | undefined;
	/** Make IPv6 addresses of what routers advertise. Default: on Ethernet, but for a stack that forwards. */
	readonly autoconfiguration?: boolean | undefined;
	/** Have a link-local IPv6 address. Default: on Ethernet. */
	readonly linkLocal?: boolean | undefined;
	/** Bytes. Default: that of the link. */
	readonly mtu?: number | undefined;
	/** What to do before an address is used. Default: ask once, and wait a second (RFC 4862 §5.1). */
	readonly duplicateDetection?: Partial<DuplicateDetection> | undefined;
	/** Neither take nor forward here what is from or to private addresses. Default false. */
	readonly refusePrivate?: boolean | undefined;
	/** For `interfaces()`. Default: not known. */
	readonly type?: InterfaceType | undefined;
}

export interface StaticRoute {
	/** A prefix: `10.0.0.0/8`, `::/0`. */
	readonly to: string;
	/** The router. Default: the destinations are on the link. */
	readonly via?: string | undefined;
	/** By name. Default: where the router is. */
	readonly interface?: string | undefined;
	/** The lower the better. Default 0, before what is learned. */
	readonly metric?: number | undefined;
}

/** What is said of interfaces here holds for those that `interfaces` does not name. */
export interface IpConfig extends InterfaceConfig {
	/** Default `ip`. */
	readonly name?: string | undefined;
	/** Default `systemClock`. */
	readonly clock?: Clock | undefined;
	/** Default `systemRandom`. */
	readonly random?: Random | undefined;
	/** By the name of the link. */
	readonly interfaces?: Readonly<Record<string, InterfaceConfig>> | undefined;
	readonly routes?: readonly StaticRoute[] | undefined;
	/** For `nameServers`, before those that are learned. */
	readonly nameServers?: readonly string[] | undefined;
	/** Be a router. Default false. */
	readonly forward?: boolean | undefined;
	/** Ports below 1024 may be bound. Default false. */
	readonly privilegedPorts?: boolean | undefined;
	/**
	 * 16 bytes, which make the identifiers of IPv6 addresses stable and opaque (RFC 7217). Default: chance, so that they
	 * are others with each start.
	 */
	readonly secret?: Uint8Array | undefined;
	readonly limits?: Partial<IpLimits> | undefined;
	readonly tcp?: TcpConfig | undefined;
}

/** What holds for one interface, with defaults. */
export interface InterfaceSettings {
	readonly addresses: readonly Prefix[];
	readonly gateways: readonly IpAddress[];
	readonly dhcp: boolean;
	readonly autoconfiguration: boolean;
	readonly linkLocal: boolean;
	readonly mtu: number;
	readonly detection: DuplicateDetection;
	readonly refusePrivate: boolean;
	readonly type: InterfaceType | undefined;
}

/** Throws `bad-argument`. */
export function readInterfaces(links: readonly Link[], config: IpConfig): Map<Link, InterfaceSettings> {
	const { interfaces = {} } = config;
	const names = links.map(({ name }) => name);
	for (const name of Object.keys(interfaces)) {
		if (!names.includes(name)) throw bad(`there is no link ${name}; there are: ${names.join(', ') || 'none'}`);
	}
	if (new Set([...names, 'lo']).size <= names.length) throw bad('each link needs a name of its own, which is not "lo"');
	const unnamed = names.filter((name) => !Object.hasOwn(interfaces, name));
	if (unnamed.length > 1 && (config.addresses?.length ?? 0) > 0) {
		throw bad(`${unnamed.join(' and ')} cannot have the same addresses; say in \`interfaces\` which has which`);
	}
	return new Map(links.map((link) => [link, readOne(link, interfaces[link.name] ?? config, config.forward === true)]));
}

function readOne(link: Link, config: InterfaceConfig, forward: boolean): InterfaceSettings {
	const addresses = (config.addresses ?? []).map((text) => Prefix.parse(text));
	for (const { address } of addresses) {
		if (address.isUnspecified || address.isMulticast || address.isLoopback)
			throw bad(`${address} is no host's address`);
	}
	const gateways = (config.gateways ?? []).map((text) => IpAddress.parse(text));
	for (const family of [4, 6]) {
		if (gateways.filter((gateway) => gateway.family === family).length > 1) {
			throw bad(`${link.name} has two gateways for IPv${family}; say in \`routes\` what is behind which`);
		}
	}
	const ethernet = link.medium === 'ethernet';
	if (ethernet && link.address === undefined) throw bad(`the Ethernet link ${link.name} has no address`);
	const has4 = addresses.some(({ address }) => address.family === 4);
	const { mtu = link.mtu, dhcp = ethernet && !has4, linkLocal = ethernet, duplicateDetection: detection } = config;
	if (!Number.isInteger(mtu) || mtu < 68) throw bad(`an MTU is a whole number from 68, not ${mtu}`);
	if (dhcp && !ethernet) throw bad(`${link.name} is no Ethernet link: DHCP cannot be used there`);
	return {
		addresses,
		gateways,
		dhcp,
		// An IPv6 link takes 1280 bytes, or there is no IPv6. RFC 8200 §5
		autoconfiguration: mtu >= 1280 && (config.autoconfiguration ?? (ethernet && !forward)),
		linkLocal: mtu >= 1280 && linkLocal,
		mtu,
		detection: { transmits: detection?.transmits ?? 1, interval: detection?.interval ?? 1000 },
		refusePrivate: config.refusePrivate ?? false,
		type: config.type,
	};
}

function bad(message: string): Error {
	return badArgument(message, 'ipStack');
}
