import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualClock } from '../../base/virtual-clock.ts';
import { Memory } from '../association/memory.ts';
import { Local } from '../endpoint/local.ts';
import type { Prefer, RaceCandidate } from './prefer.ts';
import { ground, listed, loss, nameOf, nothing, ok, refused, silent, text } from './race-harness.ts';

const byAddress: Prefer = (candidates) => candidates.toSorted((a, b) => (a.address < b.address ? -1 : 1));
const backwards: Prefer = (candidates) => candidates.toReversed();

describe('a rule of the user', () => {
	test('G-07 it ranks in place of all else, and is given all that is known of each', async () => {
		const { run } = ground({ '6a': silent, '4a': silent, '4b': ok() });
		const given: RaceCandidate[][] = [];
		const prefer: Prefer = (candidates) => {
			given.push([...candidates]);
			return backwards(candidates);
		};
		const { report } = await run(listed(['6a', '4a', '4b']), { prefer });
		assert.deepEqual(
			report.attempts.map(({ address, start }) => [address, start]),
			[[text('4b'), 0]],
		);
		assert.equal(given.length, 1, 'called once, as there was nothing new after that');
		assert.deepEqual(given[0]![0], {
			address: text('6a'),
			port: 80,
			family: 6,
			protocol: 'tcp',
			stack: 'memory',
			interface: undefined,
			interfaceType: undefined,
			roundTrip: undefined,
			won: false,
		});
	});

	test('it is called again when there is something new, with what was not tried', async () => {
		const names = { 'a.test': nameOf({ AAAA: [10, ['6a', '6b']], A: [40, ['4a', '4b']] }) };
		const { run } = ground({ '6b': refused(100), '6a': silent, '4b': silent, '4a': ok() }, { names });
		const given: string[][] = [];
		const prefer: Prefer = (candidates) => {
			given.push(candidates.map(({ address }) => address));
			return backwards(candidates);
		};
		const { report } = await run('tcp://a.test:80', { prefer });
		assert.deepEqual(given, [['6a', '6b'].map(text), ['4a', '6a', '4b'].map(text)]);
		assert.deepEqual(
			report.attempts.map(({ address, start }) => [address, start]),
			[
				[text('6b'), 10],
				[text('4b'), 110],
				[text('6a'), 360],
				[text('4a'), 610],
			],
		);
	});

	test('it ranks over all paths, which are asked for names at once', async () => {
		const clock = virtualClock();
		const names = { 'a.test': nameOf({ A: [10, ['4a']], AAAA: [10, 'empty'] }) };
		const { run, stack: dear } = ground({ '4a': ok() }, { names, name: 'dear' }, clock);
		const { stack: cheap } = ground({ '4a': ok(60) }, { names, name: 'cheap' }, clock);
		const locals = [new Local({ stack: dear }), new Local({ stack: cheap })];
		const prefer: Prefer = (candidates) => candidates.filter(({ stack }) => stack === 'cheap');
		const { report, stack } = await run('tcp://a.test:80', { locals, prefer });
		assert.equal(stack.name, 'cheap');
		assert.deepEqual(
			report.dns.map(({ stack, start }) => `${stack} ${start}`),
			['dear 0', 'dear 0', 'cheap 0', 'cheap 0'],
		);
	});

	test('G-07 with `failover` its order is strict', async () => {
		const { run } = ground({ '4a': ok(900), '4b': ok() });
		const { report } = await run(listed(['4b', '4a']), { prefer: byAddress, racing: 'failover' });
		assert.deepEqual([report.winner, report.attempts.length], [text('4a'), 1]);
	});

	test('what it leaves out comes last: a rule drops nothing', async () => {
		const { run } = ground({ '4a': refused(), '4b': refused(), '4c': ok() });
		const { report } = await run(listed(['4a', '4b', '4c']), {
			prefer: (candidates) => candidates.filter(({ address }) => address === text('4b')),
		});
		assert.deepEqual(
			report.attempts.map(({ address }) => address),
			['4b', '4a', '4c'].map(text),
		);
	});

	test('it is told what is remembered', async () => {
		const memory = new Memory();
		const { run } = ground({ '4a': ok(30), '4b': silent });
		memory.recordRace((await run(listed(['4a', '4b']))).report, 'home');
		let given: readonly RaceCandidate[] = [];
		const prefer: Prefer = (candidates) => (given = candidates);
		const target = String(listed(['4a', '4b']));
		await run(listed(['4b', '4a']), { prefer, racing: 'simultaneous', hints: memory.hints(target, 'home') });
		assert.deepEqual(
			given.map(({ address, roundTrip, won }) => [address, roundTrip, won]).toSorted(),
			[
				[text('4a'), 30, true],
				[text('4b'), 30, false],
			],
			'of 4b its prefix',
		);
	});

	const wrong: readonly (readonly [what: string, prefer: unknown, advice: RegExp])[] = [
		[
			'throws',
			() => {
				throw new RangeError('no price');
			},
			/no price/,
		],
		['returns nothing', () => undefined, /iterable/],
		['returns a promise', async (candidates: readonly RaceCandidate[]) => candidates, /iterable/],
		['returns what it was not given', ([first]: readonly RaceCandidate[]) => [{ ...first }], /not given/],
		['returns one twice', ([first]: readonly RaceCandidate[]) => [first, first], /twice/],
	];
	for (const [what, prefer, advice] of wrong) {
		test(`a rule that ${what} is told once, as a mistake`, async () => {
			const { run, stack } = ground({ '4a': ok() });
			const error = await loss(run(listed(['4a', '4b']), { prefer: prefer as Prefer }));
			assert.equal(error.code, 'bad-argument');
			assert.match(error.message, advice);
			assert.ok(error.cause instanceof Error);
			assert.deepEqual(stack.sockets, nothing);
		});
	}

	test('a rule that fails when attempts are under way ends them', async () => {
		const names = { 'a.test': nameOf({ AAAA: [10, ['6a']], A: [40, ['4a']] }) };
		const { run, stack } = ground({ '6a': silent }, { names });
		let calls = 0;
		const prefer: Prefer = (candidates) => {
			if ((calls += 1) > 1) throw new RangeError('no price');
			return candidates;
		};
		const error = await loss(run('tcp://a.test:80', { prefer }));
		assert.deepEqual([error.code, calls], ['bad-argument', 2]);
		assert.deepEqual(
			error.report.attempts.map(({ outcome, end }) => [outcome, end]),
			[['cancelled', 40]],
		);
		assert.deepEqual(stack.sockets, nothing);
	});

	test('what is no function is refused before anything is asked', async () => {
		const { run } = ground();
		await assert.rejects(run(listed(['4a']), { prefer: 'fast' as never }), { code: 'bad-argument' });
	});
});
