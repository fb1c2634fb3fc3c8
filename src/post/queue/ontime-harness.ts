/** For tests: a link in virtual time, what the queue gets through it in time, and what anybody could. */

import type { Random } from '../../base/random.ts';
import { DrainRate } from './drain-rate.ts';
import { Entry } from './entry.ts';
import { SendQueue } from './send-queue.ts';

export interface Job {
	readonly at: number;
	readonly length: number;
	readonly deadline: number;
}

export interface Link {
	/** Bytes per ms at that moment. */
	readonly rate: (now: number) => number;
	readonly roundTrip: number;
	/** Bytes that it takes ahead of what it has sent. */
	readonly depth: number;
}

export interface Load {
	/** Bytes per ms, on the average. */
	readonly load: number;
	readonly duration: number;
	/** Both are spread evenly from the one to the other. */
	readonly lengths: readonly [number, number];
	readonly lifetimes: readonly [number, number];
}

/** Jobs that come at random. */
export function jobsOf(random: Random, { load, duration, lengths, lifetimes }: Load): Job[] {
	const even = ([least, most]: readonly [number, number]) => least + random.below(most - least + 1);
	const gap = (lengths[0] + lengths[1]) / 2 / load;
	const jobs: Job[] = [];
	for (let at = 0; at < duration; at += (random.below(2_000) / 1_000) * gap) {
		jobs.push({ at, length: even(lengths), deadline: at + even(lifetimes) });
	}
	return jobs;
}

/** In ms: everything happens at multiples of it. */
const tick = 0.25;

/** Bytes that were with the peer in time, by the estimate that the queue's owner would have. */
export function sendOnTime(jobs: readonly Job[], link: Link): number {
	const queue = new SendQueue<Entry>(() => {});
	const drain = new DrainRate();
	const below: { readonly entry: Entry; left: number }[] = [];
	let [onTime, arrived] = [0, 0];
	for (let now = 0; arrived < jobs.length || queue.messages > 0; now += tick) {
		for (let room = link.rate(now) * tick; room > 0 && below.length > 0; ) {
			const first = below[0]!;
			const part = Math.min(room, first.left);
			room -= part;
			if ((first.left -= part) > 0) continue;
			below.shift();
			const { length, deadline } = first.entry;
			drain.finished(length, now);
			queue.sent(first.entry);
			if (now + link.roundTrip / 2 <= deadline) onTime += length;
		}
		for (; arrived < jobs.length && jobs[arrived]!.at <= now; arrived += 1) {
			queue.add(new Entry(jobs[arrived]!.length, { deadline: jobs[arrived]!.deadline, ordered: false }));
		}
		while (drain.below < link.depth) {
			const entry = queue.next(now, drain.estimate(now, link.roundTrip));
			if (!entry) break;
			drain.started(entry.length, now, drain.below + entry.length < link.depth);
			below.push({ entry, left: entry.length });
		}
	}
	return onTime;
}

/**
 * Bytes that nobody can get there in time more of, even who knows all jobs beforehand: every byte is a job of its own, the
 * one that is due first goes first, and what is late is left out.
 */
export function bestOnTime(jobs: readonly Job[], link: Link): number {
	const waiting: { due: number; left: number }[] = [];
	let [onTime, arrived] = [0, 0];
	for (let now = 0; arrived < jobs.length || waiting.length > 0; now += tick) {
		for (; arrived < jobs.length && jobs[arrived]!.at <= now; arrived += 1) {
			const { length, deadline } = jobs[arrived]!;
			waiting.push({ due: deadline - link.roundTrip / 2, left: length });
		}
		waiting.sort((one, other) => one.due - other.due);
		while (waiting.length > 0 && waiting[0]!.due < now) waiting.shift();
		for (let room = link.rate(now) * tick; room > 0 && waiting.length > 0; ) {
			const part = Math.min(room, waiting[0]!.left);
			room -= part;
			onTime += part;
			if ((waiting[0]!.left -= part) === 0) waiting.shift();
		}
	}
	return onTime;
}
