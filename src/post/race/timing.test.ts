import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PostSocketsError } from '../../base/errors.ts';
import { defaultLimits, defaultTiming, type RacingMode, raceLimits, raceTiming, racingMode } from './timing.ts';

function refusal(run: () => unknown): string {
	try {
		run();
	} catch (error) {
		assert.ok(error instanceof PostSocketsError && error.code === 'bad-argument');
		return error.message;
	}
	return 'none';
}

test('H-05 H-31 I-4.3.2-03 the defaults are those of the draft, and paths have the longest delay', () => {
	assert.deepEqual(raceTiming(), defaultTiming);
	assert.equal(defaultTiming.resolutionDelay, 50);
	assert.equal(defaultTiming.attemptDelay, 250);
	assert.ok(defaultTiming.pathDelay > defaultTiming.attemptDelay);
	assert.ok(defaultTiming.pathDelay > defaultTiming.protocolDelay);
	assert.deepEqual(raceLimits(), defaultLimits);
});

test('H-32 I-4.3.2-04 every delay has a least and a most, and the refusal names them', () => {
	assert.equal(
		refusal(() => raceTiming({ attemptDelay: 9 })),
		'timing.attemptDelay is 9; it is from 10 to 2000 milliseconds',
	);
	for (const name of ['attemptDelay', 'protocolDelay', 'pathDelay'] as const) {
		assert.equal(raceTiming({ [name]: 10 })[name], 10);
		assert.equal(raceTiming({ [name]: 2_000 })[name], 2_000);
		for (const wrong of [9.9, 5_001, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
			assert.match(
				refusal(() => raceTiming({ [name]: wrong })),
				new RegExp(`^timing.${name} is `),
			);
		}
	}
	assert.equal(raceTiming({ resolutionDelay: 0 }).resolutionDelay, 0);
});

test('what is undefined has its default', () => {
	assert.deepEqual(raceTiming({ attemptDelay: undefined, pathDelay: 700 }), { ...defaultTiming, pathDelay: 700 });
	assert.deepEqual(raceLimits({ concurrent: undefined, attempts: 2 }), { ...defaultLimits, attempts: 2 });
});

test('a limit below one is refused', () => {
	for (const wrong of [0, -1, Number.NaN]) {
		assert.equal(
			refusal(() => raceLimits({ concurrent: wrong })),
			`limits.concurrent is ${wrong}; it is a number from 1`,
		);
	}
	assert.equal(raceLimits({ attempts: Number.POSITIVE_INFINITY }).attempts, Number.POSITIVE_INFINITY);
});

test('of what else a carrier limits, nothing is taken', () => {
	const limits = { maxQueuedBytes: 1, concurrent: 3 };
	assert.deepEqual(raceLimits(limits), { ...defaultLimits, concurrent: 3 });
});

test('I-4.3-01 racing is staggered unless something else is asked for', () => {
	assert.equal(racingMode(), 'staggered');
	assert.equal(racingMode('failover'), 'failover');
	assert.equal(
		refusal(() => racingMode('fastest' as RacingMode)),
		'racing is "fastest"; it is one of staggered, simultaneous, failover',
	);
});
