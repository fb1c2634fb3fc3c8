/**
 * What happens to the frames of one direction, as a machine: they are told apart by chance, wait for the rate, fly for
 * their latency. What does not wait is handed on as it was lent, uncopied. Times inside are whole nanoseconds.
 */

import type { Machine, Wake } from '../../../base/machine.ts';
import type { Random } from '../../../base/random.ts';
import { type FrameInfo, headerLength, type Medium } from '../../../stack/link.ts';
import { type Kept, roomFor, Shelf } from '../shelf.ts';
import { Bottleneck } from './bottleneck.ts';
import { BurstDice, CorrelatedWords, Dice } from './chance.ts';
import { deviation, unit } from './distribution.ts';
import { Flight } from './flight.ts';
import type { Impairments, Latency } from './impairments.ts';

export type ImpairmentEvent =
	| {
			readonly type: 'frames';
			/** Borrowed until the step is over. */
			readonly frames: readonly Uint8Array[];
			readonly infos: readonly (FrameInfo | undefined)[] | undefined;
	  }
	| { readonly type: 'change'; readonly impairments: Impairments };

export interface ImpairmentSink {
	/** At most once a step. Borrowed until it returns. */
	pass(frames: readonly Uint8Array[], infos: readonly (FrameInfo | undefined)[] | undefined): void;
}

/** Frames. `received` + `duplicated` = `passed` + `lost` + `tooLong` + `overflowed` + `waiting`. */
export interface ImpairmentCounters {
	readonly received: number;
	readonly passed: number;
	readonly lost: number;
	/** Longer than `mtu`. */
	readonly tooLong: number;
	/** Found the queue of the rate full, or the capacity taken. */
	readonly overflowed: number;
	/** Under way. */
	readonly waiting: number;
	readonly duplicated: number;
	readonly corrupted: number;
	/** Needed no latency, by `reordering`. */
	readonly reordered: number;
}

