import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Random, seededRandom, systemRandom } from './random.ts';

test('a seed gives the same numbers on every platform', () => {
	const random = seededRandom(1);
	const numbers = Array.from({ length: 4 }, () => random.uint32());
	assert.deepEqual(numbers, [1_580_013_426, 350_525_680, 3_524_174_333, 3_011_703_609]);
	assert.deepEqual(
		[...seededRandom(1).fill(new Uint8Array(4))],
		numbers.map((number) => number >>> 24),
	);
	const other = seededRandom(2);
	assert.notEqual(other.uint32(), numbers[0]);
});

test('below is within its limit, whatever the limit', () => {
	fc.assert(
		fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
			const value = seededRandom(seed).below(limit);
			return Number.isInteger(value) && value >= 0 && value < limit;
		}),
	);
});

for (const [name, make] of [
	['seeded', () => seededRandom(5)],
	['system', () => systemRandom],
] as [string, () => Random][]) {
	test(`${name}: numbers are spread evenly`, () => {
		const random = make();
		const counts = new Array<number>(6).fill(0);
		for (let index = 0; index < 60_000; index += 1) counts[random.below(6)]! += 1;
		// Ten standard deviations: 91 each.
		for (const count of counts) assert.ok(Math.abs(count - 10_000) < 920, counts.join(' '));
	});

	test(`${name}: fill fills everything, a view only where it is`, () => {
		const random = make();
		const whole = new Uint8Array(200_000);
		const view = whole.subarray(1000, 199_000);
		assert.equal(random.fill(view), view);
		assert.ok(whole.subarray(0, 1000).every((byte) => byte === 0));
		assert.ok(whole.subarray(199_000).every((byte) => byte === 0));
		assert.equal(new Set(view.subarray(-10_000)).size, 256);
		assert.equal(random.fill(new Uint8Array(0)).length, 0);
	});
}
