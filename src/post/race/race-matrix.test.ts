import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectScript } from '../../stacks/memory/script.ts';
import { Local } from '../endpoint/local.ts';
import {
	firstLost,
	ground,
	listed,
	loss,
	nameOf,
	noRoute,
	nothing,
	ok,
	only,
	refused,
	type Scripts,
	silent,
	text,
	unreachable,
} from './race-harness.ts';

describe('the matrix, end to end', () => {
	const many = (labels: readonly string[], script: ConnectScript) =>
		Object.fromEntries(labels.map((label) => [label, script]));
	const rows: readonly (readonly [id: string, scripts: Scripts, winner: string, ideal: number, most: number])[] = [
		['S01', { '6a': ok(), '4a': ok() }, '6a', 20, 1],
		['H-31 S02', { '6a': silent, '4a': ok() }, '4a', 270, 2],
		['H-31 S03', { '4a': silent, '6a': ok() }, '6a', 270, 2],
		['H-39 S04', { '6a': ok(300), '4a': ok(300) }, '6a', 300, 2],
		['H-39 S05', { '6a': ok(300), '4a': silent }, '6a', 300, 2],
		['H-39 S06', { '6a': ok(600), '4a': ok(600) }, '6a', 600, 2],
		['H-39 S07', { '6a': ok(600), '4a': silent }, '6a', 600, 2],
		['H-39 S08', { '4a': ok(300), '6a': noRoute }, '4a', 300, 2],
		['H-34 S09', { '6a': refused(), '4a': ok() }, '4a', 40, 2],
		['H-34 S10', { '6a': unreachable, '4a': ok() }, '4a', 40, 2],
		['H-35 S11', { '6a': noRoute, '4a': ok() }, '4a', 20, 2],
		['H-24 S12', { ...many(['6a', '6b', '6c', '6d', '6e'], silent), '4a': ok() }, '4a', 270, 2],
		['H-24 S13', { '6a': silent, '6b': ok(), '4a': silent, '4b': ok() }, '6b', 520, 3],
		['H-31 S14', { ...many(['4a', '4b', '4c'], silent), '4d': ok() }, '4d', 770, 4],
		['H-39 S15', many(['6a', '6b', '6c', '4a', '4b', '4c'], ok(300)), '6a', 300, 2],
		['H-39 H-40 S16', { '6a': firstLost, '4a': silent }, '6a', 1_020, 2],
		['H-31 S17', { '6a': firstLost, '4a': ok() }, '4a', 270, 2],
		['H-34 H-39 S18', { '6a': refused(), '4a': ok(300), '6b': refused() }, '4a', 320, 3],
		['H-39 S19', many(['4a', '4b', '4c'], ok(300)), '4a', 300, 2],
	];
	for (const [id, scripts, winner, ideal, most] of rows) {
		test(`${id} ${winner} at ${ideal}`, async () => {
			const { clock, stack, run, after } = ground(scripts);
			const { flow, report } = await run(listed(Object.keys(scripts)));
			assert.deepEqual([report.winner, report.milliseconds, clock.now()], [text(winner), ideal, ideal]);
			assert.ok(report.attempts.length <= most, `${report.attempts.length} attempts`);
			assert.deepEqual(stack.sockets, { ...nothing, flows: 2 }, 'one flow, which has two ends');
			flow.abort();
			await after(1_000);
			assert.deepEqual(stack.sockets, nothing);
			assert.equal(clock.pending, 0);
		});
	}

	test('H-34 S20 lost at 80, with four causes', async () => {
		const scripts = many(['6a', '4a', '6b', '4b'], refused());
		const { clock, run } = ground(scripts);
		const { report } = await loss(run(listed(Object.keys(scripts))));
		assert.equal(clock.now(), 80);
		assert.deepEqual(
			report.attempts.map(({ code }) => code),
			['refused', 'refused', 'refused', 'refused'],
		);
	});

	const names: readonly (readonly [
		id: string,
		answers: Parameters<typeof nameOf>[0],
		winner: string,
		ideal: number,
	])[] = [
		['H-04 D01', { AAAA: [10, ['6a']], A: [10, ['4a']] }, '6a', 30],
		['H-05 D02', { A: [10, ['4a']], AAAA: [40, ['6a']] }, '6a', 60],
		['H-05 D03', { A: [10, ['4a']], AAAA: [400, ['6a']] }, '4a', 80],
		['H-05 D04', { A: [10, ['4a']] }, '4a', 80],
		['H-03 D05', { AAAA: [10, ['6a']] }, '6a', 30],
		['H-03 D06', { AAAA: [10, ['6a']], A: [2_000, ['4a']] }, '6a', 30],
		['H-06 D07', { A: [10, ['4a']], AAAA: [10, 'failed'] }, '4a', 30],
		['H-06 D08', { A: [10, ['4a']], AAAA: [10, 'empty'] }, '4a', 30],
	];
	for (const [id, answers, winner, ideal] of names) {
		test(`${id} ${winner} at ${ideal}`, async () => {
			const { clock, stack, run } = ground({ '6a': ok(), '4a': ok() }, { names: { 'a.test': nameOf(answers) } });
			const { report } = await run('tcp://a.test:80');
			assert.deepEqual([report.winner, report.milliseconds, clock.now()], [text(winner), ideal, ideal]);
			assert.deepEqual(stack.sockets, { ...nothing, flows: 2 }, 'no question is left open');
		});
	}

	test('H-02 H-18 D14 plain TCP asks for AAAA, then A, and for nothing else', async () => {
		const { stack, run } = ground({ '6a': ok() }, { names: { 'a.test': nameOf({ AAAA: [10, ['6a']], A: [10, []] }) } });
		const asked: string[] = [];
		const resolver: typeof stack.resolver = Object.create(stack.resolver);
		resolver.resolve = (name, type, signal) => {
			asked.push(`${type} ${name}`);
			return stack.resolver.resolve(name, type, signal);
		};
		const local = new Local({ stack: only(stack, { connect: stack.connect.bind(stack), resolver }) });
		const { report } = await run('tcp://a.test:80', { locals: [local] });
		assert.deepEqual([asked, report.milliseconds], [['AAAA a.test', 'A a.test'], 30]);
	});

	test('H-06 D18 no such name: lost at 10', async () => {
		const { clock, run } = ground(
			{},
			{ names: { 'a.test': nameOf({ AAAA: [10, 'not-found'], A: [10, 'not-found'] }) } },
		);
		assert.equal((await loss(run('tcp://a.test:80'))).code, 'dns-not-found');
		assert.equal(clock.now(), 10);
	});
});
