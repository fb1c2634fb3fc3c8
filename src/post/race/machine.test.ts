import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PostSocketsError } from '../../base/errors.ts';
import { RaceMachine } from './machine.ts';
import {
	answer,
	badHandshake,
	type Course,
	dns,
	half,
	label,
	literal,
	named,
	noRoute,
	ok,
	planOf,
	type Race,
	Recorder,
	raceOf,
	refused,
	secure,
	silent,
	simulate,
	tail,
	tls,
	unreachable,
} from './machine-harness.ts';
import type { RaceEvent } from './plan.ts';

const refusal = new PostSocketsError('refused', 'connect: refused');

/** A machine after its begin at 0, to be given events by hand. */
function begun(labels: readonly string[], more: Partial<Parameters<typeof planOf>[0]> = {}) {
	const machine = new RaceMachine(planOf({ sources: [literal(labels)], ...more }));
	const sink = new Recorder();
	machine.step({ type: 'begin' }, 0, sink);
	return { machine, sink, attempt: (index: number) => machine.attempts[index]! };
}

describe('starts', () => {
	test('H-30 H-31 I-4.3.2-01 one is started every 250 ms, and the first may still win', () => {
		const race = raceOf({ '6a': ok(900), '4a': silent, '6b': silent, '4b': silent });
		assert.deepEqual(race.starts, ['0 6a', '250 4a', '500 6b', '750 4b']);
		assert.deepEqual([race.winner, race.at], ['6a', 900]);
	});

	test('H-34 I-4.3.2-02 a failure starts the next attempt at once', () => {
		const race = raceOf({ '6a': refused(20), '4a': unreachable(30), '6b': ok(20) });
		assert.deepEqual(race.starts, ['0 6a', '20 4a', '50 6b']);
		assert.deepEqual([race.winner, race.at], ['6b', 70]);
	});

	test('H-34 I-4.3.2-02 so does the failure of an older attempt, and the delay runs anew from there', () => {
		const race = raceOf({ '6a': refused(300), '4a': silent, '6b': silent, '4b': ok(20) });
		assert.deepEqual(race.starts, ['0 6a', '250 4a', '300 6b', '550 4b']);
	});

	test('H-34 each of two failures in one moment starts one attempt', () => {
		const race = raceOf({ '6a': refused(300), '4a': refused(50), '6b': silent, '4b': silent, '6c': silent });
		assert.deepEqual(race.starts, ['0 6a', '250 4a', '300 6b', '300 4b', '550 6c']);
	});

	test('H-35 an attempt that fails before any packet costs no time', () => {
		const race = raceOf({ '6a': noRoute, '4a': noRoute, '6b': noRoute, '4b': ok(20) });
		assert.deepEqual(race.starts, ['0 6a', '0 4a', '0 6b', '0 4b']);
		assert.equal(race.at, 20);
	});

	test('an address that comes after the delay starts at once, one that comes before it waits for it', () => {
		const late = (after: number) =>
			simulate(planOf({ sources: [named('a.test')] }), {
				dns: dns({ AAAA: [0, ['6a']], A: [after, ['4a']] }),
			}).starts;
		assert.deepEqual(late(100), ['0 6a', '250 4a']);
		assert.deepEqual(late(250), ['0 6a', '250 4a']);
		assert.deepEqual(late(900), ['0 6a', '900 4a']);
	});

	test('H-34 an address that comes after a failure starts at once', () => {
		const race = simulate(planOf({ sources: [named('a.test')] }), {
			dns: dns({ AAAA: [10, ['6a']], A: [100, ['4a']] }),
			course: ({ endpoint }) => (label(endpoint) === '6a' ? refused(20) : ok(20)),
		});
		assert.deepEqual(race.starts, ['10 6a', '100 4a']);
		assert.equal(race.at, 120);
	});

	test('H-10 late IPv4 addresses go ahead of IPv6 addresses not yet started', () => {
		const race = simulate(planOf({ sources: [named('a.test')] }), {
			dns: dns({ AAAA: [10, ['6a', '6b', '6c']], A: [100, ['4a', '4b']] }),
			course: () => silent,
		});
		assert.deepEqual(race.starts, ['10 6a', '260 4a', '510 6b', '760 4b', '1010 6c']);
	});

	test('never the same attempt twice: an address in two answers, of two names, is tried once', () => {
		const race = simulate(
			planOf({ sources: [named('a.test'), named('b.test'), literal(['6a', '4c'])], timeout: 5_000 }),
			{
				dns: dns({ AAAA: [10, ['6a', '6b', '6a']], A: [10, ['4a', '4a']] }),
			},
		);
		assert.deepEqual(race.starts.map((start) => start.split(' ')[1]).sort(), ['4a', '4c', '6a', '6b']);
	});

	test('an address that is no name asks nothing', () => {
		const race = raceOf({ '6a': ok(20) });
		assert.deepEqual(race.queries, []);
		assert.deepEqual(race.starts, ['0 6a']);
	});

	test('H-38 I-12-02 at limits.concurrent nothing starts, and nothing is given up for it either', () => {
		const race = raceOf(
			{ '6a': ok(5_000), '4a': refused(1_000), '6b': silent, '4b': silent },
			{ limits: { concurrent: 2 } },
		);
		assert.deepEqual(race.starts, ['0 6a', '250 4a', '1250 6b']);
		assert.deepEqual([race.winner, race.at], ['6a', 5_000]);
	});

	test('H-38 H-39 who is silent for `patience` takes no place of limits.concurrent, and may still win', () => {
		const dead = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((digit) => [`6${digit}`, silent]));
		const race = raceOf({ ...dead, '69': ok(20) });
		assert.deepEqual(race.starts.slice(-2), ['1750 68', '5000 69']);
		assert.deepEqual([race.winner, race.at], ['69', 5_020]);
		const late = raceOf({ '6a': ok(5_010), '4a': silent, '6b': ok(20) }, { limits: { concurrent: 2 } });
		assert.deepEqual([late.starts, late.winner], [['0 6a', '250 4a', '5000 6b'], '6a']);
	});

	test('I-12-02 after limits.attempts nothing more is tried', () => {
		const race = raceOf({ '6a': refused(), '4a': refused(), '6b': ok() }, { limits: { attempts: 2 } });
		assert.deepEqual(race.starts, ['0 6a', '20 4a']);
		assert.deepEqual([race.result, race.at], ['exhausted', 40]);
	});
});

