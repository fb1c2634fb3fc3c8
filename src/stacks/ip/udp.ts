/** UDP: which port a datagram is for, and the ports. RFC 768, RFC 1122 §4.1, RFC 8085 */

import type { IpAddress } from '../../base/address.ts';
import { PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint } from '../../base/socket-address.ts';
import { readMulticast, sameWithoutZone } from '../../stack/multicast.ts';
import { noInterface } from '../../stack/route.ts';
import type { BindOptions } from '../../stack/stack.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import { uint16 } from '../../wire/network-order.ts';
import * as udp from '../../wire/udp.ts';
import { errnoOf, failure } from './failure.ts';
import { scoped } from './host.ts';
import type { Ip } from './ip.ts';
import type { Nic } from './nic.ts';
import type { Packet, Problem, Protocol } from './packet.ts';
import { PortTable } from './port-table.ts';
import type { Sockets } from './sockets.ts';
import { UdpPort } from './udp-port.ts';

/** Takes the datagrams of an interface to one port before anybody else, borrowed; false for what is not for it. */
export type Reserved = (nic: Nic, bytes: Uint8Array, start: number, end: number) => boolean;

export class Udp implements Protocol {
	/** By port. */
	readonly reserved = new Map<number, Reserved>();
	readonly #ip: Ip;
	readonly #sockets: Sockets;
	readonly #ports: PortTable<UdpPort>;

	constructor(ip: Ip, sockets: Sockets, privileged: boolean) {
		this.#ip = ip;
		this.#sockets = sockets;
		this.#ports = new PortTable(ip.ground.random, privileged);
		ip.use(ipProtocol.udp, this);
	}

	/** As `Datagrams.bind`, at once. */
	bind(asked: IpEndpoint, options: BindOptions): UdpPort {
		const read = readMulticast(asked, options);
		this.#sockets.checkRoom('bind');
		const { membership } = read;
		const { family } = asked.address;
		const local = { ...asked, address: membership?.address ?? this.#owned(asked) };
		const remote = options.remote && { ...options.remote, address: this.#scopedTo(options.remote.address) };
		if (remote !== undefined && remote.address.family !== family) {
			throw failure('EAFNOSUPPORT', 'bind', local, remote);
		}
		const context = { operation: 'bind', local: formatSocketAddress(local) };
		const by = read.interface === undefined ? undefined : this.#named(read.interface, family, context);
		const on = membership && this.#joinedOn(membership.interface, membership.address, family, context);
		const shared = options.shared === true || membership !== undefined;
		const free = this.#ports.free(local, shared, 'bind');
		if (on !== undefined && membership !== undefined) this.#join(on, membership.address, membership.source);
		const port = new UdpPort(
			this.#ip,
			{ local: free, remote, shared, by, on, source: membership?.source, ...read },
			this.#sockets,
			() => {
				this.#ports.delete(port);
				if (on === undefined || membership === undefined) return;
				const group = membership.address.withZone(undefined);
				on.changeGroup(family, { type: 'leave', group, source: membership.source });
			},
		);
		this.#ports.add(port);
		return port;
	}

	deliver(packet: Packet): boolean {
		const { bytes, start, end, nic, family } = packet;
		const datagram = udp.parse(bytes, start, end, packet.sum, family);
		if (typeof datagram === 'string') {
			this.#ip.ground.counters.add(datagram);
			return true;
		}
		const { destinationPort, payloadStart } = datagram;
		if (this.reserved.get(destinationPort)?.(nic, bytes, payloadStart, datagram.end)) return true;
		const ports = this.#ports.on(destinationPort);
		if (!packet.toUs) {
			this.#deliverToMany(ports, packet, datagram);
			return true;
		}
		const best = mostSpecific(ports, packet, datagram.sourcePort);
		best?.hear(bytes.subarray(payloadStart, datagram.end), { address: packet.source, port: datagram.sourcePort });
		return best !== undefined;
	}

	sent(problem: Problem): boolean {
		return this.#sender(problem) !== undefined;
	}

	onProblem(problem: Problem): void {
		const port = this.#sender(problem);
		const errno = errnoOf(problem.kind);
		if (port?.remote === undefined || errno === undefined) return;
		port.hearError(failure(errno, 'send', port.local, port.remote));
	}

	/** Nobody refuses what was sent to many. RFC 1122 §3.2.2 */
	#deliverToMany(ports: readonly UdpPort[], packet: Packet, datagram: udp.UdpView): void {
		const { destination, nic, bytes, source } = packet;
		const from = { address: source, port: datagram.sourcePort };
		const payload = bytes.subarray(datagram.payloadStart, datagram.end);
		for (const port of ports) if (port.hearsMany(destination, nic, from)) port.hear(payload, from);
	}

	/** The port that has sent the datagram which the problem quotes. */
	#sender({ source, destination, bytes, start }: Problem): UdpPort | undefined {
		const to = { address: destination, port: uint16(bytes, start + 2) };
		const ports = this.#ports
			.on(uint16(bytes, start))
			.filter(({ local }) => local.address.family === source.family)
			.filter(({ local: { address } }) => isWild(address) || sameWithoutZone(address, source))
			.filter(({ remote }) => remote === undefined || isSame(remote, to));
		return ports.find(({ remote }) => remote !== undefined) ?? ports[0];
	}

