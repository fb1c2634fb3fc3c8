/**
 * A token bucket with a finite queue that drops at its tail. Times are whole nanoseconds, and what division leaves over
 * is kept, so that a rate is exact for ever.
 *
 * `#full` is when the transmission of everything so far ends, on a wire that could have begun as much earlier as the
 * burst needs. What is not after now has left.
 */

import { Queue } from '../../../base/queue.ts';
import type { Kept } from '../shelf.ts';
import type { Rate } from './impairments.ts';

export class Bottleneck {
	#rate = 1;
	/** Nanoseconds that the burst needs. */
	#lead = 0;
	#queueBytes = 0;
	#queueFrames = 0;
	#overhead = 0;
	/** The first is under transmission; its `due` is when that ends. Of the others it is when they came. */
	readonly #frames = new Queue<Kept>();
	/** Of the others. */
	#bytes = 0;
	#full = Number.NEGATIVE_INFINITY;
	/** Of a nanosecond, in 1/`#rate`: behind `#full`. */
	#rest = 0;

	/** What is left of the frame under transmission goes on at the new rate. */
	change(rate: number | Rate, now: number): void {
		const {
			bitsPerSecond,
			burst = 0,
			queueBytes = 1_500_000,
			queueFrames = 1000,
			overhead = 0,
		} = typeof rate === 'number' ? { bitsPerSecond: rate } : rate;
		if (bitsPerSecond !== this.#rate) {
			if (this.#full > now) this.#full = now + Math.ceil(((this.#full - now) * this.#rate) / bitsPerSecond);
			this.#rest = 0;
			this.#rate = bitsPerSecond;
		}
		this.#lead = Math.floor((burst * nanobits) / bitsPerSecond);
		this.#queueBytes = queueBytes;
		this.#queueFrames = queueFrames;
		this.#overhead = overhead;
		const first = this.#frames.at(0);
		if (first !== undefined) first.due = Math.max(now, this.#full + Math.sign(this.#rest));
	}

	/** Takes out everything, in order, as if none of it had come. */
	clear(): Kept[] {
		const frames: Kept[] = [];
		for (let kept = this.#frames.shift(); kept; kept = this.#frames.shift()) frames.push(kept);
		this.#bytes = 0;
		this.#full = Number.NEGATIVE_INFINITY;
		this.#rest = 0;
		return frames;
	}

	/** When the frame under transmission has left, in nanoseconds. */
	get next(): number {
		return this.#frames.at(0)?.due ?? Number.POSITIVE_INFINITY;
	}

	get length(): number {
		return this.#frames.length;
	}

	hasRoom(bytes: number): boolean {
		const waiting = this.#frames.length - 1;
		return waiting < 0 || (waiting < this.#queueFrames && this.#bytes + bytes <= this.#queueBytes);
	}

	/** Its `due` is now. */
	push(kept: Kept): void {
		this.#frames.push(kept);
		if (this.#frames.length === 1) this.#transmit(kept, kept.due);
		else this.#bytes += kept.bytes.length;
	}

	/** The next that has left by now; its `due` is when. */
	shift(now: number): Kept | undefined {
		const gone = this.#frames.at(0);
		if (gone === undefined || gone.due > now) return undefined;
		this.#frames.shift();
		const first = this.#frames.at(0);
		if (first !== undefined) {
			this.#bytes -= first.bytes.length;
			this.#transmit(first, gone.due);
		}
		return gone;
	}

	#transmit(kept: Kept, start: number): void {
		const earliest = start - this.#lead;
		if (earliest > this.#full + Math.sign(this.#rest)) {
			this.#full = earliest;
			this.#rest = 0;
		}
		const cost = (kept.bytes.length + this.#overhead) * nanobits;
		const rest = this.#rest + (cost % this.#rate);
		this.#full += Math.floor(cost / this.#rate) + (rest >= this.#rate ? 1 : 0);
		this.#rest = rest % this.#rate;
		kept.due = Math.max(start, this.#full + Math.sign(this.#rest));
	}
}

/** Bits of a byte, times nanoseconds of a second. */
const nanobits = 8e9;
