import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
	type answer,
	type Course,
	dns,
	firstLost,
	label,
	literal,
	named,
	noRoute,
	ok,
	planOf,
	raceOf,
	refused,
	silent,
	simulate,
	unreachable,
} from './machine-harness.ts';

describe('the matrix of happy-eyeballs §3.1: addresses', () => {
	interface Row {
		readonly winner: string | undefined;
		readonly ideal: number;
		/** Attempts that reach the network. */
		readonly most: number;
	}
	const many = (labels: readonly string[], course: Course) =>
		Object.fromEntries(labels.map((label) => [label, course]));
	const v6 = ['6a', '6b', '6c', '6d', '6e'];
	const v4 = ['4a', '4b', '4c'];
	const rows: readonly (readonly [id: string, ids: string, courses: Readonly<Record<string, Course>>, Row])[] = [
		['S01', 'H-30', { '6a': ok(), '4a': ok() }, { winner: '6a', ideal: 20, most: 1 }],
		['S02', 'H-31', { '6a': silent, '4a': ok() }, { winner: '4a', ideal: 270, most: 2 }],
		['S03', 'H-31', { '4a': silent, '6a': ok() }, { winner: '6a', ideal: 270, most: 2 }],
		['S04', 'H-30 H-39', { '6a': ok(300), '4a': ok(300) }, { winner: '6a', ideal: 300, most: 2 }],
		['S05', 'H-30 H-39', { '6a': ok(300), '4a': silent }, { winner: '6a', ideal: 300, most: 2 }],
		['S06', 'H-30 H-39', { '6a': ok(600), '4a': ok(600) }, { winner: '6a', ideal: 600, most: 2 }],
		['S07', 'H-30 H-39', { '6a': ok(600), '4a': silent }, { winner: '6a', ideal: 600, most: 2 }],
		['S08', 'H-39', { '4a': ok(300), '6a': noRoute }, { winner: '4a', ideal: 300, most: 1 }],
		['S09', 'H-34', { '6a': refused(), '4a': ok() }, { winner: '4a', ideal: 40, most: 2 }],
		['S10', 'H-34', { '6a': unreachable(), '4a': ok() }, { winner: '4a', ideal: 40, most: 2 }],
		['S11', 'H-34 H-35', { '6a': noRoute, '4a': ok() }, { winner: '4a', ideal: 20, most: 1 }],
		['S12', 'H-24 H-31', { ...many(v6, silent), '4a': ok() }, { winner: '4a', ideal: 270, most: 2 }],
		['S13', 'H-24 H-31', { '6a': silent, '6b': ok(), '4a': silent, '4b': ok() }, { winner: '6b', ideal: 520, most: 3 }],
		['S14', 'H-31', { ...many(v4, silent), '4d': ok() }, { winner: '4d', ideal: 770, most: 4 }],
		['S15', 'H-30 H-39', { ...many(['6a', '6b', '6c', ...v4], ok(300)) }, { winner: '6a', ideal: 300, most: 2 }],
		['S16', 'H-30 H-39 H-40', { '6a': firstLost(), '4a': silent }, { winner: '6a', ideal: 1_020, most: 2 }],
		['S17', 'H-31', { '6a': firstLost(), '4a': ok() }, { winner: '4a', ideal: 270, most: 2 }],
		['S18', 'H-34 H-39', { '6a': refused(), '4a': ok(300), '6b': refused() }, { winner: '4a', ideal: 320, most: 3 }],
		['S19', 'H-30 H-39', many(v4, ok(300)), { winner: '4a', ideal: 300, most: 2 }],
		['S20', 'H-34', many(['6a', '4a', '6b', '4b'], refused()), { winner: undefined, ideal: 80, most: 4 }],
	];

	for (const [id, ids, courses, { winner, ideal, most }] of rows) {
		test(`${ids} ${id} ${winner ?? 'lost'} at ${ideal}`, () => {
			const race = raceOf(courses);
			const sent = race.attempts.filter(({ endpoint }) => courses[label(endpoint)] !== noRoute);
			assert.deepEqual([race.winner, race.at], [winner, ideal]);
			assert.ok(sent.length <= most, `${sent.length} attempts on the wire`);
		});
	}

	test('S26 cancelled at 100, nothing starts after', () => {
		const race = simulate(planOf({ sources: [literal(['6a', '4a'])] }), { abortAt: 100 });
		assert.deepEqual([race.result, race.at, race.starts], ['aborted', 100, ['0 6a']]);
	});

	test('H-31 S27 IPv6 wins while it is less than 250 ms late', () => {
		const delays = [0, 50, 100, 150, 200, 250, 300, 400, 500, 600, 750, 1_000, 2_000, 5_000, 10_000, 60_000];
		for (const delay of delays) {
			const race = raceOf({ '6a': ok(delay), '4a': ok(0) });
			assert.deepEqual([race.winner, race.at], [delay <= 250 ? '6a' : '4a', Math.min(delay, 250)]);
		}
	});
});

describe('the matrix of happy-eyeballs §3.2: names', () => {
	type Answers = Readonly<Record<string, readonly [number, Parameters<typeof answer>[1]]>>;
	const rows: readonly (readonly [id: string, ids: string, answers: Answers, winner: string, ideal: number])[] = [
		['D01', 'H-04', { AAAA: [10, ['6a']], A: [10, ['4a']] }, '6a', 30],
		['D02', 'H-04 H-05', { A: [10, ['4a']], AAAA: [40, ['6a']] }, '6a', 60],
		['D03', 'H-04 H-05', { A: [10, ['4a']], AAAA: [400, ['6a']] }, '4a', 80],
		['D04', 'H-04 H-05', { A: [10, ['4a']] }, '4a', 80],
		['D05', 'H-03 H-04', { AAAA: [10, ['6a']] }, '6a', 30],
		['D06', 'H-03 H-04', { AAAA: [10, ['6a']], A: [2_000, ['4a']] }, '6a', 30],
		['D07', 'H-06', { A: [10, ['4a']], AAAA: [10, 'failed'] }, '4a', 30],
		['D08', 'H-06', { A: [10, ['4a']], AAAA: [10, 'empty'] }, '4a', 30],
	];
	for (const [id, ids, answers, winner, ideal] of rows) {
		test(`${ids} ${id} ${winner} at ${ideal}`, () => {
			const race = simulate(planOf({ sources: [named('a.test')] }), { dns: dns(answers), course: () => ok(20) });
			assert.deepEqual([race.winner, race.at, race.attempts.length], [winner, ideal, 1]);
		});
	}

	test('H-18 D14 plain TCP asks for AAAA and A and for nothing else, and waits for nothing else', () => {
		const race = simulate(planOf({ sources: [named('a.test')] }), {
			dns: dns({ AAAA: [10, ['6a']], A: [10, ['4a']] }),
			course: () => ok(20),
		});
		assert.deepEqual([race.queries, race.at], [['0 AAAA a.test', '0 A a.test'], 30]);
	});

	test('H-06 D18 no such name: lost when both answers are there', () => {
		const race = simulate(planOf({ sources: [named('a.test')] }), {
			dns: dns({ AAAA: [10, 'not-found'], A: [12, 'not-found'] }),
		});
		assert.deepEqual([race.result, race.at], ['exhausted', 12]);
	});
});
