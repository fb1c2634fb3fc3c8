import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deframed, framed } from '../../../testing/framer-suite.ts';
import { varint } from './varint.ts';

test('the length has seven bits in each byte, the lowest first', () => {
	const prefixes: [number, number[]][] = [
		[0, [0]],
		[1, [1]],
		[127, [0x7f]],
		[128, [0x80, 1]],
		[300, [0xac, 2]],
		[16_383, [0xff, 0x7f]],
		[16_384, [0x80, 0x80, 1]],
		[2_097_152, [0x80, 0x80, 0x80, 1]],
	];
	for (const [length, prefix] of prefixes) {
		const stream = framed(varint(), [new Uint8Array(length)]);
		assert.deepEqual([...stream.subarray(0, stream.length - length)], prefix);
		assert.equal(deframed(varint(), [stream])[0]!.length, length);
	}
});

test('a length in more bytes than it needs is malformed', () => {
	for (const overlong of [
		[0x80, 0],
		[0x81, 0x80, 0],
		[0xff, 0xff, 0xff, 0xff, 0],
	]) {
		assert.throws(() => deframed(varint(), [Uint8Array.from(overlong)]), {
			code: 'malformed',
			message: /zero byte/,
		});
	}
});

test('a length over 32 bits is malformed at its fifth byte', () => {
	for (const last of [0x10, 0x7f, 0x80, 0xff]) {
		assert.throws(() => deframed(varint(), [Uint8Array.of(0x80, 0x80, 0x80, 0x80, last)]), {
			code: 'malformed',
			message: /longer than 32 bits/,
		});
	}
});

test('the largest length of 32 bits is understood, and over the limit', () => {
	assert.throws(() => deframed(varint(), [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)]), {
		code: 'too-large',
		message: /4294967295 bytes/,
	});
});
