import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DrainRate } from './drain-rate.ts';

/** Fills the layer below with one message after the other, each taking so many ms; returns when it is over. */
function fill(rate: DrainRate, { from = 0, count = 100, length = 1_000, each = 10 }): number {
	let now = from;
	for (let sent = 0; sent < count; sent += 1) {
		rate.started(length, now, false);
		now += each;
		rate.finished(length, now);
	}
	return now;
}

function isNear(actual: number, expected: number): void {
	assert.ok(Math.abs(actual - expected) < 1e-9 * expected, `${actual} is not ${expected}`);
}

test('nothing is known of a layer that was never full, or took everything at once', () => {
	const rate = new DrainRate();
	assert.deepEqual(rate.estimate(0, 30), { bytesPerMs: Number.POSITIVE_INFINITY, below: 0, delay: 15 });
	rate.started(100, 0, true);
	assert.deepEqual(rate.estimate(1), { bytesPerMs: Number.POSITIVE_INFINITY, below: 100, delay: 0 });
	rate.finished(100, 1);
	rate.started(100, 1, false);
	rate.finished(100, 1);
	assert.equal(rate.estimate(1).bytesPerMs, Number.POSITIVE_INFINITY);
	assert.equal(rate.below, 0);
});

test('the rate is bytes over the time in which the layer was full, whatever happened meanwhile', () => {
	const rate = new DrainRate();
	let now = 0;
	for (let burst = 0; burst < 5; burst += 1) {
		now = fill(rate, { from: now + 900, count: 10 });
		rate.started(1, now, true);
		rate.finished(1, now + 50);
	}
	isNear(rate.estimate(now).bytesPerMs, 100);
});

test('what lies below a full layer drains while nobody looks, and never below nothing', () => {
	const rate = new DrainRate();
	const now = fill(rate, {});
	rate.started(2_000, now, true);
	assert.equal(rate.estimate(now + 10).below, 2_000);
	rate.started(1_000, now + 10, false);
	assert.equal(rate.estimate(now + 10).below, 3_000);
	isNear(rate.estimate(now + 20).below, 2_000);
	assert.equal(rate.below, 3_000);
	assert.equal(rate.estimate(now + 1_000).below, 0);
});

test('a change of the rate is followed within a second', () => {
	for (const each of [2, 50]) {
		const rate = new DrainRate();
		const before = fill(rate, { count: 500 });
		const now = fill(rate, { from: before, count: 1_000 / each, each });
		const { bytesPerMs } = rate.estimate(now);
		const half = (100 + 1_000 / each) / 2;
		assert.ok(each < 10 ? bytesPerMs > half : bytesPerMs < half, `${bytesPerMs} of ${1_000 / each}`);
	}
});

test('a stall lowers the rate before it is over', () => {
	const rate = new DrainRate();
	const now = fill(rate, {});
	rate.started(1_000, now, false);
	const rates = [0, 9, 100, 1_000, 10_000].map((later) => rate.estimate(now + later).bytesPerMs);
	isNear(rates[0]!, 100);
	isNear(rates[1]!, 100);
	assert.ok(rates[2]! < 99 && rates[3]! < rates[2]! && rates[4]! < rates[3]! && rates[4]! < 1, String(rates));
});

test('a rate that nothing confirms for a second is forgotten, so that it is tried again', () => {
	const rate = new DrainRate();
	const now = fill(rate, { count: 1, length: 1, each: 10_000 });
	assert.equal(rate.estimate(now + 999).bytesPerMs, 1 / 10_000);
	assert.equal(rate.estimate(now + 1_000).bytesPerMs, Number.POSITIVE_INFINITY);
});

test('an estimate is always of use: no NaN, nothing negative, no rate of zero', () => {
	const step = fc.record({
		start: fc.boolean(),
		welcome: fc.boolean(),
		bytes: fc.nat(1_000),
		wait: fc.oneof(fc.constant(0), fc.nat(5_000)),
	});
	fc.assert(
		fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
			const rate = new DrainRate();
			const below: number[] = [];
			let now = 0;
			for (const { start, welcome, bytes, wait } of steps) {
				now += wait;
				if (start) rate.started(below[below.push(bytes) - 1]!, now, welcome);
				else if (below.length > 0) rate.finished(below.shift()!, now);
				const estimate = rate.estimate(now, 10);
				assert.ok(estimate.bytesPerMs > 0 && estimate.below >= 0 && estimate.delay === 5, JSON.stringify(estimate));
				assert.ok(estimate.below <= rate.below);
			}
		}),
	);
});

test('what was found empty takes as much and somewhat more, until it is measured; its rate is not known by that', () => {
	const rate = new DrainRate();
	rate.started(1_000, 0, false);
	rate.emptied(40);
	assert.equal(rate.below, 0);
	assert.equal(rate.within(20, 40), 625);
	assert.equal(rate.within(50, 40), 1_250);
	assert.equal(rate.estimate(40).bytesPerMs, Number.POSITIVE_INFINITY);
	rate.started(100, 50, false);
	rate.finished(100, 60);
	assert.equal(rate.within(20, 60), 100);
});

test('time in which there was nothing to give does not count', () => {
	const rate = new DrainRate();
	const now = fill(rate, {});
	rate.started(1_000, now, false);
	rate.eased();
	rate.finished(1_000, now + 500);
	isNear(rate.estimate(now + 500).bytesPerMs, 100);
});

test('within a time goes what that rate makes, but no more than was seen to go', () => {
	const rate = new DrainRate();
	assert.equal(rate.within(20, 0), undefined);
	rate.started(1_000, 0, false);
	rate.finished(1_000, 1);
	assert.equal(rate.within(20, 1), 1_000);
	const now = fill(rate, { from: 1 });
	assert.ok(Math.abs(rate.within(20, now)! - 2_000) < 100);
	assert.equal(rate.within(20, now + 1_000), undefined);
});
