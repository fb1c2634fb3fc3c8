import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Random, seededRandom } from '../../../base/random.ts';
import { BurstDice, CorrelatedWords, Dice } from './chance.ts';
import { type Distribution, deviation, unit } from './distribution.ts';

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('a probability is met, and 0 and 1 are never and always', () => {
	const count = 100_000;
	for (const probability of [0, 0.001, 0.3, 1]) {
		const dice = new Dice(seededRandom(1), probability);
		let happened = 0;
		for (let index = 0; index < count; index += 1) if (dice.happens()) happened += 1;
		assert.ok(Math.abs(happened - count * probability) <= 4 * Math.sqrt(count * probability * (1 - probability)));
	}
});

test('what cannot happen takes nothing from the random sequence', () => {
	const used: Random = { ...seededRandom(1), uint32: () => assert.fail('asked') };
	assert.equal(new Dice(used, { probability: 0, correlation: 0.5 }).happens(), false);
});

test('correlated words are those of netem, to the last bit of 16', () => {
	fc.assert(
		fc.property(
			fc.array(word, { minLength: 2, maxLength: 20 }),
			fc.integer({ min: 1, max: 65_536 }),
			(words, weight) => {
				const left = [...words];
				const random: Random = { ...seededRandom(1), uint32: () => left.shift()! };
				const correlated = new CorrelatedWords(random, weight / 65_536);
				let last = BigInt(words[0]!);
				for (const next of words.slice(1)) {
					last = (BigInt(next) * BigInt(65_536 - weight) + last * BigInt(weight)) >> 16n;
					assert.equal(correlated.next(), Number(last));
				}
			},
		),
	);
});

test('losses of Gilbert and Elliott come in bursts of the length that the model has', () => {
	const dice = new BurstDice(seededRandom(3), { toBad: 0.01, toGood: 0.2 });
	const lost = Array.from({ length: 200_000 }, () => dice.happens());
	const losses = lost.filter((is) => is).length;
	const bursts = lost.filter((is, index) => is && !lost[index - 1]).length;
	assert.ok(Math.abs(losses / lost.length - 0.01 / 0.21) < 0.003, `${losses}`);
	assert.ok(Math.abs(losses / bursts - 1 / 0.2) < 0.25, `${losses / bursts}`);
	const weak = new BurstDice(seededRandom(3), { toBad: 1, toGood: 0, lossInGood: 1, lossInBad: 0 });
	assert.deepEqual([weak.happens(), weak.happens(), weak.happens()], [true, false, false]);
});

test('every distribution has mean 0 and the spread that it was asked for', () => {
	const random = seededRandom(5);
	const expected: [Distribution, number, number][] = [
		['uniform', unit / Math.sqrt(3), 0.01],
		['normal', unit, 0.01],
		// A tail so long makes its σ slow to show.
		['pareto', unit, 0.1],
	];
	for (const [distribution, sigma, tolerance] of expected) {
		const values = Array.from({ length: 400_000 }, () => deviation(distribution, random.uint32()));
		const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
		const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
		assert.ok(Math.abs(mean) < 0.01 * unit, `${distribution}: ${mean}`);
		assert.ok(Math.abs(Math.sqrt(square) / sigma - 1) < tolerance, `${distribution}: ${Math.sqrt(square)}`);
	}
});

test('the normal distribution has the quantiles of the bell', () => {
	const random = seededRandom(6);
	const values = Array.from({ length: 400_000 }, () => deviation('normal', random.uint32()) / unit).sort(
		(a, b) => a - b,
	);
	for (const [share, quantile] of [
		[0.5, 0],
		[0.8413, 1],
		[0.9772, 2],
		[0.99865, 3],
		[0.1587, -1],
	] as const) {
		const found = values[Math.floor(share * values.length)]!;
		assert.ok(Math.abs(found - quantile) < 0.05, `${share}: ${found}`);
	}
});

test('deviations are whole numbers, never fall with the rank of the word, and stay in their bounds', () => {
	fc.assert(
		fc.property(word, word, (a, b) => {
			const [low, high] = [Math.min(a, b), Math.max(a, b)];
			const uniform = [deviation('uniform', low), deviation('uniform', high)] as const;
			const pareto = [deviation('pareto', low), deviation('pareto', high)] as const;
			assert.ok(uniform[0] <= uniform[1] && pareto[0] >= pareto[1]);
			for (const value of [...uniform, ...pareto, deviation('normal', a)]) assert.ok(Number.isSafeInteger(value));
			assert.ok(Math.abs(uniform[0]) <= unit && Math.abs(deviation('normal', a)) < 6.2 * unit);
			assert.equal(deviation('normal', a & ~1), -deviation('normal', a | 1) + 0);
		}),
	);
	assert.deepEqual(
		[0, 2 ** 32 - 1].map((end) => deviation('pareto', end)),
		[15_110_484, -4902],
	);
	assert.deepEqual(
		[0, 1, 2 ** 32 - 1].map((end) => deviation('normal', end)),
		[50_420, -50_420, -0],
	);
});