describe('the decision', () => {
	test('H-42 I-4.4-01 I-4.4-02 success cancels the others in the same step, before it is told', () => {
		const race = raceOf({ '6a': silent, '4a': silent, '6b': ok(20), '4b': silent });
		assert.deepEqual(tail(race, 4), ['520 ready 6b', '520 cancel 6a', '520 cancel 4a', '520 won 6b']);
	});

	test('I-4.4-03 after it the machine wants nothing and does nothing, whatever it is told', () => {
		const { machine, sink, attempt } = begun(['6a', '4a', '6b']);
		machine.step({ type: 'wake' }, 250, sink);
		machine.step({ type: 'ready', attempt: attempt(1) }, 270, sink);
		assert.equal(machine.deadline, Number.POSITIVE_INFINITY);
		const effects = sink.effects.length;
		const late: (RaceEvent | { type: 'wake' })[] = [
			{ type: 'ready', attempt: attempt(0) },
			{ type: 'connected', attempt: attempt(0) },
			{ type: 'failed', attempt: attempt(0), error: refusal },
			{ type: 'answer', path: 0, source: 0, answer: answer('A', ['4b']) },
			{ type: 'abort' },
			{ type: 'wake' },
		];
		for (const event of late) machine.step(event, 100_000, sink);
		assert.equal(sink.effects.length, effects);
		assert.deepEqual(
			machine.attempts.map(({ outcome }) => outcome),
			['cancelled', 'won'],
		);
	});

	test('H-42 of two that are ready in one turn the first wins and the other is cancelled', () => {
		const { machine, sink, attempt } = begun(['6a', '4a']);
		machine.step({ type: 'wake' }, 250, sink);
		machine.step({ type: 'ready', attempt: attempt(1) }, 300, sink);
		machine.step({ type: 'ready', attempt: attempt(0) }, 300, sink);
		assert.deepEqual(
			sink.effects.map((effect) => effect.type),
			['start', 'start', 'cancel', 'won'],
		);
		assert.deepEqual([attempt(0).outcome, attempt(1).outcome], ['cancelled', 'won']);
	});

	test('when all have failed the race is lost, at once', () => {
		const race = raceOf({ '6a': refused(300), '4a': refused(20) });
		assert.deepEqual(race.starts, ['0 6a', '250 4a']);
		assert.deepEqual([race.result, race.at], ['exhausted', 300]);
	});

	test('it is not lost while an answer may still bring an address', () => {
		const race = simulate(planOf({ sources: [named('a.test')], timeout: 4_000 }), {
			dns: dns({ AAAA: [10, ['6a']] }),
			course: () => refused(),
		});
		assert.deepEqual([race.result, race.at], ['timed-out', 4_000]);
	});

	test('I-4.4.1-02 nothing to try loses the race at once', () => {
		assert.deepEqual([raceOf({}).result, raceOf({}).at], ['exhausted', 0]);
		const wrongFamily = raceOf({ '6a': ok() }, { paths: [{ name: 'v4', families: [4] }] });
		assert.deepEqual([wrongFamily.result, wrongFamily.at], ['exhausted', 0]);
		const noProtocol = raceOf({ '6a': ok() }, { protocols: [] });
		assert.deepEqual([noProtocol.result, noProtocol.at], ['exhausted', 0]);
		const noPath = raceOf({ '6a': ok() }, { paths: [] });
		assert.deepEqual([noPath.result, noPath.at], ['exhausted', 0]);
	});

	test('H-39 nothing is given up before there is a winner, also after the last has started', () => {
		const race = raceOf({ '6a': ok(29_000), '4a': silent });
		assert.deepEqual([race.winner, race.at], ['6a', 29_000]);
		assert.deepEqual(tail(race, 3), ['29000 ready 6a', '29000 cancel 4a', '29000 won 6a']);
	});

	test('H-39 H-40 only the time of the whole race ends silence', () => {
		const race = raceOf({ '6a': silent, '4a': silent }, { timeout: 12_345 });
		assert.deepEqual([race.result, race.at], ['timed-out', 12_345]);
		assert.deepEqual(tail(race, 3), ['12345 cancel 6a', '12345 cancel 4a', '12345 lost']);
		assert.equal(raceOf({ '6a': silent }, { timeout: Number.POSITIVE_INFINITY }).result, 'waiting');
	});

	test('H-40 the time is not shared out among the addresses', () => {
		const race = raceOf({ '6a': ok(9_900), '4a': silent, '6b': silent, '4b': silent }, { timeout: 10_000 });
		assert.deepEqual([race.winner, race.at], ['6a', 9_900]);
	});

	test('the time begins with the race, not with the first attempt', () => {
		const race = simulate(planOf({ sources: [named('a.test')], timeout: 1_000 }), { dns: dns({ A: [900, ['4a']] }) });
		assert.deepEqual(race.starts, ['950 4a']);
		assert.deepEqual([race.result, race.at], ['timed-out', 1_000]);
	});

	test('a failure in the last moment starts nothing that would be cancelled in the same one', () => {
		const race = raceOf({ '6a': refused(500), '4a': silent, '6b': silent }, { timeout: 500 });
		assert.deepEqual(race.starts, ['0 6a', '250 4a']);
		assert.equal(race.result, 'timed-out');
	});

	test('what is ready in the last moment wins', () => {
		assert.equal(raceOf({ '6a': ok(500) }, { timeout: 500 }).result, 'won');
		assert.equal(
			raceOf(
				{ '6a': secure(500, 0) },
				{ protocols: [tls], sources: [literal(['6a'], { protocols: ['tls'] })], timeout: 500 },
			).result,
			'won',
		);
	});

	test('an abort cancels everything in the same step', () => {
		const race = simulate(planOf({ sources: [literal(['6a', '4a', '6b'])] }), { abortAt: 300 });
		assert.deepEqual(tail(race, 3), ['300 cancel 6a', '300 cancel 4a', '300 lost']);
		assert.equal(race.result, 'aborted');
	});

	test('an abort while the name is being asked for loses the race', () => {
		const race = simulate(planOf({ sources: [named('a.test')] }), { abortAt: 5, dns: dns({ AAAA: [10, ['6a']] }) });
		assert.deepEqual([race.result, race.at, race.starts], ['aborted', 5, []]);
	});
});

