/** What is sent over the link, and what the receiver notes of it. */

import { seededRandom } from '../../../src/base/random.ts';
import { type Job, jobsOf } from '../../../src/post/queue/ontime-harness.ts';
import type { Sender } from './subjects.ts';

/** Bytes per ms: 10 Mbit/s. */
export const linkRate = 1_250;

/** Bytes of a message of bulk, which once begun is finished: there is no chunk that is larger. */
export const bulkBytes = 16_384;
const urgentBytes = 1_024;
/** Of the link's rate. */
const urgentPart = 0.1;

/** A deadline as JSON has it too. */
const never = Number.MAX_VALUE;

export const loadNames = ['urgent-p99', 'ontime'] as const;

export type LoadName = (typeof loadNames)[number];

/** One message, as it arrived. */
export interface Arrival {
	readonly urgent: boolean;
	readonly bytes: number;
	/** Milliseconds of the machine's monotonic clock, which all processes share. */
	readonly sentAt: number;
	readonly at: number;
	/** When it should have arrived; the largest number if nobody cares. */
	readonly due: number;
}

export function now(): number {
	return Number(process.hrtime.bigint()) / 1e6;
}

export function arrivalOf(message: Uint8Array): Arrival {
	const view = new DataView(message.buffer, message.byteOffset, message.length);
	return {
		urgent: view.getUint8(16) === 1,
		bytes: message.length,
		sentAt: view.getFloat64(0),
		due: view.getFloat64(8),
		at: now(),
	};
}

/** Sends for so many milliseconds; resolves with when it began. */
export async function send(name: LoadName, sender: Sender, milliseconds: number): Promise<number> {
	return name === 'ontime' ? sendOnTime(sender, milliseconds) : sendUrgent(sender, milliseconds);
}

/** A backlog of bulk that the link takes that long for, and all the while urgent messages. */
async function sendUrgent(sender: Sender, milliseconds: number): Promise<number> {
	const start = now();
	let over = false;
	const bulk = async () => {
		for (let left = milliseconds * linkRate; left > 0 && !over; left -= bulkBytes) {
			const welcome = sender.send(messageOf(bulkBytes, never, false), { urgent: false });
			if (!welcome && !sender.ranks) await sender.drained();
		}
	};
	const filled = bulk();
	const gap = urgentBytes / (linkRate * urgentPart);
	await every(
		start,
		milliseconds,
		(elapsed) => elapsed + gap,
		() => {
			sender.send(messageOf(urgentBytes, never, true), { urgent: true });
		},
	);
	over = true;
	await filled;
	return start;
}

/** What both the sender and the one that knows everything beforehand are given: twice what the link can do. */
export function offered(milliseconds: number): Job[] {
	const load = { load: 2 * linkRate, duration: milliseconds, lengths: [1_000, 8_000], lifetimes: [100, 500] } as const;
	return jobsOf(seededRandom(1), load);
}

/** Whoever has no lifetimes leaves out what comes while no more is welcome. */
async function sendOnTime(sender: Sender, milliseconds: number): Promise<number> {
	const jobs = offered(milliseconds);
	const start = now();
	let next = 0;
	let blocked = false;
	const open = () => void (blocked = false);
	await every(
		start,
		milliseconds,
		() => jobs[next]?.at ?? Number.POSITIVE_INFINITY,
		() => {
			const { at, length, deadline } = jobs[next++]!;
			if (blocked) return;
			const welcome = sender.send(messageOf(length, start + deadline, false, start + at), {
				lifetime: start + deadline - now(),
			});
			if (welcome || sender.ranks) return;
			blocked = true;
			void sender.drained().then(open);
		},
	);
	return start;
}

/** Calls `act` at the times that `next` says, in ms from `start`, given the one before. */
async function every(
	start: number,
	milliseconds: number,
	next: (elapsed: number) => number,
	act: () => void,
): Promise<void> {
	for (let due = next(0); due < milliseconds; ) {
		while (due < milliseconds && start + due <= now()) {
			act();
			due = next(due);
		}
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
}

function messageOf(bytes: number, due: number, urgent: boolean, sentAt = now()): Uint8Array {
	const message = new Uint8Array(bytes);
	const view = new DataView(message.buffer);
	view.setFloat64(0, sentAt);
	view.setFloat64(8, due);
	view.setUint8(16, urgent ? 1 : 0);
	return message;
}
