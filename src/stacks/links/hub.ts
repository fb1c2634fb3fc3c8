/**
 * A hub: all its stations share one wire, half duplex, and collide (IEEE 802.3 §4, CSMA/CD). A station that has just
 * won wins more easily again, as on the real one, because only the loser's wait has doubled: the capture effect.
 *
 * ```ts
 * const network = hub({ clock, random: seededRandom(7) });
 * const [host, port] = linkPair({ clock, name: 'host-1' });
 * network.attach(port);
 * ```
 *
 * A link that is attached is a station: what it delivers is queued and sent on the wire, what the others send it gets.
 */

import { type Clock, systemClock } from '../../base/clock.ts';
import { badArgument } from '../../base/errors.ts';
import { type Driver, drive } from '../../base/machine.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import { deaf, type Link } from '../../stack/link.ts';
import { ethernet10, type HalfDuplexTiming } from './half-duplex.ts';
import { SharedWire, type SharedWireCounters, type SharedWireEvent } from './shared-wire.ts';

export interface HubOptions {
	/** Default `systemClock`, whose timers are good to a millisecond; the wire's time is exact, and its frames then late. */
	readonly clock?: Clock | undefined;
	/** Default `systemRandom`. */
	readonly random?: Random | undefined;
	/** Default `ethernet10`. */
	readonly timing?: HalfDuplexTiming | undefined;
	/** Bit times between any two stations, from 1 on; there and back with the jam within a slot. Default 50, about 1 km. */
	readonly reach?: number | undefined;
	/** Frames that wait for the wire at a station, at most; more are dropped. Default 100. */
	readonly queueFrames?: number | undefined;
}

export interface Hub {
	/** Makes a station of an Ethernet link, which is the hub's from now on; it is gone when the link closes. */
	attach(link: Link): void;
	readonly counters: SharedWireCounters;
	/** Closes every link. */
	close(): void;
}

export function hub(options: HubOptions = {}): Hub {
	return new SharedWireHub(options);
}

class SharedWireHub implements Hub {
	readonly #wire: SharedWire<Link>;
	readonly #driver: Driver<SharedWireEvent<Link>>;
	readonly #links = new Set<Link>();
	#closed = false;

	constructor(options: HubOptions) {
		const { clock = systemClock, random = systemRandom, timing = ethernet10, reach = 50, queueFrames = 100 } = options;
		if (!Number.isSafeInteger(reach) || reach < 1 || 2 * reach + timing.jam > timing.slot) {
			throw badArgument(`a reach of ${reach} bit times is none; give 1 to ${(timing.slot - timing.jam) / 2}`);
		}
		if (!(queueFrames >= 1)) throw badArgument(`queueFrames is ${queueFrames}; give 1 or more`);
		this.#wire = new SharedWire(timing, random, reach, queueFrames);
		const onFrame = (from: Link, frame: Uint8Array) => {
			for (const link of this.#links) if (link !== from) link.send([frame]);
		};
		this.#driver = drive(this.#wire, { onFrame }, clock);
	}

	attach(link: Link): void {
		if (link.medium !== 'ethernet') throw badArgument(`${link.name} has no Ethernet frames; a hub needs them`);
		if (this.#closed) throw badArgument('the hub is closed; make another');
		this.#links.add(link);
		this.#driver.send({ type: 'join', id: link });
		link.handler = {
			...deaf,
			onFrames: (frames) => this.#driver.send({ type: 'frames', id: link, frames }),
			onClose: () => {
				this.#links.delete(link);
				this.#driver.send({ type: 'leave', id: link });
			},
		};
	}

	get counters(): SharedWireCounters {
		return this.#wire.counters;
	}

	close(): void {
		this.#closed = true;
		this.#driver.stop();
		for (const link of this.#links) {
			link.handler = deaf;
			link.close();
		}
		this.#links.clear();
	}
}
