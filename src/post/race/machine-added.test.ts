/** Ways to reach the service that become known while the race runs. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
	dns,
	label,
	literal,
	named,
	ok,
	planOf,
	refused,
	type Script,
	silent,
	simulate,
	tcp,
	tls,
} from './machine-harness.ts';
import type { RacePath } from './plan.ts';

const courses = (script: Readonly<Record<string, ReturnType<typeof ok>>>): Script['course'] => {
	return ({ endpoint }) => script[label(endpoint)] ?? silent;
};

describe('a source that is added', () => {
	test('takes its turn after those there were', () => {
		const race = simulate(planOf({ sources: [literal(['6a', '4a'])] }), {
			course: courses({ '6b': ok() }),
			added: [{ at: 100, source: literal(['6b']) }],
		});
		assert.deepEqual(race.starts, ['0 6a', '250 4a', '500 6b']);
		assert.deepEqual([race.winner, race.at], ['6b', 520]);
	});

	test('starts at once where the last start is long ago, and on a path that had failed', () => {
		const wlan: RacePath = { name: 'wlan', families: [4] };
		const lte: RacePath = { name: 'lte', families: [6] };
		const race = simulate(planOf({ paths: [wlan, lte], sources: [literal(['4a', '6a'])] }), {
			course: courses({ '4a': refused(), '4b': ok() }),
			added: [{ at: 2_000, source: literal(['4b']) }],
		});
		assert.deepEqual(race.starts, ['0 4a wlan', '20 6a lte', '2000 4b wlan']);
		assert.deepEqual([race.winner, race.at], ['4b', 2_020]);
	});

	test('is asked for by each path that asks, when its turn has come', () => {
		const paths: RacePath[] = ['wlan', 'lte'].map((name) => ({ name, families: [6, 4] }));
		const race = simulate(planOf({ paths, sources: [literal(['6a'])], timeout: 3_000 }), {
			dns: dns({ AAAA: [10, ['6b']], A: [10, 'empty'] }),
			added: [{ at: 100, source: named('b.test') }],
		});
		assert.deepEqual(race.queries, [
			'100 AAAA b.test wlan',
			'100 A b.test wlan',
			'500 AAAA b.test lte',
			'500 A b.test lte',
		]);
		assert.deepEqual(race.starts, ['0 6a wlan', '250 6b wlan', '500 6a lte', '750 6b lte']);
	});

	test('is for its own protocols', () => {
		const both = ['tls', 'tcp'];
		const race = simulate(
			planOf({ protocols: [tls, tcp], sources: [literal(['6a'], { protocols: both })], timeout: 900 }),
			{
				added: [{ at: 10, source: literal(['6b'], { protocols: ['tcp'] }) }],
			},
		);
		assert.deepEqual(race.starts, ['0 6a tls', '250 6a tcp', '500 6b tcp']);
	});

	test('changes nothing once the race is decided', () => {
		const race = simulate(planOf({ sources: [literal(['6a'])] }), {
			course: courses({ '6a': ok() }),
			added: [{ at: 20, source: literal(['6b']) }],
		});
		assert.deepEqual([race.starts.length, race.winner], [1, '6a']);
	});
});

test('I-4.1.1-01 the tree splits by one thing at a time: by the path, then by the protocol, then by the endpoint', () => {
	const paths: RacePath[] = ['wlan', 'lte'].map((name) => ({ name, families: [6] }));
	const timing = { pathDelay: 1_000, protocolDelay: 300, attemptDelay: 100 };
	const sources = [literal(['6a', '6b'], { protocols: ['tls', 'tcp'] })];
	const race = simulate(planOf({ paths, protocols: [tls, tcp], sources, timing, timeout: 2_000 }));
	assert.deepEqual(race.starts, [
		'0 6a wlan/tls',
		'100 6b wlan/tls',
		'300 6a wlan/tcp',
		'400 6b wlan/tcp',
		'1000 6a lte/tls',
		'1100 6b lte/tls',
		'1300 6a lte/tcp',
		'1400 6b lte/tcp',
	]);
	// What fails starts the next of its own kind under its own parent, and nothing anywhere else.
	const failing = simulate(planOf({ paths, protocols: [tls, tcp], sources, timing, timeout: 2_000 }), {
		course: ({ path, protocol }) => (path === 0 && protocol === 0 ? refused(20) : silent),
	});
	assert.deepEqual(failing.starts, [
		'0 6a wlan/tls',
		'20 6b wlan/tls',
		'40 6a wlan/tcp',
		'140 6b wlan/tcp',
		'1000 6a lte/tls',
		'1100 6b lte/tls',
		'1300 6a lte/tcp',
		'1400 6b lte/tcp',
	]);
});
