/**
 * Two links that are each other's other side: what one sends, the other receives, and nothing is lost for another reason
 * than want of room.
 *
 * ```ts
 * const [a, b] = linkPair({ clock, name: 'cable', delay: 5 });
 * ```
 *
 * Nothing in it holds the process, so `ref` and `unref` do nothing; what is under way is a timer of the clock.
 */

import { type Clock, systemClock } from '../../base/clock.ts';
import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { MacAddress } from '../../base/mac-address.ts';
import { deaf, type FrameInfo, headerLength, type Link, type Medium, type Offloads } from '../../stack/link.ts';
import { crc32 } from '../../wire/crc32.ts';
import { Lane, type LaneOptions } from './lane.ts';
import { roomFor } from './shelf.ts';

export interface LinkPairOptions {
	/** Default `systemClock`. */
	readonly clock?: Clock | undefined;
	/** Default `pair`. The ends are called `pair-a` and `pair-b`. */
	readonly name?: string | undefined;
	/** Default `ethernet`. */
	readonly medium?: Medium | undefined;
	/** Bytes, from 68 on. Default 1500. */
	readonly mtu?: number | undefined;
	/** Milliseconds from one end to the other. Default 0: everything arrives in the next turn. */
	readonly delay?: number | undefined;
	/** Of an Ethernet pair. Default: made of the name, so that pairs of different names have different ones. */
	readonly addresses?: readonly [MacAddress, MacAddress] | undefined;
	/** Of both ends; segments then arrive as they were sent, and checksums as whoever sends leaves them. Default none. */
	readonly offloads?: Offloads | undefined;
	/** Bytes under way each way, a frame counted as a multiple of 64; what comes on top is dropped. Default 4 MiB. */
	readonly capacity?: number | undefined;
}

/** Closing one closes the other, behind what is under way, with the error `closed`. */
export function linkPair(options: LinkPairOptions = {}): readonly [Link, Link] {
	const { clock = systemClock, delay = 0, capacity = 4_194_304 } = options;
	const traits = readTraits(options);
	if (!(delay >= 0)) throw badArgument(`a delay of ${delay} ms is none; give 0 or more`);
	const { medium, mtu, offloads } = traits;
	const largestPlain = headerLength(medium) + mtu;
	const largestFrame = Math.max(largestPlain, headerLength(medium) + maxIpHeader + (offloads.segmentation ?? 0));
	if (!(capacity >= roomFor(largestFrame))) {
		throw badArgument(`a capacity of ${capacity} bytes has no room for a frame of ${largestFrame}`);
	}
	const fits = ({ length }: Uint8Array, info: FrameInfo | undefined) =>
		length > 0 && length <= (info?.segmentSize === undefined ? largestPlain : largestFrame);
	const lane = { clock, delay, capacity, largestFrame, fits };
	const a = new PairEnd('a', traits, clock);
	const b = new PairEnd('b', traits, clock);
	a.join(b, lane);
	b.join(a, lane);
	return [a, b];
}

type Traits = Pick<Link, 'name' | 'medium' | 'mtu' | 'offloads'> & Pick<LinkPairOptions, 'addresses'>;

function readTraits(options: LinkPairOptions): Traits {
	const { name = 'pair', medium = 'ethernet', mtu = 1500, offloads = {}, addresses } = options;
	if (!Number.isSafeInteger(mtu) || mtu < leastMtu)
		throw badArgument(`an MTU of ${mtu} is none; give ${leastMtu} or more`);
	if (medium === 'ip' && addresses) throw badArgument('links of bare packets have no addresses; leave them out');
	return { name, medium, mtu, offloads, addresses };
}

class PairEnd implements Link {
	readonly name: string;
	readonly medium: Medium;
	readonly mtu: number;
	readonly address: MacAddress | undefined;
	readonly offloads: Offloads;
	handler = deaf;
	readonly #clock: Clock;
	#peer!: PairEnd;
	/** To the peer. */
	#lane!: Lane;
	#closed = false;

	constructor(side: 'a' | 'b', { name, medium, mtu, offloads, addresses }: Traits, clock: Clock) {
		this.name = `${name}-${side}`;
		this.medium = medium;
		this.mtu = mtu;
		this.offloads = offloads;
		const index = side === 'a' ? 0 : 1;
		if (medium === 'ethernet') this.address = addresses?.[index] ?? addressOf(this.name);
		this.#clock = clock;
	}

	join(peer: PairEnd, options: LaneOptions): void {
		this.#peer = peer;
		this.#lane = new Lane(options, {
			onArrival: (frames, infos) => peer.handler.onFrames(frames, infos),
			onRoom: () => this.handler.onDrain(),
			onEnd: () => peer.#finish(new PostSocketsError('closed', `the other end of ${peer.name} was closed`)),
		});
	}

	get up(): boolean {
		return !this.#closed;
	}

	send(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): boolean {
		return this.#closed || this.#lane.send(frames, infos);
	}

	close(): void {
		if (this.#closed) return;
		this.#lane.end();
		this.#closed = true;
		this.#peer.#lane.cut();
		this.#clock.soon(() => this.handler.onClose(undefined));
	}

	ref(): void {}
	unref(): void {}

	#finish(error: PostSocketsError): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#lane.cut();
		this.handler.onClose(error);
	}
}

/** RFC 791 §3.2 */
const leastMtu = 68;
const maxIpHeader = 60;

/** A local one (IEEE 802 §8.4), the same for the same name. */
function addressOf(name: string): MacAddress {
	const bytes = new TextEncoder().encode(name);
	const hash = crc32(bytes, 0, bytes.length);
	return MacAddress.from(Uint8Array.of(2, 0x70, hash >>> 24, hash >>> 16, hash >>> 8, hash));
}
