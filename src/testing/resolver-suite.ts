/**
 * The contract of `Resolver` as tests: `resolverSuite('my resolver', make)` in a test file runs them on yours, given
 * names of which the answers are known.
 */

import assert from 'node:assert/strict';
import { IpAddress } from '../base/address.ts';
import { PostSocketsError } from '../base/errors.ts';
import type { Answer, RecordType, Resolver } from '../stack/resolver.ts';
import { rejection, type SuiteOptions, settled, suite, turns, until } from './suite.ts';

/** A resolver of its own for one test, and names it knows. */
export interface ResolverFixture {
	readonly resolver: Resolver;
	/** A name with both types, and their addresses in order. */
	readonly both: { readonly name: string; readonly A: readonly string[]; readonly AAAA: readonly string[] };
	/** A name that has A and no AAAA. */
	readonly onlyA: { readonly name: string; readonly A: readonly string[] };
	/** A name that is not there. */
	readonly missing: string;
	/** A name whose question is never answered; without one the tests that need it are skipped. */
	readonly silent?: string | undefined;
	/** Questions under way; when given, each test expects 0 in the end. */
	readonly pending?: (() => number) | undefined;
	close?(): Promise<void>;
}

export function resolverSuite(name: string, make: () => Promise<ResolverFixture>, options: SuiteOptions = {}): void {
	suite(name, options, async (declare) => {
		const first = await make();
		await first.close?.();
		const noSilence = first.silent === undefined ? 'the fixture has no silent name' : undefined;

		function resolverTest(title: string, body: (fixture: ResolverFixture) => Promise<void>, skip?: string): void {
			declare(
				title,
				async () => {
					const fixture = await make();
					try {
						await body(fixture);
						await settled(() => fixture.pending?.());
						assert.equal(fixture.pending?.() ?? 0, 0, 'a question is still under way');
					} finally {
						await fixture.close?.();
					}
				},
				skip,
			);
		}

		for (const type of types) {
			resolverTest(`${type}: records that are there are found, in order`, async ({ resolver, both }) => {
				const answer = await ask(resolver, both.name, type);
				assert.equal(answer.status, 'found');
				assert.deepEqual(texts(answer), both[type]);
			});

			resolverTest(`${type}: a name that is not there is not-found`, async ({ resolver, missing }) => {
				assert.equal((await ask(resolver, missing, type)).status, 'not-found');
			});

			resolverTest(`${type}: case does not matter`, async ({ resolver, both }) => {
				const answer = await ask(resolver, both.name.toUpperCase(), type);
				assert.deepEqual(texts(answer), both[type]);
			});

			resolverTest(`${type}: a signal that has already fired aborts, with its reason`, async ({ resolver, both }) => {
				const reason = new Error('changed my mind');
				const error = await rejection(resolver.resolve(both.name, type, AbortSignal.abort(reason)), 'aborted');
				assert.equal(error.cause, reason);
			});

			resolverTest(`${type}: aborted later it rejects, or has answered`, async ({ resolver, both }) => {
				for (let moment = 0; moment < 8; moment += 1) {
					const controller = new AbortController();
					const asking = resolver.resolve(both.name, type, controller.signal);
					const outcome = asking.then(check, (error: unknown) => {
						assert.ok(error instanceof PostSocketsError && error.code === 'aborted', String(error));
					});
					await turns(moment);
					controller.abort();
					await outcome;
				}
			});

			resolverTest(
				`${type}: a question nobody answers rejects when aborted`,
				async ({ resolver, silent, pending }) => {
					const controller = new AbortController();
					const asking = resolver.resolve(silent!, type, controller.signal);
					await turns(3);
					controller.abort();
					await rejection(asking, 'aborted');
					await until('nothing is under way', () => (pending?.() ?? 0) === 0);
				},
				noSilence,
			);
		}

		resolverTest('a name without a type is empty, not missing', async ({ resolver, onlyA }) => {
			assert.deepEqual(texts(await ask(resolver, onlyA.name, 'A')), onlyA.A);
			assert.equal((await ask(resolver, onlyA.name, 'AAAA')).status, 'empty');
		});

		resolverTest(
			'a hundred questions at once each get their own answer',
			async ({ resolver, both, onlyA, missing }) => {
				const questions = Array.from({ length: 100 }, (_, index) => ({
					name: [both.name, onlyA.name, missing][index % 3]!,
					type: types[index % 2]!,
					expected: [both[types[index % 2]!], index % 2 === 0 ? onlyA.A : [], []][index % 3]!,
				}));
				const answers = await Promise.all(questions.map(({ name, type }) => ask(resolver, name, type)));
				assert.deepEqual(
					answers.map(texts),
					questions.map(({ expected }) => expected),
				);
			},
		);
	});
}

const types: readonly RecordType[] = ['A', 'AAAA'];

async function ask(resolver: Resolver, name: string, type: RecordType): Promise<Answer> {
	const answer = await resolver.resolve(name, type, new AbortController().signal);
	assert.equal(answer.type, type);
	check(answer);
	return answer;
}

/** What holds for every answer. */
function check(answer: Answer): void {
	assert.equal(answer.records.length > 0, answer.status === 'found', `${answer.status} with ${answer.records.length}`);
	assert.ok(answer.source.length > 0);
	for (const { address, ttl } of answer.records) {
		assert.ok(address instanceof IpAddress);
		assert.equal(address.family, answer.type === 'A' ? 4 : 6);
		assert.ok(Number.isFinite(ttl) && ttl >= 0, `ttl ${ttl}`);
	}
}

function texts(answer: Answer): string[] {
	return answer.records.map(({ address }) => String(address));
}
