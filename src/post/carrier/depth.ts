/**
 * How much lies below a carrier that cannot be overtaken any more: bytes in the flow, and where the system tells, those it
 * has taken and not sent. While messages have ranks or deadlines, this is kept shallow.
 *
 * The system is asked, not waited for: it takes megabytes at once and does not say when they have left. Asking costs at
 * most one part in twenty of the time.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import { backlogOf } from '../../stack/backlog.ts';
import type { Flow } from '../../stack/flow.ts';
import { DrainRate } from '../queue/drain-rate.ts';
import type { Estimate } from '../queue/send-queue.ts';
import { shallowBytes, shallowTime } from './limits.ts';

export interface DepthOptions {
	readonly clock: Clock;
	/** Milliseconds of a round trip, as far as known; 0 if not. */
	roundTrip(): number;
	/** There may be room, some time after there was none. */
	onRoom(): void;
}

/** Milliseconds until there may be room again: a quarter of the time that there was none, between these. */
const pause = { least: 2, most: 50 };

/** Part of the time that asking may take, and the milliseconds of it that may be saved up for when little is known. */
const patience = { part: 0.05, most: 50 };

export class Depth {
	readonly #options: DepthOptions;
	#rate = new DrainRate();
	#flow: Flow | undefined;
	/** Bytes in the flow, which has not handed them down. */
	#inFlow = 0;
	#shallow = false;
	/** The system tells what it holds. */
	#told = false;
	/** What is under way counts as held. */
	#underWay = false;
	#lookedAt = 0;
	/** Milliseconds that asking may take now. */
	#patience = patience.most;
	/** When there was room. */
	#roomAt = 0;
	#timer: Timer | undefined;

	constructor(options: DepthOptions) {
		this.#options = options;
	}

	attach(flow: Flow): void {
		this.#flow = flow;
		if (this.#shallow) this.keepShallow();
	}

	/** The flow is lost, with all that lies in it. */
	detach(): void {
		this.#flow = undefined;
		this.#told = false;
		this.#inFlow = 0;
		this.#rate = new DrainRate();
		this.#timer?.cancel();
		this.#timer = undefined;
	}

	/** From here on. */
	keepShallow(): void {
		this.#shallow = true;
		this.#told = true;
		this.#look();
	}

	/** Bytes were given to the flow, which welcomes more or does not. */
	started(bytes: number, welcome: boolean): void {
		this.#inFlow += bytes;
		const fills = this.#told ? this.#rate.below + bytes >= this.#most : this.#shallow;
		this.#rate.started(bytes, this.#options.clock.now(), welcome && !fills);
	}

	/** The flow has handed them down. */
	handed(bytes: number): void {
		this.#inFlow -= bytes;
		if (!this.#told) this.#rate.finished(bytes, this.#options.clock.now());
	}

	/** Bytes that it may be given now, of which the last message may exceed it; `Infinity` unless it is to be shallow. */
	get room(): number {
		if (!this.#shallow) return Number.POSITIVE_INFINITY;
		this.#look();
		const room = this.#most - this.#held;
		if (room > 0) this.#roomAt = this.#options.clock.now();
		else if (this.#told) this.#waitForRoom();
		return Math.max(0, room);
	}

	/** For a message started now. */
	get estimate(): Estimate {
		const { clock, roundTrip } = this.#options;
		return this.#rate.estimate(clock.now(), roundTrip());
	}

	/** Nothing waits to be given to it. */
	eased(): void {
		if (this.#told) this.#rate.eased();
	}

	/** As far as is known: since it was asked, the system has sent as fast as before, unless it lets the flow wait. */
	get #held(): number {
		const { below } = this.#rate;
		if (!this.#told || this.#inFlow > 0) return below;
		const now = this.#options.clock.now();
		const sent = ((now - this.#lookedAt) / shallowTime) * (this.#rate.within(shallowTime, now) ?? 0);
		return Math.max(0, below - sent);
	}

	get #most(): number {
		const { clock, roundTrip } = this.#options;
		if (!this.#told) return shallowBytes.unknown;
		// Half as much again as is under way, so that it can become more.
		const time = this.#underWay ? Math.max(shallowTime, 1.5 * roundTrip()) : shallowTime;
		const bytes = this.#rate.within(time, clock.now()) ?? shallowBytes.unknown;
		return Math.min(Math.max(bytes, shallowBytes.least), shallowBytes.most);
	}

	/** Asks the system, unless it was asked just now, or it may be that the flow has handed down what it did not say yet. */
	#look(): void {
		if (!this.#flow || !this.#told || this.#inFlow > 0) return;
		const { clock } = this.#options;
		const now = clock.now();
		const left = Math.min(patience.most, this.#patience + (now - this.#lookedAt) * patience.part);
		if (left <= 0) return;
		const backlog = backlogOf(this.#flow);
		const then = clock.now();
		this.#patience = left - (then - now);
		this.#lookedAt = then;
		this.#told = backlog !== undefined;
		this.#underWay = backlog?.underWay === true;
		const { bytes } = backlog ?? { bytes: 0 };
		const more = bytes - this.#rate.below;
		if (more > 0) this.#rate.started(more, then, true);
		else if (bytes === 0) this.#rate.emptied(then);
		else if (more < 0) this.#rate.finished(-more, then);
	}

	#waitForRoom(): void {
		if (this.#timer) return;
		const { clock, onRoom } = this.#options;
		const wait = Math.min(Math.max(pause.least, (clock.now() - this.#roomAt) / 4), pause.most);
		this.#timer = clock.after(wait, () => {
			this.#timer = undefined;
			onRoom();
		});
		this.#timer.unref?.();
	}
}
