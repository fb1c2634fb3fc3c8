/**
 * How fast the layer below takes what it is given, learned from when it says that it has: bytes handed down per
 * millisecond while it was full. What is old fades; there is no clock in it.
 *
 * A layer that is not full takes everything at once and answers a turn later, which says nothing of its rate.
 */

import type { Estimate } from './send-queue.ts';

/** What was measured so many ms ago counts half; by arithmetic that gives the same on every machine. */
const halfLife = 500;

/** After so many ms without a measurement nothing is known any more, so that a rate too low to send by is tried again. */
const memory = 1_000;

/** How much more a layer is taken for that was found empty. */
const growth = 1.25;

const nothing = { bytes: 0, milliseconds: 0, at: 0 };

export class DrainRate {
	/** Faded. */
	#bytes = 0;
	/** Faded. */
	#milliseconds = 0;
	#below = 0;
	#full = false;
	/** While it is full: since when, or since it last finished something. */
	#since = 0;
	#measuredAt = 0;
	/** What it was emptied of, since the last measurement. */
	#seen = nothing;

	/** Bytes given to the layer below, which has not handed them down. */
	get below(): number {
		return this.#below;
	}

	/** Bytes were given to the layer below; `welcome` is whether it would take more. */
	started(bytes: number, now: number, welcome: boolean): void {
		this.#below += bytes;
		if (welcome || this.#full) return;
		this.#full = true;
		this.#since = now;
	}

	/** The layer below has handed them down. */
	finished(bytes: number, now: number): void {
		this.#below -= bytes;
		if (!this.#full) return;
		const left = this.#left(now);
		this.#bytes = this.#bytes * left + bytes;
		this.#milliseconds = this.#milliseconds * left + (now - this.#since);
		this.#since = this.#measuredAt = now;
		this.#seen = nothing;
		this.#full = this.#below > 0;
	}

	/** It was found empty, who knows since when: it takes as much and more, but how fast it is nobody has seen. */
	emptied(now: number): void {
		const milliseconds = now - this.#since;
		if (this.#full && this.#below > 0) this.#seen = { bytes: this.#below * growth, milliseconds, at: now };
		this.#below = 0;
		this.#full = false;
	}

	/** There is nothing more to give it: how fast it drains from here on says nothing. */
	eased(): void {
		this.#full = false;
	}

	/** Bytes that it hands down in so many ms, as far as it was seen to; undefined if nobody knows. */
	within(milliseconds: number, now: number): number | undefined {
		const part = (whole: number) => Math.min(1, milliseconds / whole);
		const { bytes, milliseconds: time, at } = this.#seen;
		const seen = now - at < memory ? bytes * part(time) : 0;
		const known = this.#milliseconds > 0 && (this.#full || now - this.#measuredAt < memory);
		return Math.max(seen, known ? this.#bytes * part(this.#milliseconds) : 0) || undefined;
	}

	/** For a message started now, over a path with that round trip in ms. */
	estimate(now: number, roundTrip = 0): Estimate {
		const bytesPerMs = this.#rate(now);
		const elapsed = this.#full ? now - this.#since : 0;
		const below = elapsed > 0 ? Math.max(0, this.#below - elapsed * bytesPerMs) : this.#below;
		return { bytesPerMs, below, delay: roundTrip / 2 };
	}

	/** As measured; but if all that lies below were gone right now, the rate would still be no higher than that. */
	#rate(now: number): number {
		if (!this.#full) return now - this.#measuredAt < memory ? ratio(this.#bytes, this.#milliseconds) : unknown;
		const left = this.#left(now);
		const most = ratio(this.#bytes * left + this.#below, this.#milliseconds * left + now - this.#since);
		return Math.min(most, ratio(this.#bytes, this.#milliseconds));
	}

	/** Of what was measured. */
	#left(now: number): number {
		return halfLife / (halfLife + now - this.#measuredAt);
	}
}

const unknown = Number.POSITIVE_INFINITY;

function ratio(bytes: number, milliseconds: number): number {
	return bytes > 0 && milliseconds > 0 ? bytes / milliseconds : unknown;
}
