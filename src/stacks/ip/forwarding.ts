/** A router: what is for others goes on its way, one hop older. RFC 1812 §5.2, §5.3; redirects are never sent. */

import { IpAddress } from '../../base/address.ts';
import { putChecksum } from '../../wire/checksum.ts';
import { putUint16 } from '../../wire/network-order.ts';
import type { Host, Way } from './host.ts';
import type { Complaint, IcmpErrors } from './icmp-errors.ts';
import type { Arrival, Nic } from './nic.ts';
import type { Output } from './output.ts';

export class Forwarding {
	readonly #host: Host;
	readonly #output: Output;
	readonly #errors: IcmpErrors;

	constructor(host: Host, output: Output, errors: IcmpErrors) {
		this.#host = host;
		this.#output = output;
		this.#errors = errors;
	}

	/** The packet from `start` to `end`, which is for none of our addresses, and for one host. */
	forward(nic: Nic, bytes: Uint8Array, start: number, end: number, arrival: Arrival): void {
		const { counters } = this.#host.ground;
		const family = bytes[start]! >> 4 === 4 ? 4 : 6;
		const source = IpAddress.at(bytes, start + (family === 4 ? 12 : 8), family);
		const destination = IpAddress.at(bytes, start + (family === 4 ? 16 : 24), family);
		if (!mayPass(source) || !mayPass(destination)) {
			counters.add('martian');
			return;
		}
		const complain = (complaint: Complaint) => this.#errors.complain(nic, bytes, start, end, arrival, complaint);
		const hopAt = start + (family === 4 ? 8 : 7);
		if (bytes[hopAt]! <= 1) {
			counters.add('hop-limit');
			complain({ kind: 'hop-limit' });
			return;
		}
		const way = this.#host.wayTo(destination, { source });
		// A network's broadcast address is a group of hosts that a stranger must not reach at once. RFC 2644
		if (way === undefined || way.local || way.nic.loopback || way.nic.isBroadcast(destination)) {
			counters.add('no-route');
			complain({ kind: 'net' });
			return;
		}
		if (way.nic.refusePrivate && (source.isPrivate || destination.isPrivate)) {
			counters.add('refused-private');
			complain({ kind: 'prohibited' });
			return;
		}
		this.#send(way, bytes.slice(start, end), family, arrival, complain);
	}

	#send(way: Way, packet: Uint8Array, family: 4 | 6, arrival: Arrival, complain: (complaint: Complaint) => void): void {
		const { counters } = this.#host.ground;
		const mtu = way.nic.mtuOf(family);
		const divided = arrival.segmentSize !== undefined && packet.length <= (way.nic.link.offloads.segmentation ?? 0);
		const fits = packet.length <= mtu || divided;
		if (!fits && (family === 6 || (packet[6]! & 0x40) !== 0)) {
			counters.add('too-big');
			complain({ kind: 'too-big', mtu });
			return;
		}
		packet[family === 4 ? 8 : 7]! -= 1;
		if (family === 4) {
			putUint16(packet, 10, 0);
			putChecksum(packet, 10, 0, (packet[0]! & 15) << 2, 0);
		}
		counters.add('forwarded');
		if (fits) this.#output.relay(way, packet, divided ? arrival.segmentSize : undefined);
		else this.#output.relayFragments(way, packet, mtu);
	}
}

/** What means nothing beyond its link stays there. RFC 4291 §2.5.6, RFC 3927 §2.7, RFC 1812 §5.3.7 */
function mayPass(address: IpAddress): boolean {
	return !(
		address.isUnspecified ||
		address.isLoopback ||
		address.isLinkLocal ||
		address.isMulticast ||
		(address.family === 4 && address.bytes[0]! >= 240)
	);
}
