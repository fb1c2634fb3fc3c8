/** What races have measured of paths ranks the paths of later races, where the policy asks for speed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../base/virtual-clock.ts';
import { Local } from '../endpoint/local.ts';
import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import { ground, ok, silent, where } from '../race/race-harness.ts';
import { remembering, wlan } from './memory-harness.ts';

test('I-4.1.3-03 T-8.1.6-01 a profile of low latency takes the path of the shortest round trip that was measured', async () => {
	const { memory, calendar } = remembering();
	const clock = virtualClock();
	const { stack: cable } = ground({ '4a': silent }, { name: 'cable' }, clock);
	const { stack: fibre, run } = ground({ '4a': ok(10) }, { name: 'fibre' }, clock);
	const locals = [new Local({ stack: cable }), new Local({ stack: fibre })];
	const target = `tcp://${where('4a')}`;
	const first = async (policy: Policy, network = wlan) => {
		const hints = memory.hints(target, network);
		const { flow, report } = await run(target, { locals, hints, policy: settle('initiate', policy) });
		flow.abort();
		memory.recordRace(report, network);
		return report.attempts[0]!.stack;
	};
	const fast: Policy = { connCapacityProfile: 'low-latency-interactive' };
	assert.equal(await first(fast), 'cable', 'nothing is known yet');
	assert.equal(await first(fast), 'fibre');
	assert.equal(await first({}), 'cable', 'nobody has asked for speed');
	assert.equal(await first(fast, 'network:lan'), 'cable', 'it was learnt on another network');
	const other = memory.hints('tcp://192.0.2.11:80', wlan);
	assert.equal(other.pathRoundTrip('fibre', undefined), undefined, 'it was learnt of another remote');
	calendar.time += 600_000;
	assert.equal(await first(fast), 'cable', 'that was long ago');
});
