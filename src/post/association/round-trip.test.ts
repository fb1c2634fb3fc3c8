import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { minute } from './kinds.ts';
import { clampDelay, isSample, measured, type RoundTrip, timeout } from './round-trip.ts';

const sample = fc.double({ min: 0, max: 999, noNaN: true });

describe('round trips', () => {
	test('H-33 RFC 6298 §2.2, §2.3: the first sample, and those after it', () => {
		const first = measured(undefined, 100, 0);
		assert.deepEqual(first, { srtt: 100, rttvar: 50 });
		assert.equal(timeout(first), 300);
		const second = measured(first, 60, 0);
		assert.deepEqual(second, { srtt: 95, rttvar: 47.5 });
		assert.equal(timeout(second), 285);
	});

	test('I-9.2-02 the older the estimate, the more the sample counts, as if it were the first in the end', () => {
		const before = { srtt: 400, rttvar: 10 };
		const ages = [0, 1, 2, 5, 10].map((minutes) => measured(before, 40, minutes * minute).srtt);
		assert.deepEqual(
			[...ages].sort((a, b) => b - a),
			ages,
		);
		const old = measured(before, 40, 1e15);
		assert.ok(Math.abs(old.srtt - 40) < 0.01 && Math.abs(old.rttvar - 20) < 0.01);
	});

	test('an estimate lies within what was measured, and the variation is never negative', () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(sample, fc.nat(20 * minute)), { minLength: 1 }), (samples) => {
				let estimate: RoundTrip | undefined;
				for (const [milliseconds, age] of samples) estimate = measured(estimate, milliseconds, age);
				const all = samples.map(([milliseconds]) => milliseconds);
				assert.ok(estimate!.srtt >= Math.min(...all) - 1e-6 && estimate!.srtt <= Math.max(...all) + 1e-6);
				assert.ok(estimate!.rttvar >= 0);
				const delay = clampDelay(timeout(estimate!));
				assert.ok(delay >= 100 && delay <= 2_000);
			}),
		);
	});

	test('RFC 6298 §3 a time in which the packet may have been repeated is no sample', () => {
		assert.deepEqual([-1, 0, 999, 1_000, 1_001, Number.NaN].map(isSample), [false, true, true, false, false, false]);
	});
});
