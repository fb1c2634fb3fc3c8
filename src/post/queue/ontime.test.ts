/** What the queue is for: under too much load, bytes that are in time rather than bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../base/random.ts';
import { bestOnTime, jobsOf, type Link, sendOnTime } from './ontime-harness.ts';

const capacity = 1_000;
const duration = 8_000;
const seeds = [1, 2, 3, 4];

/** Changes at random every `period` ms, by up to `part` of the capacity either way. */
function uneven(part: number, period: number): Link['rate'] {
	const random = seededRandom(9);
	const changes = Array.from({ length: 1_000 }, () => random.below(2_001) / 1_000 - 1);
	return (now) => capacity * (1 + part * changes[Math.floor(now / period) % changes.length]!);
}

const links: Record<string, Link['rate']> = {
	'a steady link': () => capacity,
	'a link that is uneven by 30 % every 50 ms': uneven(0.3, 50),
	'a link that is uneven by 50 % every 200 ms': uneven(0.5, 200),
	'a link that speeds up and falls back, as under loss': (now) => capacity * (0.6 + 0.8 * ((now % 700) / 700)),
};

for (const [name, rate] of Object.entries(links)) {
	test(`at twice the capacity of ${name}, 85 % of it is in time, and 90 % of what anybody could do`, () => {
		for (const depth of [4_096, 65_536]) {
			for (const seed of seeds) {
				const link = { rate, roundTrip: 40, depth };
				const options = { load: 2 * capacity, duration, lengths: [1_000, 20_000], lifetimes: [50, 500] } as const;
				const jobs = jobsOf(seededRandom(seed), options);
				const onTime = sendOnTime(jobs, link);
				let drained = 0;
				for (let now = 0; now < duration; now += 1) drained += rate(now);
				const best = bestOnTime(jobs, link);
				assert.ok(onTime >= 0.9 * best, `seed ${seed}: ${onTime} of ${best} bytes`);
				assert.ok(onTime >= 0.85 * drained, `seed ${seed}: ${onTime} of ${drained} bytes`);
			}
		}
	});
}

test('below the capacity nothing is given up', () => {
	const options = { load: 0.5 * capacity, duration, lengths: [1_000, 5_000], lifetimes: [200, 500] } as const;
	const jobs = jobsOf(seededRandom(1), options);
	const onTime = sendOnTime(jobs, { rate: () => capacity, roundTrip: 40, depth: 65_536 });
	assert.equal(
		onTime,
		jobs.reduce((sum, { length }) => sum + length, 0),
	);
});
