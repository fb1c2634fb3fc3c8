import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { checksumOf, isIntact, joinSums, offloaded, pseudoSum, putChecksum, sumOf } from './checksum.ts';
import { slowSum } from './checksum-twin.ts';
import { crc32 } from './crc32.ts';
import { hex } from './wire-harness.ts';

test('RFC 1071 §3: the sum of 00 01 f2 03 f4 f5 f6 f7 is ddf2', () => {
	assert.equal(sumOf(hex('0001f203f4f5f6f7'), 0, 8), 0xddf2);
	assert.equal(checksumOf(0xddf2), 0x220d);
});

test('the sum agrees with the slow twin for every alignment, parity and first sum', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(9), fc.nat(0xffff), (bytes, shift, sum) => {
			const buffer = new Uint8Array(bytes.length + 20).fill(0xee);
			buffer.set(bytes, shift);
			const window = buffer.subarray(1);
			const start = Math.max(0, shift - 1);
			const whole = buffer.subarray(start + 1, shift + bytes.length);
			assert.equal(sumOf(window, start, start + whole.length, sum), slowSum(whole, sum));
		}),
		{ numRuns: 3_000 },
	);
});

test('the largest packet of the largest numbers does not overflow', () => {
	const bytes = new Uint8Array(131_072).fill(0xff);
	for (const length of [65_535, 65_536, 131_072]) {
		assert.equal(sumOf(bytes, 0, length, 0xffff), slowSum(bytes.subarray(0, length), 0xffff));
	}
});

test('sums of pieces of any length join to the sum of the whole', () => {
	fc.assert(
		fc.property(fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 6 }), (pieces) => {
			let sum = 0;
			let length = 0;
			for (const piece of pieces) {
				sum = joinSums(sum, length, sumOf(piece, 0, piece.length));
				length += piece.length;
			}
			assert.equal(sum, slowSum(Uint8Array.from(pieces.flatMap((piece) => [...piece]))));
		}),
	);
});

test('what was sealed is intact, and any one bit changed is seen unless the link vouches', () => {
	fc.assert(
		fc.property(fc.uint8Array({ minLength: 20, maxLength: 200 }), fc.nat(0xffff), fc.nat(), (bytes, sum, seed) => {
			bytes.fill(0, 16, 18);
			putChecksum(bytes, 16, 0, bytes.length, sum);
			assert.ok(isIntact(bytes, 0, bytes.length, sum));
			bytes[(seed >> 3) % bytes.length]! ^= 1 << (seed & 7);
			assert.ok(!isIntact(bytes, 0, bytes.length, sum));
			assert.ok(isIntact(bytes, 0, bytes.length, offloaded));
		}),
	);
});

test('the pseudo header counts both addresses and the protocol', () => {
	const ip = (text: string) => IpAddress.parse(text);
	assert.equal(pseudoSum(ip('192.0.2.1'), ip('192.0.2.2'), 6), slowSum(hex('c0000201 c0000202 0006')));
	const v6 = hex('20010db8000000000000000000000001 20010db8000000000000000000000002 0000003a');
	assert.equal(pseudoSum(ip('2001:db8::1'), ip('2001:db8::2'), 58), slowSum(v6));
});

test('the CRC of the digits 1 to 9 is cbf43926', () => {
	assert.equal(crc32(new TextEncoder().encode('123456789'), 0, 9), 0xcbf43926);
});
