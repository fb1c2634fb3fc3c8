/** What the contract suites share: tests that can be skipped with a reason, and waiting that is patient, not timed. */

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { type ErrorCode, PostSocketsError } from '../base/errors.ts';
import { atTurnEnd } from '../base/turn.ts';

export interface SuiteOptions {
	/** Titles of tests that this implementation cannot pass, each with the reason. A title no test has throws. */
	readonly skip?: Readonly<Record<string, string>> | undefined;
}

/** Declares one test of a suite. A reason in `skip` (say, an ability that is not there) skips it. */
export type Declare = (
	title: string,
	body: (context: TestContext) => Promise<void> | void,
	skip?: string | undefined,
) => void;

/** How long a test waits for an event before it fails, in milliseconds. Never how fast something must be. */
const patience = 30_000;

/** How many looks, five milliseconds apart, must see no change before `settled` believes that there is none to come. */
const looks = 10;

/** Registers a `describe` whose tests `define` declares. `define` may look at the subject first. */
export function suite(name: string, options: SuiteOptions, define: (declare: Declare) => Promise<void> | void): void {
	describe(name, async () => {
		const skips = new Map(Object.entries(options.skip ?? {}));
		await define((title, body, skip) => {
			const reason = skips.get(title) ?? skip;
			skips.delete(title);
			test(title, { timeout: 4 * patience, skip: reason ?? false }, body);
		});
		if (skips.size > 0) throw new Error(`no test of "${name}" has the title "${[...skips.keys()].join('", "')}"`);
	});
}

/** Resolves once `condition` holds. Rejects, naming `what`, when that takes longer than half a minute. */
export async function until(what: string, condition: () => boolean): Promise<void> {
	const start = systemClock.now();
	while (!condition()) {
		if (systemClock.now() - start > patience) assert.fail(`waited ${patience / 1000} s until ${what}`);
		await sleep(1);
	}
}

/** Resolves with the value of `measure` once it has not changed for a while. */
export async function settled<T>(measure: () => T): Promise<T> {
	let value = measure();
	for (let same = 0; same < looks; same += 1) {
		await sleep(5);
		const next = measure();
		if (next === value) continue;
		value = next;
		same = 0;
	}
	return value;
}

/** Lets `count` turns of the event loop pass. */
export async function turns(count = 1): Promise<void> {
	for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => atTurnEnd(resolve));
}

/** The error `promise` rejects with, which must be ours and have `code`. */
export async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<PostSocketsError> {
	let error: unknown;
	try {
		await promise;
	} catch (thrown) {
		error = thrown;
	}
	assert.ok(error instanceof PostSocketsError, `expected a PostSocketsError with code ${code}, got ${String(error)}`);
	assert.equal(error.code, code, error.message);
	return error;
}

function sleep(milliseconds: number): Promise<void> {
	return new Promise((resolve) => void systemClock.after(milliseconds, resolve));
}
