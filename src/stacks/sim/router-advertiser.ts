/** Router advertisements: at the start, when a host asks, and now and then. RFC 4861 §6.2 */

import { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { MacAddress } from '../../base/mac-address.ts';
import { Prefix } from '../../base/prefix.ts';
import * as ethernet from '../../wire/ethernet.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import type { NdOption } from '../../wire/nd-options.ts';
import { uint16 } from '../../wire/network-order.ts';
import type { Gate } from './gate.ts';
import type { Host } from './host.ts';

export interface AdvertiseOptions {
	/** The interface that it advertises on. Default: the first one. It has a link-local address. */
	readonly interface?: string | undefined;
	/** Networks of 64 bits. Default: those that the interface is in. */
	readonly prefixes?: readonly string[] | undefined;
	/** Seconds that it is a default router; 0: it is none. Default 1800. */
	readonly lifetime?: number | undefined;
	/** Seconds between two. Default 600. */
	readonly interval?: number | undefined;
	readonly preference?: 'low' | 'medium' | 'high' | undefined;
	/** Default none. */
	readonly nameServers?: readonly string[] | undefined;
	readonly mtu?: number | undefined;
}

const allNodes = IpAddress.parse('ff02::1');
const allNodesMac = MacAddress.parse('33:33:00:00:00:01');
const routerSolicitation = 133;
/** Seconds. RFC 4861 §6.2.1 */
const lifetimes = { valid: 2_592_000, preferred: 604_800 };

export function advertise(host: Host, options: AdvertiseOptions, world: { readonly clock: Clock }): void {
	const { life } = host;
	const gate = host.gates.find(({ name }) => name === (options.interface ?? name));
	const { interval = 600 } = options;
	const send = () => {
		if (gate) sendAdvertisement(host, gate, options);
	};
	const repeat = () => {
		if (host.life !== life || host.state === 'down') return;
		send();
		world.clock.after(1000 * interval, repeat).unref?.();
	};
	if (gate) {
		gate.overhear = (frame) => {
			const asks =
				uint16(frame, 12) === ethernet.etherType.ipv6 && frame[20] === 58 && frame[54] === routerSolicitation;
			if (asks) world.clock.soon(send);
		};
	}
	world.clock.soon(repeat);
	host.onceUp(life, () => advertise(host, options, world));
}

function sendAdvertisement(host: Host, gate: Gate, options: AdvertiseOptions): void {
	const near = host.interfaces().find(({ name }) => name === gate.name)?.addresses ?? [];
	const source = near.find((address) => address.family === 6 && address.isLinkLocal);
	if (source === undefined || !gate.up) return;
	const own = near.filter((address) => address.family === 6 && !address.isLinkLocal).map((address) => `${address}/64`);
	const { prefixes = own, nameServers = [], mtu, lifetime = 1800, preference = 'medium' } = options;
	const nd: NdOption[] = [
		{ kind: 'source-address', address: gate.options.mac },
		...prefixes.map((text): NdOption => {
			const { length, network } = Prefix.parse(text);
			const times = { validLifetime: lifetimes.valid, preferredLifetime: lifetimes.preferred };
			return { kind: 'prefix', prefix: Prefix.of(network, length), onLink: true, autonomous: true, ...times };
		}),
		...(mtu === undefined ? [] : [{ kind: 'mtu', mtu } as const]),
	];
	if (nameServers.length > 0) {
		nd.push({ kind: 'name-servers', lifetime, servers: nameServers.map((text) => IpAddress.parse(text)) });
	}
	const message: icmpv6.Icmpv6Message = {
		kind: 'router-advertisement',
		hopLimit: 64,
		managed: false,
		other: false,
		preference,
		lifetime,
		reachableTime: 0,
		retransmitTime: 0,
		options: nd,
	};
	gate.send([frameOf(gate, source.withZone(undefined), message)]);
}

function frameOf(gate: Gate, source: IpAddress, message: icmpv6.Icmpv6Message): Uint8Array {
	const payloadLength = icmpv6.lengthOf(message);
	const at = { ip: ethernet.lengthOf(), icmp: ethernet.lengthOf() + ipv6.lengthOf() };
	const frame = new Uint8Array(at.icmp + payloadLength);
	const header = { source, destination: allNodes, nextHeader: ipProtocol.icmpv6, hopLimit: 255, payloadLength };
	ethernet.emit({ destination: allNodesMac, source: gate.options.mac, type: ethernet.etherType.ipv6 }, frame, 0);
	ipv6.emit({ ...header, dscp: 0, ecn: 0, flowLabel: 0 }, frame, at.ip);
	icmpv6.emit(message, frame, at.icmp, new ipv6.Ipv6View(frame, at.ip, frame.length).pseudoSum(ipProtocol.icmpv6));
	return frame;
}
