/** What the conformance run takes for a proof: of made-up events, and of real tests in test/checklist/fixture.ts. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { judge, type State } from '../scripts/conformance-judge.ts';
import { asJson, asText, problems } from '../scripts/conformance-report.ts';
import { asserted, fullName, leadingIds, mentionedIds, type RunnerEvent, Trial } from '../scripts/conformance-trial.ts';

const root = join(import.meta.dirname, '..');
type Data = RunnerEvent['data'];
type Ending = Data & { readonly fails?: boolean; readonly silent?: boolean };

describe('of made-up events', () => {
	test('a test that ran, asserted and passed proves its row', () => {
		assert.deepEqual(states(one('H-01 x')), { 'H-01': 'pass', 'H-02': 'not-yet' });
	});

	test('one that failed fails it, whatever else passes', () => {
		assert.equal(states([...one('H-01 x'), ...one('H-01 y', { fails: true }), ...one('H-01 z')])['H-01'], 'fail');
	});

	test('skipped, to do, expected to fail, or without an assertion, it proves nothing, and fails nothing', () => {
		for (const ending of [
			{ skip: true },
			{ skip: '' },
			{ skip: 'why' },
			{ todo: true },
			{ todo: 'later', fails: true },
			{ expectFailure: true },
			{ silent: true },
		]) {
			assert.equal(states(one('H-01 x', ending))['H-01'], 'not-yet', JSON.stringify(ending));
		}
	});

	test('one that never ended failed', () => {
		assert.equal(states(one('H-01 x').slice(0, 1))['H-01'], 'fail');
	});

	test('suites and tests hand their ids on, and prove nothing themselves', () => {
		const suite = { details: { type: 'suite' } };
		assert.equal(states(one('H-01 suite', suite, one('x', {}, [], 1)))['H-01'], 'pass');
		assert.equal(states(one('H-01 suite', suite, one('x', { silent: true }, [], 1)))['H-01'], 'not-yet');
		assert.equal(states(one('H-01 suite', { ...suite, fails: true }, one('x', {}, [], 1)))['H-01'], 'fail');
		assert.equal(states(one('H-01 suite', { ...suite, skip: 'no' }))['H-01'], 'not-yet');
		const deep = one('H-01 test', { silent: true }, one('a', { silent: true }, one('H-02 b', {}, [], 2), 1));
		assert.deepEqual(states(deep), { 'H-01': 'pass', 'H-02': 'pass' });
		const todo = one('H-01 suite', { ...suite, todo: true }, one('x', {}, [], 1));
		assert.equal(states(todo)['H-01'], 'not-yet');
	});

	test('what follows a suite is not in it', () => {
		const after = [...one('H-01 s', { silent: true }, one('x', { silent: true }, [], 1)), ...one('y')];
		assert.equal(states(after)['H-01'], 'not-yet');
	});

	test('a test that a helper declares is in the suite, and of the file, that called the helper', () => {
		const helper = { file: 'helper.ts', entryFile: 'a.ts' };
		const trial = heard(one('H-01 suite', { details: { type: 'suite' } }, one('x', helper, [], 1)));
		assert.equal(judge(['H-01'], trial).verdicts[0]!.state, 'pass');
		assert.deepEqual([trial.tried[1]!.file, fullName(trial.tried[1]!)], ['a.ts', 'H-01 suite > x']);
	});

	test('of several ids each is proved; a failure names the test that failed, not those around it', () => {
		assert.deepEqual(states(one('H-01 S20 H-02 x')), { 'H-01': 'pass', 'H-02': 'pass' });
		const inside = one('H-02 in', { fails: true, details: { error: { failureType: 'testCodeFailure' } } }, [], 1);
		const around = { fails: true, details: { error: { failureType: 'subtestsFailed' } } };
		const [verdict] = judge(['H-01'], heard(one('H-01 out', around, inside))).verdicts;
		assert.deepEqual(verdict!.tests.map(fullName), ['H-01 out > H-02 in']);
	});

	test('an id of no row is reported, wherever in a name; a failure of no row is noted', () => {
		const trial = heard([...one('H-09 x'), ...one('as in T-6.1-99', {}), ...one('y', { fails: true })]);
		const judgement = judge(['H-01'], trial);
		assert.deepEqual(
			problems(judgement, new Map([['z.ts', 'exit 3']])).map((line) => line.replace(/: .*?: /, ': … ')),
			['error: … a.ts: H-09 x', 'error: … a.ts: as in T-6.1-99', 'error: … exit 3', 'note: … a.ts: y'],
		);
	});

	test('a file that broke is no test', () => {
		const file = '/x/a.test.ts';
		const trial = heard(one(file, { file, fails: true }));
		assert.deepEqual([[...trial.broken.keys()], trial.tried.length], [[file], 0]);
	});

	test('JSON has a line per row and a summary', () => {
		const judgement = judge(['H-01', 'H-02'], heard(one('H-01 x')));
		assert.deepEqual(
			asJson(judgement)
				.trim()
				.split('\n')
				.map((line) => JSON.parse(line)),
			[
				{ id: 'H-01', state: 'pass', test: 'a.ts: H-01 x' },
				{ id: 'H-02', state: 'not-yet', test: null },
				{ summary: { pass: 1, fail: 0, notYet: 1 } },
			],
		);
		assert.match(asText(judgement, {}), /^H {2}1 pass, 0 fail, 1 not yet, of 2 rows\n {3}not yet: H-02\n/);
	});
});

test('ids are the words that a name begins with', () => {
	assert.deepEqual(leadingIds('I-4.1.1-01 T-6.3.6a, T-A-02 T-B.2.1: D14 P-100 is H-01'), [
		...['I-4.1.1-01', 'T-6.3.6a', 'T-A-02', 'T-B.2.1', 'P-100'],
	]);
	assert.deepEqual(leadingIds('A-side B-1x'), []);
	assert.deepEqual(mentionedIds('keys of P-256 (H-34), and U-turns'), ['H-34']);
});

test('the rows are those of the checklists: of each letter so many, each once, with a title', () => {
	const text = readFileSync(join(root, 'test/checklist/rows.json'), 'utf8');
	const titles: Record<string, string> = JSON.parse(text);
	const ids = Object.keys(titles);
	assert.equal(text.match(/^\t"/gm)!.length, ids.length);
	const sizes = Object.entries(Object.groupBy(ids, (id) => id[0]!)).map(([letter, rows]) => letter + rows!.length);
	assert.deepEqual(sizes, ['P87', 'G44', 'T301', 'I110', 'A15', 'X23', 'H61', 'M31', 'U23', 'S15']);
	for (const id of ids) assert.deepEqual([leadingIds(id), titles[id]!.length > 0], [[id], true], id);
});

test('of real tests, those prove a row that asserted by themselves, however they did it', () => {
	const { NODE_TEST_CONTEXT: _, ...env } = process.env;
	const { status, stdout } = spawnSync(
		process.execPath,
		['scripts/conformance.ts', '--json', 'test/checklist/fixture.ts'],
		{ cwd: root, env, encoding: 'utf8' },
	);
	const lines: { id?: string; state?: State }[] = stdout
		.trim()
		.split('\n')
		.map((line) => JSON.parse(line));
	const ids = (wanted: State) => lines.flatMap(({ id, state }) => (state === wanted ? [id!] : []));
	assert.deepEqual(ids('pass'), ['H-01', 'H-02', 'H-03', 'H-04', 'H-11', 'H-12', 'H-13']);
	assert.deepEqual(ids('fail'), ['H-09', 'H-10']);
	assert.deepEqual(lines.at(-1), { summary: { pass: 7, fail: 2, notYet: 701 } });
	assert.equal(status, 1);
});

function states(events: readonly RunnerEvent[]): Record<string, State> {
	const { verdicts } = judge(['H-01', 'H-02'], heard(events));
	return Object.fromEntries(verdicts.map(({ id, state }) => [id, state]));
}

function heard(events: readonly RunnerEvent[]): Trial {
	const trial = new Trial();
	for (const event of events) trial.hear(event);
	return trial;
}

/** A test from its start to its end, around `inside`. Unless told otherwise it asserts and passes. */
function one(name: string, ending: Ending = {}, inside: readonly RunnerEvent[] = [], nesting = 0): RunnerEvent[] {
	const { fails = false, silent = false, ...more } = ending;
	const data = { name, nesting, file: 'a.ts', ...more };
	const message = { type: 'test:diagnostic', data: { nesting, message: asserted } };
	const end = { type: fails ? 'test:fail' : 'test:pass', data };
	return [{ type: 'test:start', data }, ...inside, end, ...(silent ? [] : [message])];
}
