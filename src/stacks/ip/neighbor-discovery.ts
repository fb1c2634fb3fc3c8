/** Neighbour discovery as this host speaks it: questions and answers between neighbours, and to routers. RFC 4861 */

import { IpAddress } from '../../base/address.ts';
import type { MacAddress } from '../../base/mac-address.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import type { NdOption } from '../../wire/nd-options.ts';
import type {
	NeighborAdvertisement,
	NeighborDiscoveryMessage,
	NeighborSolicitation,
} from '../../wire/neighbor-discovery.ts';
import { isUsable } from './addresses.ts';
import type { Host, Way } from './host.ts';
import { type Nic, solicitedNode } from './nic.ts';
import { allNodes, allRouters, type Output, wayOnLink } from './output.ts';
import type { Packet } from './packet.ts';

/** What a router says on one interface. */
export type OnAdvertisement = (
	nic: Nic,
	router: IpAddress,
	message: NeighborDiscoveryMessage & { readonly kind: 'router-advertisement' },
) => void;

export class NeighborDiscovery {
	readonly #host: Host;
	readonly #output: Output;
	readonly #onAdvertisement: OnAdvertisement;

	constructor(host: Host, output: Output, onAdvertisement: OnAdvertisement) {
		this.#host = host;
		this.#output = output;
		this.#onAdvertisement = onAdvertisement;
	}

	hear(packet: Packet, message: NeighborDiscoveryMessage): void {
		const { nic, header, arrival } = packet;
		// Nothing from beyond the link has this hop limit. RFC 4861 §6.1, §7.1, §11.2
		if (header.hopLimit !== 255 || arrival.local) {
			this.#host.ground.counters.add('martian');
			return;
		}
		if (nic.mac === undefined) return;
		const source = packet.source.withZone(undefined);
		switch (message.kind) {
			case 'neighbor-solicitation':
				this.#solicited(packet, source, message);
				return;
			case 'neighbor-advertisement':
				this.#advertised(packet, message);
				return;
			case 'router-advertisement':
				if (!source.isLinkLocal) {
					this.#host.ground.counters.add('martian');
					return;
				}
				this.#see(nic, source, macIn(message.options, 'source-address'), true);
				this.#onAdvertisement(nic, source, message);
				return;
			case 'router-solicitation':
				if (!source.isUnspecified) this.#see(nic, source, macIn(message.options, 'source-address'));
				return;
			case 'neighbor-redirect':
				// Whoever can send one can be the router; a stack with fixed routes loses little without. RFC 4861 §8.3
				this.#host.ground.counters.add('redirect-refused');
				return;
		}
	}

	/** Asks where `hop` is, or whether it still is at `mac`. */
	solicit(nic: Nic, hop: IpAddress, mac: MacAddress | undefined): void {
		const source = this.#host.sourceFor(hop, nic);
		if (source === undefined) return;
		const message = { kind: 'neighbor-solicitation', target: hop, options: here(nic, 'source-address') } as const;
		if (mac === undefined) {
			this.#send(wayOnLink(nic, source, solicitedNode(hop)), message);
			return;
		}
		this.#sendDirect(wayOnLink(nic, source, hop), message, mac);
	}

	/** Asks whether somebody has it: from nobody. RFC 4862 §5.4.2 */
	probe(nic: Nic, address: IpAddress): void {
		const target = address.withZone(undefined);
		const way = wayOnLink(nic, IpAddress.any6, solicitedNode(target));
		this.#send(way, { kind: 'neighbor-solicitation', target, options: [] });
	}

	/** Tells everybody where it is now. RFC 4861 §7.2.6 */
	announce(nic: Nic, address: IpAddress): void {
		if (nic.mac === undefined) return;
		this.#advertise(nic, address, allNodes, false);
	}

