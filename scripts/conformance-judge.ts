/** Decides what a trial proves: the state of every row of the checklists. */

import { claims, mentionedIds, type Trial, type Tried } from './conformance-trial.ts';

export type State = 'pass' | 'fail' | 'not-yet';

export interface Verdict {
	readonly id: string;
	readonly state: State;
	/** Those that prove it (pass), that failed (fail), or that claim it and prove nothing (not-yet). */
	readonly tests: readonly Tried[];
}

export interface Judgement {
	readonly verdicts: readonly Verdict[];
	/** Ids in names of tests that no row has. */
	readonly unknown: readonly { readonly id: string; readonly test: Tried }[];
	/** Tests that failed and claim no row. */
	readonly unclaimed: readonly Tried[];
}

/** What became of one test: it failed, it proves its rows, or it does not, and why. */
export type Outcome = 'failed' | 'proves' | 'skipped' | 'todo' | 'asserts nothing' | 'suite';

/** Judges every row of `rows`, in their order. */
export function judge(rows: readonly string[], { tried }: Trial): Judgement {
	const claimants = new Map<string, Tried[]>(rows.map((id) => [id, []]));
	const unknown: { id: string; test: Tried }[] = [];
	for (const test of tried) {
		for (const id of new Set([...test.ids, ...mentionedIds(test.name)])) {
			if (!claimants.has(id)) unknown.push({ id, test });
		}
		for (const id of claims(test)) claimants.get(id)?.push(test);
	}
	const unclaimed = tried.filter((test) => claims(test).length === 0 && outcome(test) === 'failed' && !test.fromInside);
	return { verdicts: [...claimants].map(([id, tests]) => verdict(id, tests)), unknown, unclaimed };
}

function verdict(id: string, tests: readonly Tried[]): Verdict {
	const failed = tests.filter((test) => outcome(test) === 'failed');
	if (failed.length > 0) {
		const causes = failed.filter((test) => !test.fromInside);
		return { id, state: 'fail', tests: causes.length > 0 ? causes : failed };
	}
	const proofs = tests.filter((test) => outcome(test) === 'proves');
	if (proofs.length > 0) return { id, state: 'pass', tests: proofs };
	const inside = new Set(tests.map((test) => test.parent));
	return { id, state: 'not-yet', tests: tests.filter((test) => !inside.has(test)) };
}

export function outcome(test: Tried): Outcome {
	if (why(test, 'todo') !== undefined) return 'todo';
	if (test.end !== 'pass') return 'failed';
	if (why(test, 'skip') !== undefined) return 'skipped';
	if (test.suite) return 'suite';
	return test.asserted ? 'proves' : 'asserts nothing';
}

/** The reason why it, or what it is in, is skipped or still to do. */
export function why(test: Tried, what: 'skip' | 'todo'): string | undefined {
	return test[what] ?? (test.parent && why(test.parent, what));
}
