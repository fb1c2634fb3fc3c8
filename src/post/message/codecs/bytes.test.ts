import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { codecSuite } from '../../../testing/codec-suite.ts';
import { bytes } from './bytes.ts';

codecSuite('codec.bytes', bytes(), [Uint8Array.of(), Uint8Array.of(1, 2, 3), new Uint8Array(70_000).fill(5)]);

test('bytes are neither copied nor changed', () => {
	const value = Buffer.from([1, 2]);
	assert.equal(bytes().encode(value), value);
	assert.equal(bytes().decode(value), value);
});

test('anything else is refused, strings with advice', () => {
	const refuse = (value: unknown, message: string) =>
		assert.throws(() => bytes().encode(value as Uint8Array), { code: 'bad-argument', operation: 'send', message });
	refuse('text', 'codec.bytes() carries Uint8Array only, not string; codec.text() carries strings');
	refuse(new ArrayBuffer(1), 'codec.bytes() carries Uint8Array only, not object');
	refuse(undefined, 'codec.bytes() carries Uint8Array only, not undefined');
});
