/** A wire that interfaces are on: a switch, or a link between two. It also knows which addresses are free on it. */

import { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { badArgument } from '../../base/errors.ts';
import { MacAddress } from '../../base/mac-address.ts';
import { Prefix } from '../../base/prefix.ts';
import type { Link } from '../../stack/link.ts';
import type { Impairments } from '../links/impair/impairments.ts';
import { linkPair } from '../links/pair.ts';
import { type EthernetSwitch, ethernetSwitch } from '../links/switch.ts';

export interface SegmentOptions extends Impairments {
	/**
	 * The networks on it, out of which hosts get their addresses, at most one of each family. Default: `10.N.0.0/16` and
	 * `2001:db8:N::/64`, another N for each.
	 */
	readonly subnets?: readonly string[] | undefined;
}

/** The first numbers of a network are for routers and servers. */
const firstOf = { router: 1, host: 10 };

/** How what is sent to it is impaired is said once, and holds for every interface on it. */
export class Segment {
	readonly name: string;
	readonly subnets: readonly Prefix[];
	readonly impairments: Impairments;
	/** Routers on it, in the order in which they came. */
	readonly routers: IpAddress[] = [];
	readonly #clock: Clock;
	readonly #switch: EthernetSwitch;
	/** Interfaces that it has room for. */
	readonly #room: number;
	#attached = 0;
	readonly #taken = new Set<string>();
	readonly #next = { 4: { ...firstOf }, 6: { ...firstOf } };

	/** Throws `bad-argument`. */
	constructor(name: string, options: SegmentOptions, room: number, clock: Clock, number: number) {
		const { subnets = usual(number), ...impairments } = options;
		this.name = name;
		this.subnets = subnets.map((text) => Prefix.parse(text));
		if (new Set(this.subnets.map(({ address }) => address.family)).size < this.subnets.length) {
			throw badArgument(`${name} has two subnets of one family; give at most one of each`, 'sim.network');
		}
		this.impairments = impairments;
		this.#room = room;
		this.#clock = clock;
		this.#switch = ethernetSwitch({ clock });
	}

	/** The host's end of a new port. Throws `bad-argument` when it is a link that has its two ends. */
	attach(mac: MacAddress, mtu: number): Link {
		if (this.#attached >= this.#room) {
			throw badArgument(`the link ${this.name} joins two interfaces; make it a switch for more`, 'sim.network');
		}
		this.#attached += 1;
		const portMac = MacAddress.from(Uint8Array.of(0x0a, ...mac.bytes.subarray(1)));
		const [end, port] = linkPair({ clock: this.#clock, name: this.name, mtu, addresses: [mac, portMac] });
		this.#switch.attach(port);
		return end;
	}

	/** An interface has left, so that another finds room. */
	detach(): void {
		this.#attached -= 1;
	}

	/** An address of each of its networks, with their lengths. */
	addressesFor(kind: keyof typeof firstOf): string[] {
		return this.subnets.map((subnet) => {
			const next = this.#next[subnet.address.family];
			for (;;) {
				const address = numbered(subnet, next[kind]);
				next[kind] += 1;
				if (address === undefined) throw badArgument(`${subnet} of ${this.name} has no address left`, 'sim.network');
				if (!this.#taken.has(address.toString())) return `${this.take(address)}/${subnet.length}`;
			}
		});
	}

	/** Nobody else gets it. */
	take(address: IpAddress): IpAddress {
		this.#taken.add(address.toString());
		return address;
	}

	close(): void {
		this.#switch.close();
	}
}

function usual(number: number): string[] {
	return [`10.${number & 255}.0.0/16`, `2001:db8:${number.toString(16)}::/64`];
}

/** Undefined outside of it, and for the broadcast address. */
function numbered(subnet: Prefix, number: number): IpAddress | undefined {
	const bytes = subnet.network.bytes;
	const last = bytes.length - 4;
	const value = new DataView(bytes.buffer, bytes.byteOffset);
	value.setUint32(last, (value.getUint32(last) + number) >>> 0);
	const address = IpAddress.from(bytes);
	return subnet.contains(address) && subnet.broadcast?.equals(address) !== true ? address : undefined;
}
