/** Prints a judgement, for people and for programs. */

import { relative } from 'node:path';
import { type Judgement, outcome, type State, type Verdict, why } from './conformance-judge.ts';
import { fullName, type Tried } from './conformance-trial.ts';

const width = 118;

/** One object per row, then the summary, one per line. */
export function asJson({ verdicts }: Judgement): string {
	const rows = verdicts.map(({ id, state, tests: [test] }) => ({ id, state, test: test ? place(test) : null }));
	const summary = { pass: count(verdicts, 'pass'), fail: count(verdicts, 'fail'), notYet: count(verdicts, 'not-yet') };
	return [...rows, { summary }].map((line) => JSON.stringify(line) + '\n').join('');
}

/** By letter: how many, which failed and by what tests, which are not there yet, or why not; last the sums of all. */
export function asText(
	{ verdicts }: Judgement,
	titles: Readonly<Record<string, string>>,
	reasons: ReadonlyMap<string, string> = new Map(),
): string {
	const groups = Map.groupBy(verdicts, ({ id }) => id.slice(0, id.indexOf('-')));
	const lines = [...groups].flatMap(([letter, group]) => [
		`${letter}  ${sums(group)}`,
		...group.filter(({ state }) => state === 'fail').flatMap((verdict) => failure(verdict, titles)),
		...group.filter(({ state, tests }) => state === 'not-yet' && tests.length > 0).flatMap(unproved),
		...group
			.filter(({ id, state }) => state === 'not-yet' && reasons.has(id))
			.map(({ id }) => `   ${id} ${reasons.get(id)}`),
		...wrap(group.filter((verdict) => isOpen(verdict) && !reasons.has(verdict.id)).map(({ id }) => id)),
		'',
	]);
	return [...lines, `conformance: ${sums(verdicts)}`, ''].join('\n');
}

/** What is wrong with the run itself, a line each: an id with no row, a file whose tests may not have run. */
export function problems({ unknown, unclaimed }: Judgement, broken: ReadonlyMap<string, string>): string[] {
	return [
		...unknown.map(({ id, test }) => `error: no checklist has a row ${id}: ${place(test)}`),
		...[...broken].map(([file, message]) => `error: ${here(file)} did not run to its end: ${message}`),
		...unclaimed.map((test) => `note: a test that claims no row failed: ${place(test)}`),
	];
}

function failure({ id, tests }: Verdict, titles: Readonly<Record<string, string>>): string[] {
	return [
		`   FAIL ${id} ${titles[id]}`,
		...tests.map((test) => `        ${place(test)}: ${test.end === 'none' ? 'did not end' : brief(test.message)}`),
	];
}

/** Nobody claims it. */
function isOpen({ state, tests }: Verdict): boolean {
	return state === 'not-yet' && tests.length === 0;
}

/** A row that is claimed, but by tests that prove nothing. */
function unproved({ id, tests }: Verdict): string[] {
	return tests.map((test) => {
		const reason = why(test, outcome(test) === 'todo' ? 'todo' : 'skip');
		return `   ${id} ${outcome(test)}${reason ? ` (${reason})` : ''}: ${place(test)}`;
	});
}

function wrap(ids: readonly string[]): string[] {
	const lines: string[] = [];
	for (const id of ids) {
		const line = lines.at(-1);
		if (line !== undefined && line.length + 1 + id.length <= width) lines[lines.length - 1] = `${line} ${id}`;
		else lines.push(`${lines.length === 0 ? '   not yet:' : '           '} ${id}`);
	}
	return lines;
}

function sums(verdicts: readonly Verdict[]): string {
	const [pass, fail, notYet] = [count(verdicts, 'pass'), count(verdicts, 'fail'), count(verdicts, 'not-yet')];
	return `${pass} pass, ${fail} fail, ${notYet} not yet, of ${verdicts.length} rows`;
}

function count(verdicts: readonly Verdict[], state: State): number {
	return verdicts.filter((verdict) => verdict.state === state).length;
}

function place(test: Tried): string {
	return `${here(test.file)}: ${fullName(test)}`;
}

function here(file: string): string {
	return relative(process.cwd(), file);
}

function brief(text: string): string {
	const line = text.replace(/\s+/g, ' ').trim();
	return line.length > width ? line.slice(0, width - 1) + '…' : line;
}
