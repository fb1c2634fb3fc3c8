import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../base/address.ts';
import { compareInterfaces } from './interface-watch.ts';
import type { Interface } from './stack.ts';

function one(name: string, addresses: string[] = ['192.0.2.1', '2001:db8::1'], mtu = 1500): Interface {
	return { name, addresses: addresses.map((text) => IpAddress.parse(text)), mtu, loopback: false };
}

test('what is the same is no change, whatever the order', () => {
	assert.equal(compareInterfaces([], []), undefined);
	const before = [one('a'), one('b')];
	assert.equal(compareInterfaces(before, [one('b', ['2001:db8::1', '192.0.2.1']), one('a')]), undefined);
});

test('interfaces come, change and go by name, addresses and MTU', () => {
	const before = [one('gone'), one('old'), one('same'), one('mtu'), one('zone', ['fe80::1%zone']), one('fewer')];
	const after = [
		one('same'),
		one('new'),
		one('mtu', undefined, 1280),
		one('zone', ['fe80::2%zone']),
		one('fewer', ['192.0.2.1']),
		one('come', []),
	];
	assert.deepEqual(compareInterfaces(before, after), {
		added: [after[1], after[5]],
		removed: [before[0], before[1]],
		changed: [after[2], after[3], after[4]],
	});
});
