/**
 * A link whose frames are written down, in both directions, as a capture that Wireshark and tcpdump read.
 *
 * ```ts
 * const link = pcap(inner, (bytes) => file.write(bytes), { clock });
 *
 * const capture = pcapng((bytes) => file.write(bytes), { clock });      // several links in one file
 * const [left, right] = [capture.tap(first), capture.tap(second)];
 * ```
 *
 * Frames are written when the link's user sends or receives them: around an impaired link before what happens to them,
 * within one after it. Segments that the link divides itself appear whole.
 */

import { type Clock, systemClock } from '../../base/clock.ts';
import { badArgument } from '../../base/errors.ts';
import type { FrameInfo, Link } from '../../stack/link.ts';
import { linkType } from '../../wire/capture.ts';
import * as classic from '../../wire/pcap.ts';
import * as blocks from '../../wire/pcapng.ts';
import { LinkWrapper } from './wrapper.ts';

export interface CaptureOptions {
	/** Default `systemClock`. */
	readonly clock?: Clock | undefined;
	/** What the date is at the clock's 0. Default 1970; of `systemClock` it is `new Date(performance.timeOrigin)`. */
	readonly origin?: Date | undefined;
	/** Bytes that are kept of each frame. Default: all. */
	readonly snapLength?: number | undefined;
}

/** Takes the next bytes of the file, which are its own from then on. It must not throw. */
export type CaptureWrite = (bytes: Uint8Array) => void;

/** A capture of this link alone, in the older format. The link is the wrapper's from now on. */
export function pcap(link: Link, write: CaptureWrite, options: CaptureOptions = {}): Link {
	const header = new Uint8Array(classic.lengthOfHeader());
	classic.emitHeader({ linkType: linkTypeOf(link), snapLength: readSnapLength(options) }, header, 0);
	write(header);
	return new Tap(link, classic, write, options, 0);
}

export interface PcapngCapture {
	/** Adds an interface to the file, of the name of the link. The link is the wrapper's from now on. */
	tap(link: Link): Link;
}

export function pcapng(write: CaptureWrite, options: CaptureOptions = {}): PcapngCapture {
	const snapLength = readSnapLength(options);
	const header = new Uint8Array(blocks.lengthOfHeader());
	blocks.emitHeader(header, 0);
	write(header);
	let taps = 0;
	return {
		tap(link) {
			const description = { linkType: linkTypeOf(link), snapLength, name: link.name };
			const block = new Uint8Array(blocks.lengthOfInterface(description));
			blocks.emitInterface(description, block, 0);
			write(block);
			taps += 1;
			return new Tap(link, blocks, write, options, taps - 1);
		},
	};
}

type Format = Pick<typeof blocks, 'lengthOf' | 'emit'>;

class Tap extends LinkWrapper {
	readonly #format: Format;
	readonly #write: CaptureWrite;
	readonly #clock: Clock;
	/** Nanoseconds since 1970. */
	readonly #origin: bigint;
	readonly #snapLength: number;
	readonly #interface: number;

	constructor(link: Link, format: Format, write: CaptureWrite, options: CaptureOptions, index: number) {
		super(link);
		const { clock = systemClock, origin } = options;
		this.#format = format;
		this.#write = write;
		this.#clock = clock;
		this.#origin = nanoseconds(origin?.getTime() ?? 0);
		this.#snapLength = readSnapLength(options) || Number.POSITIVE_INFINITY;
		this.#interface = index;
	}

	override send(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): boolean {
		this.#record(frames);
		return super.send(frames, infos);
	}

	override onFrames(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): void {
		this.#record(frames);
		super.onFrames(frames, infos);
	}

	#record(frames: readonly Uint8Array[]): void {
		const time = this.#origin + nanoseconds(this.#clock.now());
		const packets = frames.map((frame) => ({
			time,
			interface: this.#interface,
			bytes: frame.length > this.#snapLength ? frame.subarray(0, this.#snapLength) : frame,
			originalLength: frame.length,
		}));
		const out = new Uint8Array(packets.reduce((sum, packet) => sum + this.#format.lengthOf(packet), 0));
		packets.reduce((at, packet) => this.#format.emit(packet, out, at), 0);
		this.#write(out);
	}
}

function linkTypeOf({ medium }: Link): number {
	return medium === 'ethernet' ? linkType.ethernet : linkType.raw;
}

/** 0 is all. */
function readSnapLength({ snapLength = 0 }: CaptureOptions): number {
	if (Number.isSafeInteger(snapLength) && snapLength >= 0) return snapLength;
	throw badArgument(`a snapLength of ${snapLength} is none; give a whole number of bytes`);
}

function nanoseconds(milliseconds: number): bigint {
	return BigInt(Math.round(milliseconds * 1e6));
}
