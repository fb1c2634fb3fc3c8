import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interfaces } from './interfaces.ts';

const linux = process.platform === 'linux' ? false : 'only Linux tells';

test('interfaces have a type where the system tells it, and the loopback always', () => {
	for (const { name, type, loopback } of interfaces()) assert.equal(type === 'loopback', loopback, name);
});

test('temporary addresses are among those of the interface', { skip: linux }, () => {
	for (const { addresses, temporary } of interfaces()) {
		assert.ok(temporary!.every((each) => addresses.some((address) => address.equals(each))));
		assert.ok(temporary!.every(({ family }) => family === 6));
	}
});
