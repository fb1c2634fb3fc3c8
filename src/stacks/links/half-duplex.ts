/**
 * How one station shares a wire with others, as a machine: it listens, sends, and on a collision jams, waits for a
 * chance that doubles, and tries again. IEEE 802.3 §4.2.3 (CSMA/CD). All times are whole bit times.
 */

import type { Machine, Wake } from '../../base/machine.ts';
import type { Random } from '../../base/random.ts';

/** Whole bit times, but for `bitRate` and what is counted. */
export interface HalfDuplexTiming {
	/** Bits per second. */
	readonly bitRate: number;
	/** More than a signal needs to the furthest station and back: after it nobody collides with a frame any more. */
	readonly slot: number;
	/** Between two frames. */
	readonly gap: number;
	/** The part of the gap in which a signal makes it begin again; later ones are not listened to. */
	readonly gapListening: number;
	/** Before each frame, and sent to its end also in a collision. */
	readonly preamble: number;
	/** Sent after a collision, so that everybody notices. */
	readonly jam: number;
	/** Of a frame with its check sequence, without preamble: shorter ones are padded. */
	readonly leastFrame: number;
	/** Collisions of a frame after which it is dropped. */
	readonly attempts: number;
	/** The wait is below 2ⁿ slots after n collisions, up to this n. */
	readonly mostDoublings: number;
}

/** 10BASE5, 10BASE2 and 10BASE-T. IEEE 802.3 §4.4.2 */
export const ethernet10: HalfDuplexTiming = {
	bitRate: 10_000_000,
	slot: 512,
	gap: 96,
	gapListening: 64,
	preamble: 64,
	jam: 32,
	leastFrame: 512,
	attempts: 16,
	mostDoublings: 10,
};

export type HalfDuplexEvent<Frame> =
	/** Only when it is not busy; `bits` are those of the frame with its check sequence. */
	| { readonly type: 'send'; readonly frame: Frame; readonly bits: number }
	/** The signal of others is there, or is gone. */
	| { readonly type: 'carrier'; readonly sensed: boolean };

export interface HalfDuplexSink<Frame> {
	/** Its signal is on the wire from now on. */
	onSignal(): void;
	/** Its signal has ended; with the frame if it was whole, else after a collision. */
	onSilence(sent: Frame | undefined): void;
	/** After `attempts` collisions. */
	onGivenUp(frame: Frame): void;
}

export class HalfDuplex<Frame> implements Machine<HalfDuplexEvent<Frame>, HalfDuplexSink<Frame>> {
	readonly #timing: HalfDuplexTiming;
	readonly #random: Random;
	#frame: Frame | undefined;
	/** Of the frame, with its preamble. */
	#bits = 0;
	#collisions = 0;
	#state: 'waiting' | 'sending' | 'jamming' = 'waiting';
	/** When the present signal of its own began. */
	#start = 0;
	/** When the present signal of its own ends. */
	#end = 0;
	#sensed = false;
	/** The wire is silent since then, for all that the gap listens to. */
	#silentSince = Number.NEGATIVE_INFINITY;
	/** The end of the wait after a collision. */
	#backedOff = Number.NEGATIVE_INFINITY;
	/** The gap was listened to and ends with a frame: signals are too late to matter. */
	#committed = false;

	constructor(timing: HalfDuplexTiming, random: Random) {
		this.#timing = timing;
		this.#random = random;
	}

	/** It has a frame, and takes no other. */
	get busy(): boolean {
		return this.#frame !== undefined;
	}

	get deadline(): number {
		if (this.#state !== 'waiting') return this.#end;
		if (this.#frame === undefined || (this.#sensed && !this.#committed)) return Number.POSITIVE_INFINITY;
		return Math.max(this.#gapEnd, this.#backedOff);
	}

	step(event: HalfDuplexEvent<Frame> | Wake, now: number, sink: HalfDuplexSink<Frame>): void {
		if (event.type === 'carrier') this.#sense(event.sensed, now);
		else if (event.type === 'send') {
			this.#frame = event.frame;
			this.#bits = this.#timing.preamble + Math.max(event.bits, this.#timing.leastFrame);
		}
		if (now < this.deadline) return;
		if (this.#state === 'waiting') this.#begin(now, sink);
		else if (this.#state === 'sending') this.#succeed(now, sink);
		else this.#retreat(now, sink);
	}

	#sense(sensed: boolean, now: number): void {
		this.#sensed = sensed;
		if (this.#state === 'sending' && sensed) this.#jam(now);
		if (this.#state !== 'waiting') return;
		const listened = now - this.#silentSince >= this.#timing.gapListening && now <= this.#gapEnd;
		this.#committed = sensed && listened && this.#frame !== undefined && this.#backedOff <= this.#gapEnd;
		if (!sensed) this.#silentSince = now;
	}

	#begin(now: number, sink: HalfDuplexSink<Frame>): void {
		this.#state = 'sending';
		this.#committed = false;
		this.#start = now;
		this.#end = now + this.#bits;
		if (this.#sensed) this.#jam(now);
		sink.onSignal();
	}

	#jam(now: number): void {
		this.#state = 'jamming';
		this.#end = Math.max(now, this.#start + this.#timing.preamble) + this.#timing.jam;
	}

	#succeed(now: number, sink: HalfDuplexSink<Frame>): void {
		const frame = this.#frame;
		this.#finish();
		this.#silentSince = now;
		sink.onSilence(frame);
	}

	#retreat(now: number, sink: HalfDuplexSink<Frame>): void {
		const { slot, attempts, mostDoublings } = this.#timing;
		const frame = this.#frame!;
		this.#state = 'waiting';
		this.#silentSince = now;
		this.#collisions += 1;
		sink.onSilence(undefined);
		if (this.#collisions < attempts) {
			this.#backedOff = now + slot * this.#random.below(2 ** Math.min(this.#collisions, mostDoublings));
		} else {
			this.#finish();
			sink.onGivenUp(frame);
		}
	}

	#finish(): void {
		this.#state = 'waiting';
		this.#frame = undefined;
		this.#collisions = 0;
	}

	get #gapEnd(): number {
		return this.#silentSince + this.#timing.gap;
	}
}