	solicitRouters(nic: Nic): void {
		const source = nic.usable().find(({ address }) => address.family === 6 && address.isLinkLocal)?.address;
		const options = source === undefined ? [] : here(nic, 'source-address');
		this.#send(wayOnLink(nic, source ?? IpAddress.any6, allRouters), { kind: 'router-solicitation', options });
	}

	/** RFC 4861 §7.2.3, RFC 4862 §5.4.3 */
	#solicited({ nic, header }: Packet, source: IpAddress, { target, options }: NeighborSolicitation): void {
		const own = nic.addresses.find(target);
		const fromNobody = source.isUnspecified;
		const toGroup = header.bytes[header.start + 24] === 0xff;
		if (own === undefined || (fromNobody && !toGroup)) return;
		if (own.state === 'tentative') {
			if (fromNobody) nic.changeAddress({ type: 'claimed', address: target });
			return;
		}
		if (!isUsable(own)) return;
		if (fromNobody) {
			this.#advertise(nic, own.address, allNodes, false);
			return;
		}
		const mac = macIn(options, 'source-address');
		if (mac === undefined && toGroup) return;
		this.#see(nic, source, mac);
		this.#advertise(nic, own.address, source, true);
	}

	/** RFC 4861 §7.2.5, RFC 4862 §5.4.4 */
	#advertised({ nic, header }: Packet, message: NeighborAdvertisement): void {
		const { target, solicited, override, router, options } = message;
		const toGroup = header.bytes[header.start + 24] === 0xff;
		if (solicited && toGroup) {
			this.#host.ground.counters.add('malformed');
			return;
		}
		if (nic.addresses.find(target)) {
			nic.changeAddress({ type: 'claimed', address: target });
			return;
		}
		const mac = macIn(options, 'target-address');
		nic.tellNeighbors({ type: 'answer', hop: target, mac, solicited, override, router });
	}

	#see(nic: Nic, hop: IpAddress, mac: MacAddress | undefined, router?: boolean): void {
		if (mac !== undefined && !mac.isMulticast) nic.tellNeighbors({ type: 'seen', hop, mac, create: true, router });
	}

	#advertise(nic: Nic, own: IpAddress, to: IpAddress, solicited: boolean): void {
		this.#send(wayOnLink(nic, own, to), {
			kind: 'neighbor-advertisement',
			router: this.#host.forwards,
			solicited,
			override: true,
			target: own,
			options: here(nic, 'target-address'),
		});
	}

	#send(way: Way, message: NeighborDiscoveryMessage): void {
		this.#output.send(
			way,
			{ protocol: ipProtocol.icmpv6, hopLimit: 255, loopback: false },
			{
				length: icmpv6.lengthOf(message),
				write: (out, at, sum) => void icmpv6.emit(message, out, at, sum),
			},
		);
	}

	/** Past the table of neighbours, which is what asks. */
	#sendDirect({ nic, source, destination }: Way, message: NeighborDiscoveryMessage, mac: MacAddress): void {
		const payloadLength = icmpv6.lengthOf(message);
		const frame = nic.open(ipv6.lengthOf() + payloadLength);
		if (frame === undefined) return;
		const fixed = { source, destination, nextHeader: ipProtocol.icmpv6, hopLimit: 255, dscp: 0, ecn: 0, flowLabel: 0 };
		const start = ipv6.emit({ ...fixed, payloadLength }, frame, nic.headerLength);
		const view = new ipv6.Ipv6View(frame, nic.headerLength, frame.length);
		icmpv6.emit(message, frame, start, view.pseudoSum(ipProtocol.icmpv6));
		nic.sendDirect(frame, mac);
	}
}

function here(nic: Nic, kind: 'source-address' | 'target-address'): NdOption[] {
	return nic.mac === undefined ? [] : [{ kind, address: nic.mac }];
}

function macIn(options: readonly NdOption[], kind: 'source-address' | 'target-address'): MacAddress | undefined {
	for (const option of options) if (option.kind === kind && !option.address.isMulticast) return option.address;
	return undefined;
}
