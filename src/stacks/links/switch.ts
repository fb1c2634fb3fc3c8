/**
 * An Ethernet switch: it learns where stations are by what they send, and sends frames there, or everywhere.
 * IEEE 802.1Q §8.6 to §8.8, without VLANs and without a spanning tree: a loop of cables is a storm for ever.
 *
 * ```ts
 * const network = ethernetSwitch({ clock });
 * const [host, port] = linkPair({ clock, name: 'host-1' });
 * network.attach(port);
 * ```
 */

import { type Clock, systemClock } from '../../base/clock.ts';
import { badArgument } from '../../base/errors.ts';
import type { MacAddress } from '../../base/mac-address.ts';
import { deaf, type FrameInfo, headerLength, type Link } from '../../stack/link.ts';
import { ForwardingTable } from './forwarding-table.ts';
import { isGroup, isReserved, stationAt } from './station.ts';

export interface EthernetSwitchOptions {
	/** Default `systemClock`. */
	readonly clock?: Clock | undefined;
	/** Milliseconds after which a silent station is forgotten. Default 300 000. IEEE 802.1Q §8.8.3 */
	readonly ageing?: number | undefined;
	/** Stations it knows; of more, the one that was silent the longest is forgotten. Default 4096. */
	readonly stations?: number | undefined;
}

/** Frames. A frame that goes to several ports counts once. */
export interface EthernetSwitchCounters {
	readonly received: number;
	/** Sent to the port of its destination. */
	readonly forwarded: number;
	/** Sent to every other port. */
	readonly flooded: number;
	/** Not sent on: its destination is where it came from, or is reserved for one cable. IEEE 802.1Q §8.6.3 */
	readonly filtered: number;
	/** Too short, or from no single station. */
	readonly malformed: number;
}

export interface EthernetSwitch {
	/** Makes a port of an Ethernet link, which is the switch's from now on; the port is gone when the link closes. */
	attach(link: Link): void;
	/** The stations it knows, and the names of their links; the longest silent first. */
	readonly stations: readonly { readonly address: MacAddress; readonly link: string }[];
	readonly counters: EthernetSwitchCounters;
	/** Closes every link. */
	close(): void;
}

export function ethernetSwitch(options: EthernetSwitchOptions = {}): EthernetSwitch {
	return new Switch(options);
}

class Port {
	readonly link: Link;
	/** What it is to send at the end of a batch. */
	frames: Uint8Array[] = [];
	infos: (FrameInfo | undefined)[] = [];

	constructor(link: Link) {
		this.link = link;
	}
}

class Switch implements EthernetSwitch {
	readonly #clock: Clock;
	readonly #table: ForwardingTable<Port>;
	readonly #ports = new Set<Port>();
	readonly #counts = { received: 0, forwarded: 0, flooded: 0, filtered: 0, malformed: 0 };
	/** Ports that have something to send at the end of the batch. */
	readonly #busy: Port[] = [];
	#closed = false;

	constructor({ clock = systemClock, ageing = 300_000, stations = 4096 }: EthernetSwitchOptions) {
		this.#clock = clock;
		this.#table = new ForwardingTable(ageing, stations);
	}

	attach(link: Link): void {
		if (link.medium !== 'ethernet') throw badArgument(`${link.name} has no Ethernet frames; a switch needs them`);
		if (this.#closed) throw badArgument('the switch is closed; make another');
		const port = new Port(link);
		this.#ports.add(port);
		link.handler = {
			onFrames: (frames, infos) => this.#receive(port, frames, infos),
			onDrain() {},
			onState: () => {
				if (!link.up) this.#table.forget(port);
			},
			onClose: () => {
				this.#ports.delete(port);
				this.#table.forget(port);
			},
		};
	}

	get stations(): EthernetSwitch['stations'] {
		return this.#table.entries(this.#clock.now()).map(([address, port]) => ({ address, link: port.link.name }));
	}

	get counters(): EthernetSwitchCounters {
		return { ...this.#counts };
	}

	close(): void {
		this.#closed = true;
		for (const { link } of this.#ports) {
			link.handler = deaf;
			link.close();
		}
		this.#ports.clear();
		this.#table.clear();
	}

	/** What goes to one port goes there as one batch, in the order in which it came. */
	#receive(from: Port, frames: readonly Uint8Array[], infos: readonly (FrameInfo | undefined)[] | undefined): void {
		const now = this.#clock.now();
		for (let index = 0; index < frames.length; index += 1) this.#forward(from, frames[index]!, infos?.[index], now);
		for (let port = this.#busy.pop(); port; port = this.#busy.pop()) {
			port.link.send(port.frames, infos && port.infos);
			port.frames = [];
			port.infos = [];
		}
	}

	#forward(from: Port, frame: Uint8Array, info: FrameInfo | undefined, now: number): void {
		this.#counts.received += 1;
		if (frame.length < headerLength('ethernet') || isGroup(frame, 6)) {
			this.#counts.malformed += 1;
			return;
		}
		this.#table.learn(stationAt(frame, 6), from, now);
		const to = isGroup(frame, 0) ? undefined : this.#table.find(stationAt(frame, 0), now);
		if (to === from || isReserved(frame)) {
			this.#counts.filtered += 1;
		} else if (to !== undefined) {
			this.#counts.forwarded += 1;
			this.#queue(to, frame, info);
		} else {
			this.#counts.flooded += 1;
			for (const port of this.#ports) if (port !== from) this.#queue(port, frame, info);
		}
	}

	#queue(port: Port, frame: Uint8Array, info: FrameInfo | undefined): void {
		if (port.frames.length === 0) this.#busy.push(port);
		port.frames.push(frame);
		port.infos.push(info);
	}
}
