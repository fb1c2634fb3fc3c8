/** What the world has set an address aside for: IANA's registries of special purposes (RFC 6890, RFC 8190). */

import type { IpAddress } from './address.ts';
import { Prefix } from './prefix.ts';
import { PrefixTable } from './prefix-table.ts';

/** A row of the registries. Where they say "not applicable" of a flag, it is false here. */
export interface SpecialPurpose {
	readonly prefix: Prefix;
	/** As registered: `Private-Use`, `Loopback`, `Documentation (TEST-NET-1)`, ... */
	readonly name: string;
	readonly reference: string;
	/** May be the source of a packet that leaves its link. */
	readonly source: boolean;
	/** May be the destination of a packet that leaves its link. */
	readonly destination: boolean;
	/** May be forwarded by a router. */
	readonly forwardable: boolean;
	/** May be forwarded beyond an administrative domain. */
	readonly globallyReachable: boolean;
	/** Every implementation must treat it specially. */
	readonly reservedByProtocol: boolean;
}

/**
 * The most specific special purpose of the address; undefined for ordinary unicast, and for multicast, which has
 * registries of its own (`IpAddress.isMulticast`). An IPv4-mapped address is asked about the IPv4 address in it.
 */
export function classify(address: IpAddress): SpecialPurpose | undefined {
	return (table ??= build()).match(address.unmapped())?.value;
}

/** Prefix, flags, reference, name. Flags in the order of the registry: Source Destination Forwardable Global Reserved. */
const rows = [
	'0.0.0.0/8           S---R  RFC791    "This network"',
	'0.0.0.0/32          S---R  RFC1122   "This host on this network"',
	'10.0.0.0/8          SDF--  RFC1918   Private-Use',
	'100.64.0.0/10       SDF--  RFC6598   Shared Address Space',
	'127.0.0.0/8         ----R  RFC1122   Loopback',
	'169.254.0.0/16      SD--R  RFC3927   Link Local',
	'172.16.0.0/12       SDF--  RFC1918   Private-Use',
	'192.0.0.0/24        -----  RFC6890   IETF Protocol Assignments',
	'192.0.0.0/29        SDF--  RFC7335   IPv4 Service Continuity Prefix',
	'192.0.0.8/32        S----  RFC7600   IPv4 dummy address',
	'192.0.0.9/32        SDFG-  RFC7723   Port Control Protocol Anycast',
	'192.0.0.10/32       SDFG-  RFC8155   Traversal Using Relays around NAT Anycast',
	'192.0.0.170/32      ----R  RFC8880   NAT64/DNS64 Discovery',
	'192.0.0.171/32      ----R  RFC8880   NAT64/DNS64 Discovery',
	'192.0.2.0/24        -----  RFC5737   Documentation (TEST-NET-1)',
	'192.31.196.0/24     SDFG-  RFC7535   AS112-v4',
	'192.52.193.0/24     SDFG-  RFC7450   AMT',
	'192.88.99.0/24      -----  RFC7526   Deprecated (6to4 Relay Anycast)',
	'192.88.99.2/32      SDF--  RFC6751   6a44-relay anycast address',
	'192.168.0.0/16      SDF--  RFC1918   Private-Use',
	'192.175.48.0/24     SDFG-  RFC7534   Direct Delegation AS112 Service',
	'198.18.0.0/15       SDF--  RFC2544   Benchmarking',
	'198.51.100.0/24     -----  RFC5737   Documentation (TEST-NET-2)',
	'203.0.113.0/24      -----  RFC5737   Documentation (TEST-NET-3)',
	'240.0.0.0/4         ----R  RFC1112   Reserved',
	'255.255.255.255/32  -D--R  RFC8190   Limited Broadcast',
	'::1/128             ----R  RFC4291   Loopback Address',
	'::/128              S---R  RFC4291   Unspecified Address',
	'64:ff9b::/96        SDFG-  RFC6052   IPv4-IPv6 Translation',
	'64:ff9b:1::/48      SDF--  RFC8215   IPv4-IPv6 Translation',
	'100::/64            SDF--  RFC6666   Discard-Only Address Block',
	'100:0:0:1::/64      S----  RFC9780   Dummy IPv6 Prefix',
	'2001::/23           -----  RFC2928   IETF Protocol Assignments',
	'2001::/32           SDF--  RFC8190   TEREDO',
	'2001:1::1/128       SDFG-  RFC7723   Port Control Protocol Anycast',
	'2001:1::2/128       SDFG-  RFC8155   Traversal Using Relays around NAT Anycast',
	'2001:1::3/128       SDFG-  RFC9665   DNS-SD Service Registration Protocol Anycast',
	'2001:2::/48         SDF--  RFC5180   Benchmarking',
	'2001:3::/32         SDFG-  RFC7450   AMT',
	'2001:4:112::/48     SDFG-  RFC7535   AS112-v6',
	'2001:10::/28        -----  RFC4843   Deprecated (previously ORCHID)',
	'2001:20::/28        SDFG-  RFC7343   ORCHIDv2',
	'2001:30::/28        SDFG-  RFC9374   Drone Remote ID Protocol Entity Tags (DETs) Prefix',
	'2001:db8::/32       -----  RFC3849   Documentation',
	'2002::/16           SDF--  RFC3056   6to4',
	'2620:4f:8000::/48   SDFG-  RFC7534   Direct Delegation AS112 Service',
	'3fff::/20           -----  RFC9637   Documentation',
	'5f00::/16           SDF--  RFC9602   Segment Routing (SRv6) SIDs',
	'fc00::/7            SDF--  RFC4193   Unique-Local',
	'fe80::/10           SD--R  RFC4291   Link-Local Unicast',
];

let table: PrefixTable<SpecialPurpose> | undefined;

function build(): PrefixTable<SpecialPurpose> {
	const built = new PrefixTable<SpecialPurpose>();
	for (const row of rows) {
		const [, text, flags, reference, name] = /^(\S+) +(\S+) +(\S+) +(.+)$/.exec(row)!;
		const prefix = Prefix.parse(text!);
		built.set(prefix, {
			prefix,
			name: name!,
			reference: reference!,
			source: flags![0] === 'S',
			destination: flags![1] === 'D',
			forwardable: flags![2] === 'F',
			globallyReachable: flags![3] === 'G',
			reservedByProtocol: flags![4] === 'R',
		});
	}
	return built;
}