	/** The local address, with its zone. Throws `address-unavailable` if it is none of ours. */
	#owned(local: IpEndpoint): IpAddress {
		const { address } = local;
		if (isWild(address)) return address;
		const nic = this.#ip.host.owner(address);
		if (nic === undefined) throw failure('EADDRNOTAVAIL', 'bind', local, undefined);
		return scoped(address, nic);
	}

	/** A peer on the link is on the only one, where none is said. */
	#scopedTo(address: IpAddress): IpAddress {
		return this.#ip.host.wayTo(address)?.destination ?? address;
	}

	#named(name: string, family: 4 | 6, context: { readonly operation: string }): Nic {
		const { nics } = this.#ip.host;
		const nic = nics.find((each) => each.name === name && each.up);
		const up = nics.filter((each) => each.up).map((each) => each.data());
		if (nic === undefined) throw noInterface(name, up, context);
		if (nic.usable().some(({ address }) => address.family === family)) return nic;
		throw new PostSocketsError('address-unavailable', `the interface ${name} has no IPv${family} address`, context);
	}

	#joinedOn(name: string | undefined, group: IpAddress, family: 4 | 6, context: { readonly operation: string }): Nic {
		const nic = name === undefined ? this.#ip.host.wayTo(group)?.nic : this.#named(name, family, context);
		if (nic === undefined) {
			const message = `bind: no interface has a way to ${group}; name one to join it on`;
			throw new PostSocketsError('address-unavailable', message, context);
		}
		const bare = group.withZone(undefined);
		if (nic.groups[family].has(bare) || nic.groups[family].size < this.#ip.ground.limits.groups) return nic;
		const message = `${nic.name} is in ${nic.groups[family].size} groups; leave some, or raise limits.groups`;
		throw new PostSocketsError('resource-limit', message, context);
	}

	#join(nic: Nic, group: IpAddress, source: IpAddress | undefined): void {
		nic.changeGroup(group.family, { type: 'join', group: group.withZone(undefined), source });
	}
}

/** Connected before others, one address before all. */
function mostSpecific(ports: readonly UdpPort[], packet: Packet, sourcePort: number): UdpPort | undefined {
	let best: UdpPort | undefined;
	let most = -1;
	for (const port of ports) {
		const { local, remote } = port;
		if (local.address.family !== packet.family || local.address.isMulticast) continue;
		const wild = local.address.isUnspecified;
		if (!wild && !local.address.equals(packet.destination)) continue;
		if (remote !== undefined && !(remote.port === sourcePort && remote.address.equals(packet.source))) continue;
		const score = (remote === undefined ? 0 : 2) + (wild ? 0 : 1);
		if (score > most) {
			best = port;
			most = score;
		}
	}
	return best;
}

function isWild(address: IpAddress): boolean {
	return address.isUnspecified || address.isMulticast;
}

function isSame(a: IpEndpoint, b: IpEndpoint): boolean {
	return a.port === b.port && a.address.equals(b.address);
}