export class Impairment implements Machine<ImpairmentEvent, ImpairmentSink> {
	readonly #medium: Medium;
	readonly #random: Random;
	/** Bytes of memory that waiting frames may take. */
	readonly #capacity: number;
	readonly #shelf = new Shelf();
	readonly #bottleneck = new Bottleneck();
	readonly #flight = new Flight();
	readonly #counts = {
		received: 0,
		passed: 0,
		lost: 0,
		tooLong: 0,
		overflowed: 0,
		duplicated: 0,
		corrupted: 0,
		reordered: 0,
	};

	#impairments: Impairments = {};
	#duplication!: Dice;
	#loss!: Dice | BurstDice;
	#corruption!: Dice;
	#reordering!: Dice;
	#latencies!: CorrelatedWords;
	#latency!: Required<Latency>;
	/** Frames that went the usual way since one overtook them. */
	#usual = 0;
	#gap = 1;
	/** Of the latest arrival so far, in nanoseconds. */
	#latest = 0;

	/** What this step hands on. */
	#frames: Uint8Array[] = [];
	#infos: (FrameInfo | undefined)[] = [];
	/** One has an info. */
	#informed = false;
	/** Those of them that are ours. */
	readonly #leaving: Kept[] = [];

	constructor(medium: Medium, random: Random, capacity: number, impairments: Impairments) {
		this.#medium = medium;
		this.#random = random;
		this.#capacity = capacity;
		this.#set(impairments, 0);
	}

	get deadline(): number {
		return this.#next / nanoseconds;
	}

	get counters(): ImpairmentCounters {
		return { ...this.#counts, waiting: this.#bottleneck.length + this.#flight.length };
	}

	step(event: ImpairmentEvent | Wake, milliseconds: number, sink: ImpairmentSink): void {
		// Not before what the deadline was for, whatever rounding makes of it.
		const now = Math.max(Math.round(milliseconds * nanoseconds), this.deadline <= milliseconds ? this.#next : 0);
		this.#advance(now);
		if (event.type === 'change') this.#set(event.impairments, now);
		else if (event.type === 'frames') {
			for (let index = 0; index < event.frames.length; index += 1) {
				this.#counts.received += 1;
				this.#meet(event.frames[index]!, event.infos?.[index], now, true);
			}
		}
		this.#advance(now);
		this.#hand(sink);
	}

	/** Nothing of what waits is handed on any more; it counts as lost. */
	clear(): void {
		for (const kept of [...this.#bottleneck.clear(), ...this.#flight.clear()]) {
			this.#counts.lost += 1;
			this.#shelf.release(kept);
		}
	}

	/** In nanoseconds. */
	get #next(): number {
		return Math.min(this.#bottleneck.next, this.#flight.next);
	}

	/** The frames under way keep the latency that they have. */
	#set(impairments: Impairments, now: number): void {
		const { duplication, loss, corruption, rate, reordering, latency = 0 } = impairments;
		const random = this.#random;
		this.#impairments = impairments;
		this.#duplication = new Dice(random, duplication);
		this.#loss = typeof loss === 'object' && 'toBad' in loss ? new BurstDice(random, loss) : new Dice(random, loss);
		this.#corruption = new Dice(random, corruption);
		this.#reordering = new Dice(random, reordering);
		this.#gap = (typeof reordering === 'object' && 'gap' in reordering && reordering.gap) || 1;
		const {
			mean,
			spread = 0,
			distribution = 'uniform',
			correlation = 0,
			overtaking = false,
		} = typeof latency === 'number' ? { mean: latency } : latency;
		this.#latency = { mean, spread, distribution, correlation, overtaking };
		this.#latencies = new CorrelatedWords(random, correlation);
		if (rate !== undefined) this.#bottleneck.change(rate, now);
		else this.#drain(now);
	}

	/** There is no rate any more. */
	#drain(now: number): void {
		for (const kept of this.#bottleneck.clear()) {
			kept.due = this.#arrival(now);
			this.#flight.push(kept);
		}
	}

	/** The second of a pair is no `original`: it is not doubled again, and meets the rest by itself. */
	#meet(frame: Uint8Array, info: FrameInfo | undefined, now: number, original: boolean): void {
		if (this.#isTooLong(frame, info)) {
			this.#counts.tooLong += 1;
			return;
		}
		if (original && this.#duplication.happens()) {
			this.#counts.duplicated += 1;
			this.#meet(frame, info, now, false);
		}
		if (this.#loss.happens()) this.#counts.lost += 1;
		else this.#queue(this.#corruption.happens() ? this.#corrupt(frame) : frame, info, now);
	}

	#corrupt(frame: Uint8Array): Uint8Array {
		this.#counts.corrupted += 1;
		const kept = this.#shelf.put(frame, undefined, 0);
		this.#leaving.push(kept);
		kept.bytes[this.#random.below(frame.length)]! ^= 1 << this.#random.below(8);
		return kept.bytes;
	}

	#queue(frame: Uint8Array, info: FrameInfo | undefined, now: number): void {
		const { rate } = this.#impairments;
		const due = rate === undefined ? this.#arrival(now) : now;
		if (rate === undefined && due <= now) {
			this.#pass(frame, info);
		} else if (
			this.#shelf.taken + roomFor(frame.length) > this.#capacity ||
			(rate !== undefined && !this.#bottleneck.hasRoom(frame.length))
		) {
			this.#counts.overflowed += 1;
		} else {
			const stage = rate === undefined ? this.#flight : this.#bottleneck;
			stage.push(this.#shelf.put(frame, info, due));
		}
	}

	/** Moves on what has left the rate, and passes what has arrived. */
	#advance(now: number): void {
		for (let kept = this.#bottleneck.shift(now); kept; kept = this.#bottleneck.shift(now)) {
			kept.due = this.#arrival(kept.due);
			this.#flight.push(kept);
		}
		for (let kept = this.#flight.shift(now); kept; kept = this.#flight.shift(now)) {
			this.#pass(kept.bytes, kept.info);
			this.#leaving.push(kept);
		}
	}

	/** When what leaves at `departure` is there. */
	#arrival(departure: number): number {
		if (this.#usual >= this.#gap - 1 && this.#reordering.happens()) {
			this.#usual = 0;
			this.#counts.reordered += 1;
			return departure;
		}
		this.#usual += 1;
		const { mean, spread, distribution, overtaking } = this.#latency;
		const off = spread === 0 ? 0 : (spread * deviation(distribution, this.#latencies.next())) / unit;
		const arrival = departure + Math.max(0, Math.round((mean + off) * nanoseconds));
		this.#latest = Math.max(arrival, this.#latest);
		return overtaking ? arrival : this.#latest;
	}

	#pass(frame: Uint8Array, info: FrameInfo | undefined): void {
		this.#frames.push(frame);
		this.#infos.push(info);
		this.#informed ||= info !== undefined;
	}

	#hand(sink: ImpairmentSink): void {
		const [frames, infos] = [this.#frames, this.#informed ? this.#infos : undefined];
		this.#frames = [];
		this.#infos = [];
		this.#informed = false;
		this.#counts.passed += frames.length;
		try {
			if (frames.length > 0) sink.pass(frames, infos);
		} finally {
			for (const kept of this.#leaving) this.#shelf.release(kept);
			this.#leaving.length = 0;
		}
	}

	#isTooLong(frame: Uint8Array, info: FrameInfo | undefined): boolean {
		const { mtu = Number.POSITIVE_INFINITY } = this.#impairments;
		const { segmentSize } = info ?? {};
		return (segmentSize === undefined ? frame.length - headerLength(this.#medium) : segmentSize + leastHeaders) > mtu;
	}
}

const nanoseconds = 1e6;
/** Of a TCP segment: IPv4 and TCP, without options. */
const leastHeaders = 40;
