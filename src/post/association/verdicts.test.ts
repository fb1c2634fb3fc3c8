import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minute } from './kinds.ts';
import { remembering, wlan } from './memory-harness.ts';

test('H-74 whether datagrams get through is remembered per network, and decays as failures do', () => {
	const { memory, calendar } = remembering();
	const { paths } = memory;
	assert.equal(paths.recall('udp', wlan), undefined);
	paths.record('udp', true, wlan);
	assert.equal(paths.recall('udp', wlan), true);
	assert.equal(paths.recall('udp', 'network:lan'), undefined);
	assert.equal(paths.recall('ipv6', wlan), undefined);
	calendar.time += 10 * minute;
	assert.equal(paths.recall('udp', wlan), undefined);
	for (const minutes of [10, 30, 50]) {
		paths.record('udp', false, wlan);
		calendar.time += minutes * minute - 1;
		assert.equal(paths.recall('udp', wlan), false);
		calendar.time += 1;
		assert.equal(paths.recall('udp', wlan), undefined);
	}
	paths.record('udp', true, wlan);
	paths.record('udp', false, wlan);
	calendar.time += 10 * minute;
	assert.equal(paths.recall('udp', wlan), undefined, 'the row was broken');
});
