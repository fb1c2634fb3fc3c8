/** Tests for the conformance run to judge, in test/conformance.test.ts. No part of `npm test`: two of them fail. */

import assert, { equal } from 'node:assert/strict';
import { before, describe, test } from 'node:test';

test('H-01 a method, after a wait', async () => {
	await new Promise(setImmediate);
	assert.equal(1, 1);
});
test('H-02 an export of its own', () => equal(1, 1));
test('H-03 the module itself', () => assert(true));
test('H-04 the context', (context) => context.assert.equal(1, 1));
test('H-05 no assertion', () => {});
test('H-06 no assertion but in another test', (context) => context.test('inside', () => {}));
test('H-07 skipped', { skip: 'no such thing' }, () => assert.equal(1, 1));
test('H-08 skipped after all', (context) => {
	assert.equal(1, 1);
	context.skip('seen too late');
});
test('H-09 fails', () => assert.equal(1, 2));
test('H-10 fails without an assertion', () => {
	throw new Error('no');
});

describe('H-11 S20 H-12 of two at once, one asserts', { concurrency: true }, () => {
	test('silent', () => new Promise((resolve) => setTimeout(resolve, 5)));
	test('H-13 asserting', async () => {
		await new Promise(setImmediate);
		assert.ok(true);
	});
	test('H-14 silent', () => new Promise((resolve) => setTimeout(resolve, 5)));
});

describe('H-15 a hook that asserts is no test', () => {
	before(() => assert.ok(true));
	test('silent', () => {});
});
