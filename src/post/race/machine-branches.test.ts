import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
	answer,
	type Course,
	dns,
	half,
	label,
	literal,
	named,
	noRoute,
	ok,
	planOf,
	raceOf,
	refused,
	secure,
	silent,
	simulate,
	tail,
	tcp,
	tls,
} from './machine-harness.ts';
import type { Attempt, RacePath } from './plan.ts';

describe('modes', () => {
	test('simultaneous: all at once', () => {
		const race = raceOf({ '6a': ok(90), '4a': silent, '6b': ok(30) }, { mode: 'simultaneous' });
		assert.deepEqual(race.starts, ['0 6a', '0 4a', '0 6b']);
		assert.deepEqual([race.winner, race.at], ['6b', 30]);
	});

	test('simultaneous: what comes late starts at once', () => {
		const race = simulate(planOf({ sources: [named('a.test')], mode: 'simultaneous', timeout: 1_000 }), {
			dns: dns({ AAAA: [10, ['6a', '6b']], A: [15, ['4a', '4b']] }),
		});
		assert.deepEqual(race.starts, ['10 6a', '10 6b', '15 4a', '15 4b']);
	});

	test('simultaneous: limits.concurrent holds', () => {
		const race = raceOf(
			{ '6a': refused(50), '4a': silent, '6b': ok(20) },
			{ mode: 'simultaneous', limits: { concurrent: 2 } },
		);
		assert.deepEqual(race.starts, ['0 6a', '0 4a', '50 6b']);
	});

	test('I-4.3.3-01 failover: the next only after a failure, or when there is no sign of life for `patience`', () => {
		const race = raceOf({ '6a': refused(4_999), '4a': silent, '6b': ok(20) }, { mode: 'failover' });
		assert.deepEqual(race.starts, ['0 6a', '4999 4a', '9999 6b']);
		assert.deepEqual(tail(race, 3), ['10019 ready 6b', '10019 cancel 4a', '10019 won 6b']);
	});

	test('I-4.3.3-01 failover: who was silent for long is not given up', () => {
		const race = raceOf({ '6a': ok(5_010), '4a': ok(20) }, { mode: 'failover' });
		assert.deepEqual([race.starts, race.winner, race.at], [['0 6a', '5000 4a'], '6a', 5_010]);
	});

	test('I-4.3.3-01 failover: a connection that stands is a sign of life', () => {
		const protocols = [tls];
		const sources = [literal(['6a', '4a'], { protocols: ['tls'] })];
		const plan = planOf({ protocols, sources, mode: 'failover', timeout: 20_000 });
		const race = simulate(plan, { course: ({ endpoint }) => (label(endpoint) === '6a' ? half(3_000) : secure(20)) });
		assert.deepEqual([race.starts, race.winner, race.at], [['0 6a', '8000 4a'], '4a', 8_040]);
	});

	test('I-4.3.3-01 failover: a path whose last candidate is silent, or whose names are, makes room for the next', () => {
		const paths: RacePath[] = ['proxy', 'mute', 'direct'].map((name) => ({ name, families: [6, 4] }));
		const race = simulate(planOf({ paths, sources: [named('a.test')], mode: 'failover' }), {
			dns: ({ type }, path) =>
				path === 1 ? undefined : { after: 10, answer: answer(type, [type === 'A' ? '4a' : '6a']) },
			course: ({ path }) => (path === 2 ? ok(20) : silent),
		});
		assert.deepEqual(race.starts, ['10 6a proxy', '5010 4a proxy', '15020 6a direct']);
		assert.equal(race.winner, '6a');
	});

	test('I-4.3.3-01 failover: a path fails when all of its children have, and only then is the next one touched', () => {
		const plan = planOf({
			paths: [
				{ name: 'proxy', families: [6, 4] },
				{ name: 'direct', families: [6, 4] },
			],
			sources: [named('a.test')],
			mode: 'failover',
		});
		const race = simulate(plan, {
			dns: dns({ AAAA: [10, ['6a']], A: [10, ['4a']] }),
			course: ({ path }) => (path === 0 ? refused(1_000) : ok(20)),
		});
		assert.deepEqual(race.queries, [
			'0 AAAA a.test proxy',
			'0 A a.test proxy',
			'2010 AAAA a.test direct',
			'2010 A a.test direct',
		]);
		assert.deepEqual(race.starts, ['10 6a proxy', '1010 4a proxy', '2020 6a direct']);
	});
});

