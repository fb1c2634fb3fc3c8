import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../base/random.ts';
import { deframerOf, framed, framerSuite } from '../../../testing/framer-suite.ts';
import { stream } from './stream.ts';

const random = seededRandom(7);

framerSuite(
	'frame.stream',
	stream(),
	[0, 1, 300, 0, 4096, 70_000].map((size) => random.fill(new Uint8Array(size))),
);

test('nothing is added to what is sent', () => {
	assert.deepEqual(framed(stream(), [Uint8Array.of(1, 2), Uint8Array.of(3)]), Uint8Array.of(1, 2, 3));
});

test('each piece is a part of one message, which the end of the stream completes', () => {
	const deframer = deframerOf(stream());
	assert.equal(deframer.next(), 'need-more');
	deframer.push(Uint8Array.of(1, 2));
	assert.deepEqual(deframer.next(), { content: Uint8Array.of(1, 2), complete: false });
	assert.equal(deframer.next(), 'need-more');
	deframer.own();
	deframer.push(Uint8Array.of(3));
	deframer.end();
	assert.deepEqual(deframer.next(), { content: Uint8Array.of(3), complete: false });
	assert.deepEqual(deframer.next(), { content: new Uint8Array(0), complete: true });
	assert.equal(deframer.next(), 'need-more');
	assert.equal(deframer.next(), 'need-more');
});
