/**
 * Which messages the peer's system has acknowledged (P-42): as far as the transport below tells, by one look at its
 * figures per interval for all that wait. It says nothing of the peer's application.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import type { FlowMetrics } from '../../stack/metrics.ts';

export interface AckWaiter {
	acknowledged(): void;
	/** The connection was lost first, or nobody tells. */
	unknown(error: PostSocketsError | undefined): void;
}

interface Mark {
	/** Acknowledged bytes that there must be. */
	readonly position: number;
	readonly waiters: readonly AckWaiter[];
}

/** Milliseconds between two looks: a round trip, within these. */
const soonest = 5;
const latest = 100;

export class Acks {
	readonly #clock: Clock;
	readonly #read: () => FlowMetrics | undefined;
	/** Handed down in this turn. */
	#fresh: AckWaiter[] = [];
	/** In the order of their positions. */
	#marks: Mark[] = [];
	#timer: Timer | undefined;

	constructor(clock: Clock, read: () => FlowMetrics | undefined) {
		this.#clock = clock;
		this.#read = read;
	}

	/** Whether anybody tells. */
	get available(): boolean {
		return positionsOf(this.#read()) !== undefined;
	}

	/** Everything the waiter is about was handed down. */
	add(waiter: AckWaiter): void {
		this.#fresh.push(waiter);
		if (this.#fresh.length === 1) this.#clock.soon(() => this.#mark());
	}

	/** The connection is gone. */
	fail(error: PostSocketsError): void {
		this.#timer?.cancel();
		this.#timer = undefined;
		const waiters = [...this.#marks.flatMap(({ waiters }) => waiters), ...this.#fresh];
		this.#marks = [];
		this.#fresh = [];
		for (const waiter of waiters) waiter.unknown(error);
	}

	#mark(): void {
		const waiters = this.#fresh;
		this.#fresh = [];
		if (waiters.length === 0) return;
		const found = positionsOf(this.#read());
		if (!found) {
			for (const waiter of waiters) waiter.unknown(undefined);
			return;
		}
		this.#marks.push({ position: found.taken, waiters });
		this.#look(found);
	}

	#look(found = positionsOf(this.#read())): void {
		this.#timer?.cancel();
		this.#timer = undefined;
		const acknowledged = found?.acknowledged ?? 0;
		while (this.#marks.length > 0 && this.#marks[0]!.position <= acknowledged) {
			for (const waiter of this.#marks.shift()!.waiters) waiter.acknowledged();
		}
		if (this.#marks.length === 0) return;
		const pause = Math.min(latest, Math.max(soonest, found?.roundTrip ?? latest));
		this.#timer = this.#clock.after(pause, () => this.#look());
		this.#timer.unref?.();
	}
}

interface Positions {
	readonly acknowledged: number;
	/** By the system below, in all. */
	readonly taken: number;
	readonly roundTrip: number | undefined;
}

function positionsOf(metrics: FlowMetrics | undefined): Positions | undefined {
	const { bytesAcked, unacknowledged, notSent, roundTrip } = metrics ?? {};
	if (bytesAcked === undefined || unacknowledged === undefined || notSent === undefined) return undefined;
	return { acknowledged: bytesAcked, taken: bytesAcked + unacknowledged + notSent, roundTrip };
}
