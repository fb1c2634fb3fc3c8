/** Frames on their way to one link: written side by side into one buffer, handed over in batches. */

import type { Clock } from '../../base/clock.ts';
import type { FrameInfo, Link } from '../../stack/link.ts';

/** Bytes of the buffer that frames are written into; a larger frame gets one of its own. */
const arenaSize = 131_072;

export class Outbox {
	readonly #link: Link;
	readonly #clock: Clock;
	readonly #limit: number;
	readonly #frames: Uint8Array[] = [];
	readonly #infos: (FrameInfo | undefined)[] = [];
	#hasInfo = false;
	#arena = new Uint8Array(0);
	#used = 0;
	#queued = 0;
	#blocked = false;
	#scheduled = false;

	constructor(link: Link, clock: Clock, limit: number) {
		this.#link = link;
		this.#clock = clock;
		this.#limit = limit;
	}

	/** Bytes that wait for the link. */
	get queued(): number {
		return this.#queued;
	}

	/** Room for one frame, to be given to `add` or `discard` before the next is opened; undefined if too much waits. */
	open(length: number): Uint8Array | undefined {
		if (this.#used + length > this.#arena.length) {
			this.flush();
			if (this.#blocked && this.#queued + length > this.#limit) return undefined;
			if (this.#used + length > this.#arena.length) {
				this.#arena = new Uint8Array(Math.max(arenaSize, length));
				this.#used = 0;
			}
		} else if (this.#blocked && this.#queued + length > this.#limit) {
			return undefined;
		}
		const frame = this.#arena.subarray(this.#used, this.#used + length);
		this.#used += length;
		return frame;
	}

	/** It leaves by the end of this turn. */
	add(frame: Uint8Array, segmentSize: number | undefined): void {
		this.#frames.push(frame);
		this.#infos.push(segmentSize === undefined ? undefined : { segmentSize });
		this.#hasInfo ||= segmentSize !== undefined;
		this.#queued += frame.length;
		if (this.#scheduled) return;
		this.#scheduled = true;
		this.#clock.soon(() => {
			this.#scheduled = false;
			this.flush();
		});
	}

	discard(frame: Uint8Array): void {
		this.#used -= frame.length;
	}

	/** Hands over what there is, unless the link wants no more for now. */
	flush(): void {
		if (this.#blocked || this.#frames.length === 0) return;
		this.#blocked = !this.#link.send(this.#frames, this.#hasInfo ? this.#infos : undefined);
		this.#frames.length = 0;
		this.#infos.length = 0;
		this.#hasInfo = false;
		this.#queued = 0;
		this.#used = 0;
	}

	/** The link wants more. */
	drained(): void {
		this.#blocked = false;
		this.flush();
	}

	/** The link is gone: what waits is dropped. */
	clear(): void {
		this.#frames.length = 0;
		this.#queued = 0;
		this.#blocked = false;
	}
}