describe('several protocols and paths', () => {
	const quic = { name: 'quic', handshake: true };
	const wlan: RacePath = { name: 'wlan', families: [6, 4] };
	const lte: RacePath = { name: 'lte', families: [6, 4] };
	const both = ['quic', 'tls'];
	const courses = (script: Readonly<Record<string, Course>>) => {
		return ({ path, protocol, endpoint }: Attempt) =>
			script[`${path}${protocol} ${label(endpoint)}`] ?? script[`${path}${protocol}`] ?? silent;
	};

	test('I-4.3-02 every protocol has a timer of its own, which no start and no failure of another moves', () => {
		const plan = planOf({
			protocols: [quic, tls],
			sources: [literal(['6a', '4a', '6b'], { protocols: both })],
			timing: { protocolDelay: 100 },
			timeout: 2_000,
		});
		const race = simulate(plan, { course: courses({ '01 6a': refused(30) }) });
		assert.deepEqual(race.starts, [
			'0 6a quic',
			'100 6a tls',
			'130 4a tls',
			'250 4a quic',
			'380 6b tls',
			'500 6b quic',
		]);
	});

	test('I-4.3-02 so has every path; the next one starts after the path delay', () => {
		const plan = planOf({ paths: [wlan, lte], sources: [literal(['6a', '4a', '6b'])], timeout: 2_000 });
		const race = simulate(plan, { course: courses({ '10 6a': refused(30) }) });
		assert.deepEqual(race.starts, [
			'0 6a wlan',
			'250 4a wlan',
			'500 6b wlan',
			'500 6a lte',
			'530 4a lte',
			'780 6b lte',
		]);
	});

	test('I-4.3.2-02 a protocol all of whose addresses failed starts the next protocol at once', () => {
		const plan = planOf({ protocols: [quic, tls], sources: [literal(['6a', '4a'], { protocols: both })] });
		const race = simulate(plan, { course: courses({ '00': refused(10), '01': secure(20) }) });
		assert.deepEqual(race.starts, ['0 6a quic', '10 4a quic', '20 6a tls']);
		assert.deepEqual([race.winner, race.at], ['6a', 60]);
	});

	test('I-4.3.2-02 a path that failed starts the next path at once', () => {
		const plan = planOf({ paths: [wlan, lte], sources: [literal(['6a'])] });
		const race = simulate(plan, { course: courses({ '00': noRoute, '10': ok(20) }) });
		assert.deepEqual(race.starts, ['0 6a wlan', '0 6a lte']);
	});

	test('I-4.1.2-01 the order is that of the paths, then the protocols, then the addresses', () => {
		const plan = planOf({
			paths: [wlan, lte],
			protocols: [quic, tls],
			sources: [literal(['6a', '4a'], { protocols: both })],
		});
		const race = simulate(plan, { course: () => refused(1) });
		assert.deepEqual(
			race.starts.map((start) => start.replace(/^\d+ /, '')),
			[
				'6a wlan/quic',
				'4a wlan/quic',
				'6a wlan/tls',
				'4a wlan/tls',
				'6a lte/quic',
				'4a lte/quic',
				'6a lte/tls',
				'4a lte/tls',
			],
		);
		assert.equal(race.result, 'exhausted');
	});

	test('I-4.1-01 each attempt is one address by one protocol over one path', () => {
		const plan = planOf({
			paths: [wlan, lte],
			protocols: [quic, tls],
			sources: [literal(['6a'], { protocols: both })],
		});
		const race = simulate(plan, { course: () => refused(1) });
		assert.deepEqual(
			race.attempts.map(({ path, protocol, endpoint }) => [path, protocol, label(endpoint)]),
			[
				[0, 0, '6a'],
				[0, 1, '6a'],
				[1, 0, '6a'],
				[1, 1, '6a'],
			],
		);
	});

	test('I-4.1.2-02 every path asks for itself, when its turn has come, and tries what it was told', () => {
		const plan = planOf({ paths: [wlan, { name: 'lte', families: [4] }], sources: [named('a.test')], timeout: 1_000 });
		const race = simulate(plan, {
			dns: ({ type }, path) => ({
				after: 10,
				answer: answer(type, path === 0 ? (type === 'A' ? 'empty' : ['6a']) : ['4b']),
			}),
		});
		assert.deepEqual(race.queries, ['0 AAAA a.test wlan', '0 A a.test wlan', '500 A a.test lte']);
		assert.deepEqual(race.starts, ['10 6a wlan', '510 4b lte']);
	});

	test('I-4.1.2-02 a path that wins in time leaves the names of the next one unasked', () => {
		const plan = planOf({ paths: [wlan, lte], sources: [named('a.test')] });
		const race = simulate(plan, { dns: dns({ AAAA: [10, ['6a']] }), course: () => ok(20) });
		assert.deepEqual(race.queries, ['0 AAAA a.test wlan', '0 A a.test wlan']);
	});

	test('a path without the name in its DNS makes room for the next one at once', () => {
		const plan = planOf({ paths: [wlan, lte], sources: [named('a.test')] });
		const race = simulate(plan, {
			dns: ({ type }, path) => ({
				after: 10,
				answer: answer(type, path === 0 ? 'not-found' : type === 'A' ? ['4a'] : ['6a']),
			}),
			course: () => ok(20),
		});
		assert.deepEqual([race.winner, race.at, race.starts], ['6a', 40, ['20 6a lte']]);
	});

	test('a path may have protocols of its own, in an order of its own', () => {
		const plan = planOf({
			paths: [
				{ ...wlan, protocols: [1] },
				{ ...lte, protocols: [1, 0] },
			],
			protocols: [quic, tls],
			sources: [literal(['6a'], { protocols: both })],
		});
		const race = simulate(plan, { course: () => refused(1) });
		assert.deepEqual(race.starts, ['0 6a wlan/tls', '1 6a lte/tls', '2 6a lte/quic']);
	});

	test('H-38 limits.concurrent counts over all paths and protocols', () => {
		const plan = planOf({
			paths: [wlan, lte],
			protocols: [quic, tls],
			sources: [literal(['6a', '4a'], { protocols: both })],
			limits: { concurrent: 3 },
			timeout: 3_000,
		});
		const race = simulate(plan, { course: courses({ '00 4a': refused(800) }) });
		assert.deepEqual(
			race.starts,
			['0 6a quic', '250 4a quic', '250 6a tls', '1050 4a tls'].map((start) =>
				start.replace(/ (quic|tls)$/, ' wlan/$1'),
			),
		);
	});

	test('success anywhere cancels everywhere', () => {
		const plan = planOf({ paths: [wlan, lte], sources: [literal(['6a', '4a'])] });
		const race = simulate(plan, { course: courses({ '10 6a': ok(20) }) });
		assert.deepEqual(tail(race, 4), ['520 ready 6a', '520 cancel 6a', '520 cancel 4a', '520 won 6a']);
	});

	test('a Unix socket and an address are tried in the order of their transports', () => {
		const plan = planOf({
			protocols: [{ name: 'unix', handshake: false }, tcp],
			sources: [named('', { path: '/run/x', protocols: ['unix'] }), literal(['6a'])],
		});
		const race = simulate(plan, { course: ({ protocol }) => (protocol === 0 ? refused(0) : ok(20)) });
		assert.deepEqual(race.starts, ['0 /run/x unix', '0 6a tcp']);
	});
});
