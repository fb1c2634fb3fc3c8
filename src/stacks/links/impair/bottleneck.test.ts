import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Shelf } from '../shelf.ts';
import { Bottleneck } from './bottleneck.ts';
import { Flight } from './flight.ts';

const shelf = new Shelf();
const frame = (length: number, due: number) => shelf.put(new Uint8Array(length), undefined, due);

/** Sends frames of given lengths at given times, and returns when each left. */
function departures(bottleneck: Bottleneck, sends: readonly { at: number; length: number }[]): number[] {
	const left: number[] = [];
	const until = (now: number) => {
		for (let kept = bottleneck.shift(now); kept; kept = bottleneck.shift(now)) left.push(kept.due);
	};
	for (const { at, length } of sends) {
		until(at);
		if (bottleneck.hasRoom(length)) bottleneck.push(frame(length, at));
	}
	until(Number.POSITIVE_INFINITY);
	return left;
}

const sends = fc
	.array(fc.record({ after: fc.nat(3_000_000), length: fc.integer({ min: 1, max: 2000 }) }), {
		minLength: 1,
		maxLength: 50,
	})
	.map((list) => {
		let at = 0;
		return list.map(({ after, length }) => ({ at: (at += after), length }));
	});

test('a plain wire: each frame leaves with its last bit, and the rate is exact for ever', () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 10 ** 11 }),
			fc.integer({ min: 1, max: 2000 }),
			fc.integer({ min: 1, max: 300 }),
			(bitsPerSecond, length, count) => {
				const bottleneck = new Bottleneck();
				bottleneck.change({ bitsPerSecond, queueBytes: Number.POSITIVE_INFINITY }, 0);
				const left = departures(
					bottleneck,
					Array.from({ length: count }, () => ({ at: 0, length })),
				);
				for (const [index, at] of left.entries()) {
					const exact =
						(BigInt(index + 1) * BigInt(length) * 8_000_000_000n + BigInt(bitsPerSecond) - 1n) / BigInt(bitsPerSecond);
					if (exact < 2n ** 53n) assert.equal(BigInt(at), exact);
				}
			},
		),
	);
});

test('a token bucket lets through what it has: never more, and under load never a frame less', () => {
	fc.assert(
		fc.property(sends, fc.nat(5000), fc.integer({ min: 1_000_000, max: 100_000_000 }), (list, burst, bitsPerSecond) => {
			const bottleneck = new Bottleneck();
			bottleneck.change({ bitsPerSecond, burst, queueFrames: 1000 }, 0);
			const left = departures(bottleneck, list);
			assert.equal(left.length, list.length);
			const perNanosecond = bitsPerSecond / 8e9;
			for (let first = 0; first < left.length; first += 1) {
				let bytes = 0;
				for (let last = first; last < left.length; last += 1) {
					bytes += list[last]!.length;
					const allowed = Math.max(burst, list[first]!.length) + (left[last]! - left[first]!) * perNanosecond;
					assert.ok(bytes <= allowed + 1, `${bytes} bytes where ${allowed} may leave`);
				}
			}
			// The tokens as a bucket would count them: a frame leaves as soon as there are enough.
			let tokens = burst;
			let before = 0;
			for (const [index, { at, length }] of list.entries()) {
				const start = Math.max(at, before);
				tokens = Math.min(Math.max(burst, 0), tokens + (start - before) * perNanosecond);
				const leaves = start + Math.max(0, length - tokens) / perNanosecond;
				tokens += (leaves - start) * perNanosecond - length;
				before = leaves;
				assert.ok(Math.abs(left[index]! - leaves) <= 2 + 1e-6 * leaves, `${left[index]} rather than ${leaves}`);
			}
		}),
	);
});

test('the queue is bounded in frames and in bytes, besides the frame under transmission', () => {
	const bottleneck = new Bottleneck();
	const send = (count: number, length: number) =>
		departures(
			bottleneck,
			Array.from({ length: count }, () => ({ at: 0, length })),
		).length;
	bottleneck.change({ bitsPerSecond: 1000, queueFrames: 3 }, 0);
	assert.equal(send(10, 100), 4);
	bottleneck.change({ bitsPerSecond: 1000, queueBytes: 250 }, 0);
	assert.equal(send(10, 100), 3);
	bottleneck.change({ bitsPerSecond: 1000, queueBytes: 0, queueFrames: 0 }, 0);
	assert.equal(send(10, 100), 1);
	bottleneck.change({ bitsPerSecond: 1000, queueBytes: 200 }, 0);
	for (let index = 0; index < 3; index += 1) bottleneck.push(frame(100, 0));
	assert.equal(bottleneck.hasRoom(100), false);
	assert.equal(bottleneck.clear().length, 3);
	assert.equal(send(10, 100), 3);
});

test('overhead costs time', () => {
	const bottleneck = new Bottleneck();
	bottleneck.change({ bitsPerSecond: 8_000_000, overhead: 24 }, 0);
	assert.deepEqual(
		departures(bottleneck, [
			{ at: 0, length: 76 },
			{ at: 0, length: 76 },
		]),
		[100_000, 200_000],
	);
});

test('what is in flight lands by arrival, and in order where arrivals are the same', () => {
	fc.assert(
		fc.property(fc.array(fc.nat(20), { maxLength: 100 }), (arrivals) => {
			const flight = new Flight();
			const all = arrivals.map((due, index) => ({ due, index, kept: frame(1, due) }));
			for (const { kept } of all) flight.push(kept);
			const sorted = all.toSorted((a, b) => a.due - b.due || a.index - b.index);
			assert.equal(flight.next, sorted[0]?.due ?? Number.POSITIVE_INFINITY);
			assert.equal(flight.shift(-1), undefined);
			for (const { kept } of sorted) assert.equal(flight.shift(20), kept);
			assert.deepEqual([flight.shift(20), flight.length], [undefined, 0]);
		}),
	);
});
