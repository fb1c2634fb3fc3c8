/** What `netstat`, `ip` and `arp` show, as plain data. */

import type { AddressOrigin, AddressState } from './addresses.ts';
import type { Configuration } from './configuration.ts';
import type { DhcpState } from './dhcp-client.ts';
import type { CounterName } from './ground.ts';
import type { Ip } from './ip.ts';
import type { NeighborState } from './neighbors.ts';
import type { SocketInfo, Sockets } from './sockets.ts';

export interface Inspection {
	readonly interfaces: readonly {
		readonly name: string;
		readonly up: boolean;
		readonly medium: 'ethernet' | 'ip';
		readonly mac: string | undefined;
		readonly mtu: { readonly ipv4: number; readonly ipv6: number };
		readonly addresses: readonly {
			readonly address: string;
			readonly origin: AddressOrigin;
			readonly state: AddressState;
		}[];
		readonly groups: readonly string[];
		readonly dhcp: DhcpState | undefined;
		/** Bytes that wait for the link. */
		readonly queued: number;
	}[];
	readonly routes: readonly {
		readonly to: string;
		readonly via: string | undefined;
		readonly interface: string;
		readonly metric: number;
		readonly origin: string;
	}[];
	readonly neighbors: readonly {
		readonly address: string;
		readonly interface: string;
		readonly mac: string | undefined;
		readonly state: NeighborState;
		readonly router: boolean;
	}[];
	readonly pathMtus: readonly { readonly destination: string; readonly mtu: number }[];
	readonly sockets: readonly SocketInfo[];
	/** Bytes and datagrams that wait for more of their fragments. */
	readonly reassembling: { readonly bytes: number; readonly datagrams: number };
	/** Those that are not 0. */
	readonly counters: Partial<Record<CounterName, number>>;
}

export function inspect(ip: Ip, configurations: readonly Configuration[], sockets: Sockets): Inspection {
	const { host, ground } = ip;
	const now = ground.clock.now();
	return {
		interfaces: host.nics.map((nic) => ({
			name: nic.name,
			up: nic.up,
			medium: nic.link.medium,
			mac: nic.mac?.toString(),
			mtu: { ipv4: nic.mtuOf(4), ipv6: nic.mtuOf(6) },
			addresses: nic.addresses.list.map(({ address, prefixLength, origin, state }) => ({
				address: `${address}/${prefixLength}`,
				origin,
				state,
			})),
			groups: [...nic.groups[4].list(), ...nic.groups[6].list()].map(String),
			dhcp: configurations.find((each) => each.nic === nic)?.dhcpState,
			queued: nic.queued,
		})),
		routes: [...host.routes].map(({ prefix, gateway, nic, metric, origin }) => ({
			to: prefix.toString(),
			via: gateway?.toString(),
			interface: nic.name,
			metric,
			origin,
		})),
		neighbors: host.nics.flatMap((nic) =>
			[...nic.neighbors.list(now)].map(({ address, mac, state, router }) => ({
				address: address.toString(),
				interface: nic.name,
				mac: mac?.toString(),
				state,
				router,
			})),
		),
		pathMtus: [...host.pathMtus.list(now)].map(({ destination, mtu }) => ({
			destination: destination.toString(),
			mtu,
		})),
		sockets: [...sockets].map((socket) => socket.info()),
		reassembling: ip.reassembling,
		counters: ground.counters.toJSON(),
	};
}
