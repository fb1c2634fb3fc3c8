/** ARP as a host speaks it: who has which IPv4 address on the link, and who else has ours. RFC 826, RFC 5227 */

import { IpAddress } from '../../base/address.ts';
import { MacAddress } from '../../base/mac-address.ts';
import * as arp from '../../wire/arp.ts';
import { type AddressEvent, type Addresses, isUsable } from './addresses.ts';
import type { Counters } from './ground.ts';
import type { NeighborEvent } from './neighbors.ts';

/** The interface that it speaks on. */
export interface ArpLink {
	readonly addresses: Addresses;
	isBroadcast(address: IpAddress): boolean;
	tellNeighbors(event: NeighborEvent): void;
	changeAddress(event: AddressEvent): void;
	sendArp(packet: arp.ArpPacket, to: MacAddress): void;
}

export class AddressResolution {
	readonly #link: ArpLink;
	readonly #mac: MacAddress;
	readonly #counters: Counters;

	constructor(link: ArpLink, mac: MacAddress, counters: Counters) {
		this.#link = link;
		this.#mac = mac;
		this.#counters = counters;
	}

	/** `unicast`: it was sent to us alone. */
	hear(bytes: Uint8Array, start: number, end: number, unicast: boolean): void {
		const packet = arp.parse(bytes, start, end);
		if (typeof packet === 'string') {
			this.#counters.add(packet);
			return;
		}
		const { operation, senderAddress: hop, senderHardware: mac, targetAddress } = packet;
		if (mac.isMulticast || mac.equals(MacAddress.zero) || mac.equals(this.#mac)) return;
		const { addresses } = this.#link;
		const target = addresses.find(targetAddress);
		const probes = hop.isUnspecified && operation === 'request';
		if (probes && target?.state === 'tentative') this.#link.changeAddress({ type: 'claimed', address: targetAddress });
		if (addresses.find(hop)) {
			this.#link.changeAddress({ type: 'claimed', address: hop });
			return;
		}
		const ours = target !== undefined && isUsable(target);
		if (!hop.isUnspecified && !hop.isMulticast && !this.#link.isBroadcast(hop)) {
			const answer = { hop, mac, solicited: unicast && ours, override: true, router: undefined };
			if (operation === 'request') this.#link.tellNeighbors({ type: 'seen', hop, mac, create: ours });
			else this.#link.tellNeighbors({ type: 'answer', ...answer });
		}
		if (operation === 'request' && ours) this.#send('reply', targetAddress, hop, mac);
	}

	/** Asks where `hop` is, or whether it still is at `mac`. */
	solicit(hop: IpAddress, mac: MacAddress | undefined): void {
		const own = this.#link.addresses.list.filter((each) => each.address.family === 4 && isUsable(each));
		const near = own.find(({ address, prefixLength }) => address.commonPrefixLength(hop) >= prefixLength);
		const from = near ?? own[0];
		if (from) this.#send('request', from.address, hop, mac);
	}

	/** Asks whether somebody has it: from nobody. RFC 5227 §2.1.1 */
	probe(address: IpAddress): void {
		this.#send('request', IpAddress.any4, address, undefined);
	}

	/** Tells everybody where it is now. RFC 5227 §2.3 */
	announce(address: IpAddress): void {
		this.#send('request', address, address, undefined);
	}

	#send(operation: 'request' | 'reply', from: IpAddress, targetAddress: IpAddress, mac: MacAddress | undefined): void {
		const targetHardware = mac ?? MacAddress.zero;
		const packet = { operation, senderHardware: this.#mac, senderAddress: from, targetHardware, targetAddress };
		this.#link.sendArp(packet, mac ?? MacAddress.broadcast);
	}
}
