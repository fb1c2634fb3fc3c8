import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deframed, deframerOf, framed } from '../../../testing/framer-suite.ts';
import { Packer } from '../packer.ts';
import { lengthPrefix } from './length-prefix.ts';

test('the length is in network byte order and counts the content only', () => {
	const message = new Uint8Array(258).fill(7);
	assert.deepEqual(framed(lengthPrefix(), [message]).subarray(0, 5), Uint8Array.of(0, 0, 1, 2, 7));
	assert.deepEqual(framed(lengthPrefix({ bytes: 2 }), [message]).subarray(0, 3), Uint8Array.of(1, 2, 7));
	assert.deepEqual(framed(lengthPrefix({ bytes: 1 }), [Uint8Array.of(9)]), Uint8Array.of(1, 9));
});

test('an empty message is a length of zero', () => {
	const empty = new Uint8Array(0);
	assert.deepEqual(framed(lengthPrefix(), [empty, empty]), new Uint8Array(8));
	assert.deepEqual(deframed(lengthPrefix(), [new Uint8Array(8)]), [empty, empty]);
});

test('a length beyond the limit is refused with the last byte of the length', () => {
	const deframer = deframerOf(lengthPrefix());
	deframer.push(Uint8Array.of(0xff, 0xff, 0xff));
	assert.equal(deframer.next(), 'need-more');
	deframer.push(Uint8Array.of(0xff));
	assert.throws(() => deframer.next(), {
		code: 'too-large',
		message:
			"the peer's message of 4294967295 bytes is over the limit of 16777216; maxLength of frame.lengthPrefix raises it",
	});
});

test('a message that does not fit the length is refused, and the error names the size of the length', () => {
	const framer = lengthPrefix({ bytes: 1 }).framer();
	assert.throws(() => framer.frame(new Uint8Array(256), { complete: true }, new Packer()), {
		code: 'too-large',
		message: 'a message of 256 bytes is over the limit of 255; bytes of frame.lengthPrefix raises it',
	});
});

test('the length has 1, 2 or 4 bytes', () => {
	for (const bytes of [0, 3, 8, '4']) {
		assert.throws(() => lengthPrefix({ bytes: bytes as 4 }), { code: 'bad-argument' });
	}
});
