/** One direction of a pair: first in, first out, each frame after the same time, and never in the turn it was sent. */

import type { Clock, Timer } from '../../base/clock.ts';
import { Queue } from '../../base/queue.ts';
import type { FrameInfo } from '../../stack/link.ts';
import { type Kept, roomFor, Shelf } from './shelf.ts';

export interface LaneEnds {
	/** Borrowed until it returns. */
	onArrival(frames: readonly Uint8Array[], infos: readonly (FrameInfo | undefined)[] | undefined): void;
	/** There is room again, after `send` said that there was none. */
	onRoom(): void;
	/** Everything that was sent before `end` has arrived. */
	onEnd(): void;
}

export interface LaneOptions {
	readonly clock: Clock;
	/** Milliseconds. */
	readonly delay: number;
	/** Bytes of memory that the frames under way may take. */
	readonly capacity: number;
	/** Bytes. */
	readonly largestFrame: number;
	/** What does not fit is dropped without a word. */
	fits(frame: Uint8Array, info: FrameInfo | undefined): boolean;
}

export class Lane {
	readonly #options: LaneOptions;
	readonly #ends: LaneEnds;
	readonly #shelf = new Shelf();
	readonly #underWay = new Queue<Kept>();
	/** When the end arrives. */
	#end = Number.POSITIVE_INFINITY;
	#refused = false;
	#cut = false;
	#scheduled = false;
	#timer: Timer | undefined;

	constructor(options: LaneOptions, ends: LaneEnds) {
		this.#options = options;
		this.#ends = ends;
	}

	/** False if one was dropped for want of room, or the largest would be. */
	send(frames: readonly Uint8Array[], infos: readonly (FrameInfo | undefined)[] | undefined): boolean {
		if (this.#cut) return true;
		const { clock, delay, capacity } = this.#options;
		const due = clock.now() + delay;
		for (let index = 0; index < frames.length; index += 1) {
			const frame = frames[index]!;
			const info = infos?.[index];
			if (!this.#options.fits(frame, info)) continue;
			if (this.#shelf.taken + roomFor(frame.length) > capacity) this.#refused = true;
			else this.#underWay.push(this.#shelf.put(frame, info, due));
		}
		this.#refused ||= this.#isFull;
		this.#schedule();
		return !this.#refused;
	}

	/** Nothing is sent any more; who is at the other end hears of it behind what was sent. */
	end(): void {
		this.#end = this.#options.clock.now() + this.#options.delay;
		this.#schedule();
	}

	/** Nothing arrives any more. */
	cut(): void {
		this.#cut = true;
		this.#timer?.cancel();
		for (let kept = this.#underWay.shift(); kept; kept = this.#underWay.shift()) this.#shelf.release(kept);
	}

	get #isFull(): boolean {
		return this.#shelf.taken + roomFor(this.#options.largestFrame) > this.#options.capacity;
	}

	#schedule(): void {
		if (this.#scheduled || this.#cut) return;
		const due = this.#underWay.at(0)?.due ?? this.#end;
		if (due === Number.POSITIVE_INFINITY) return;
		this.#scheduled = true;
		const run = () => {
			this.#scheduled = false;
			if (!this.#cut) this.#arrive();
		};
		const { clock, delay } = this.#options;
		if (delay > 0) this.#timer = clock.after(due - clock.now(), run);
		else clock.soon(run);
	}

	/** Everything that is due, as one batch. Who is called from here may throw: what is left is done in a later turn. */
	#arrive(): void {
		const now = this.#options.clock.now();
		const arrived: Kept[] = [];
		for (let next = this.#underWay.at(0); next !== undefined && next.due <= now; next = this.#underWay.at(0)) {
			arrived.push(next);
			this.#underWay.shift();
		}
		try {
			if (arrived.length > 0) this.#ends.onArrival(...batchOf(arrived));
		} finally {
			for (const kept of arrived) this.#shelf.release(kept);
			this.#schedule();
			this.#tell(now);
		}
	}

	#tell(now: number): void {
		if (this.#refused && !this.#isFull && !this.#cut) {
			this.#refused = false;
			this.#ends.onRoom();
		}
		if (this.#end <= now && this.#underWay.length === 0 && !this.#cut) {
			this.cut();
			this.#ends.onEnd();
		}
	}
}

function batchOf(arrived: readonly Kept[]): [Uint8Array[], (FrameInfo | undefined)[] | undefined] {
	const plain = arrived.every(({ info }) => info === undefined);
	return [arrived.map(({ bytes }) => bytes), plain ? undefined : arrived.map(({ info }) => info)];
}
