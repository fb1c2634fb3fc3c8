import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { MemoryInterface } from '../../stacks/memory/devices.ts';
import { Local } from '../endpoint/local.ts';
import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import { udp } from '../transport/udp.ts';
import { checkRace } from './race.ts';
import { ground, listed, loss, nameOf, nothing, ok, refused, silent, text } from './race-harness.ts';

const phone: readonly MemoryInterface[] = [
	{ name: 'lo', addresses: ['127.0.0.1', '::1'], type: 'loopback' },
	{ name: 'wlan0', addresses: ['198.51.100.5', '2001:db8:2::5'], type: 'wi-fi' },
	{ name: 'wwan0', addresses: ['203.0.113.5'], type: 'cellular' },
];

const asks = (policy: Policy) => ({ policy: settle('initiate', policy) });

describe('paths of a policy, raced', () => {
	test('I-4.1.1-06 the preferred path first, the next after the path delay, the avoided one last', async () => {
		const { run } = ground({ '4a': silent, '6a': silent }, { interfaces: phone });
		const wish = asks({ interface: { 'wi-fi': 'prefer', cellular: 'avoid' } });
		const { report } = await loss(run(listed(['6a', '4a']), { ...wish, timeout: 1_300 }));
		assert.deepEqual(
			report.attempts.map((attempt) => `${attempt.start} ${attempt.interface} ${attempt.family}`),
			['0 wlan0 6', '250 wlan0 4', '500 lo 6', '750 lo 4', '1000 wwan0 4'],
		);
	});

	test('P-71 a policy requires, prefers and prohibits paths', async () => {
		const { run } = ground({ '4a': refused() }, { interfaces: phone });
		const taken = async (policy: Policy['interface']) => {
			const { report } = await loss(run(listed(['4a']), asks({ interface: policy })));
			return report.attempts.map((attempt) => attempt.interface ?? 'any');
		};
		assert.deepEqual(await taken({ wwan0: 'require' }), ['wwan0']);
		assert.deepEqual(await taken({ wwan0: 'prefer' }), ['wwan0', 'any']);
		assert.deepEqual(await taken({ wwan0: 'prohibit' }), ['wlan0', 'lo']);
	});

	test('P-66 I-4.2.1-03 each Local asks its own stack for names, and tries what it was told', async () => {
		const clock = virtualClock();
		const answers = (label: string) => ({ 'a.test': nameOf({ A: [10, [label]], AAAA: [10, 'empty'] }) });
		const { run, stack: home } = ground({ '4a': refused() }, { names: answers('4a'), name: 'home' }, clock);
		const { stack: office } = ground({ '4b': ok() }, { names: answers('4b'), name: 'office' }, clock);
		const locals = [new Local({ stack: home }), new Local({ stack: office })];
		const { report } = await run('tcp://a.test:80', { locals });
		assert.deepEqual(
			report.attempts.map(({ stack, address }) => `${stack} ${address}`),
			[`home ${text('4a')}`, `office ${text('4b')}`],
		);
	});

	test('the prohibited path is never taken, whatever becomes of the others', async () => {
		const { run, stack } = ground({ '4a': refused(), '6a': refused() }, { interfaces: phone });
		const { report } = await loss(run(listed(['6a', '4a']), asks({ interface: { cellular: 'prohibit' } })));
		const taken = new Set(report.attempts.map((attempt) => attempt.interface));
		assert.deepEqual([...taken], ['wlan0', 'lo']);
		assert.deepEqual(stack.sockets, nothing);
	});

	test('the flow comes from an address of the interface that was required', async () => {
		const { run } = ground({ '4a': ok() }, { interfaces: phone });
		const { flow, report } = await run(listed(['4a']), asks({ interface: { wwan0: 'require' } }));
		assert.equal('address' in flow.local && String(flow.local.address), '203.0.113.5');
		assert.equal(report.attempts[0]!.interface, 'wwan0');
		flow.abort();
	});

	test('a port over UDP is bound to it as well', async () => {
		const { run } = ground({}, { interfaces: phone });
		const policy: Policy = {
			interface: { wwan0: 'require' },
			reliability: 'none',
			preserveOrder: 'none',
			congestionControl: 'none',
			safelyReplayable: true,
		};
		const { flow } = await run(listed(['4a']), { ...asks(policy), select: () => [udp] });
		assert.equal('address' in flow.local && String(flow.local.address), '203.0.113.5');
		flow.abort();
	});

	test('only the families of a path are asked for', async () => {
		const names = { 'a.test': nameOf({ A: [10, ['4a']] }) };
		const { run } = ground({ '4a': ok() }, { interfaces: phone, names });
		const { report } = await run('tcp://a.test:80', asks({ interface: { cellular: 'require' } }));
		assert.deepEqual(
			report.dns.map((query) => [query.type, query.interface]),
			[['A', 'wwan0']],
		);
	});

	test('without a wish nothing is pinned, and the report names no interface', async () => {
		const { run } = ground({ '4a': ok() }, { interfaces: phone });
		const { report } = await run(listed(['4a']), asks({}));
		assert.ok(!('interface' in report.attempts[0]!));
	});

	test('what cannot be is said before anything is asked or opened', async () => {
		const { stack } = ground({}, { interfaces: phone });
		const contest = {
			remote: listed(['4a']),
			locals: [new Local({ stack })],
			select: () => [udp],
			security: {},
			timeout: 1_000,
			...asks({ interface: { en9: 'require' } }),
		};
		assert.throws(() => checkRace(contest), { code: 'no-candidates', message: /no interface en9.*wwan0 \(cellular\)/ });
	});

	test('interfaces are looked at anew for each race', async () => {
		const { run, stack } = ground({ '4a': ok() }, { interfaces: phone });
		const wish = asks({ interface: { en9: 'require' } });
		await assert.rejects(run(listed(['4a']), wish), { code: 'no-candidates' });
		stack.devices.set({ name: 'en9', addresses: ['192.0.2.200'] });
		const { flow } = await run(listed(['4a']), wish);
		flow.abort();
	});

	test('I-12-02 limits.paths bounds them, the preferred ones stay', async () => {
		const many = Array.from({ length: 30 }, (_, index) => ({
			name: `eth${index}`,
			addresses: [`198.18.0.${index + 1}`],
		}));
		const { run } = ground({ '4a': refused(1) }, { interfaces: many }, virtualClock());
		const wish = asks({ interface: { eth0: 'prohibit' } });
		const { report } = await loss(run(listed(['4a']), wish));
		assert.equal(report.attempts.length, 16);
		const { report: narrow } = await loss(run(listed(['4a']), { ...wish, limits: { paths: 2 } }));
		assert.deepEqual(
			narrow.attempts.map((attempt) => attempt.interface),
			['eth1', 'eth2'],
		);
	});
});