describe('a secure handshake', () => {
	const overTls = { protocols: [tls], sources: [literal(['6a', '4a', '6b', '4b'], { protocols: ['tls'] })] };

	function tlsRace(courses: Readonly<Record<string, Course>>, more: Partial<Parameters<typeof planOf>[0]> = {}): Race {
		return raceOf(courses, { ...overTls, sources: [literal(Object.keys(courses), { protocols: ['tls'] })], ...more });
	}

	test('H-36 I-4.4.1-01 P01 a connection whose handshake is silent does not win', () => {
		const race = tlsRace({ '6a': half(20), '4a': secure(20) });
		assert.deepEqual([race.winner, race.at, race.attempts.length], ['4a', 290, 2]);
	});

	test('H-36 I-4.4.1-01 P02 a handshake that is reset starts the next address at once', () => {
		const race = tlsRace({ '6a': badHandshake('reset'), '4a': secure(20) });
		assert.deepEqual([race.winner, race.at], ['4a', 80]);
	});

	test('H-36 I-4.4.1-01 P03 so does a certificate that is refused', () => {
		const race = tlsRace({ '6a': badHandshake('certificate-untrusted'), '4a': secure(20) });
		assert.deepEqual([race.winner, race.at], ['4a', 80]);
		assert.equal(race.attempts[0]!.error!.code, 'certificate-untrusted');
		assert.equal(race.attempts[0]!.connected, 20);
	});

	test('H-37 P04 a connection that stands holds the next start back until its handshake should be done', () => {
		const race = tlsRace({ '6a': secure(200), '4a': secure(200) });
		assert.deepEqual([race.winner, race.at, race.starts], ['6a', 400, ['0 6a']]);
	});

	test('H-37 until three times what the connection took, then the next starts', () => {
		assert.deepEqual(tlsRace({ '6a': half(200), '4a': secure(20) }).starts, ['0 6a', '600 4a']);
	});

	test('H-37 an older attempt that comes to stand holds the next start back too', () => {
		const race = tlsRace({ '6a': secure(300), '4a': secure(300), '6b': secure(300) });
		assert.deepEqual([race.winner, race.at, race.starts], ['6a', 600, ['0 6a', '250 4a']]);
	});

	test('H-32 H-37 never longer than timing.maximumDelay after its own start', () => {
		const timing = { attemptDelay: 500, maximumDelay: 800 };
		assert.deepEqual(tlsRace({ '6a': half(400), '4a': secure(20) }, { timing }).starts, ['0 6a', '800 4a']);
		assert.deepEqual(tlsRace({ '6a': half(1_900), '4a': half(900) }, { timing: { attemptDelay: 2_000 } }).starts, [
			'0 6a',
			'2000 4a',
		]);
	});

	test('H-34 H-37 its failure ends that at once', () => {
		const race = tlsRace({ '6a': { connected: 200, failed: 300 }, '4a': secure(20) });
		assert.deepEqual(race.starts, ['0 6a', '300 4a']);
	});

	test('a protocol without one is held back by nothing', () => {
		assert.deepEqual(raceOf({ '6a': half(200), '4a': ok(20) }).starts, ['0 6a', '250 4a']);
	});

	test('H-36 P17 IPv6 a black hole: the winner is whose handshake is done', () => {
		const race = tlsRace({ '6a': silent, '4a': secure(20) });
		assert.deepEqual([race.winner, race.at], ['4a', 290]);
	});
});
