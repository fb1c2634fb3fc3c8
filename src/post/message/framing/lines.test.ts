import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deframed, deframerOf, framed, split } from '../../../testing/framer-suite.ts';
import { lines } from './lines.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function received(...chunks: string[]): string[] {
	return deframed(lines(), chunks.map(bytes)).map((line) => new TextDecoder().decode(line));
}

test('a line feed is sent; a line feed, with or without a carriage return, is accepted', () => {
	assert.deepEqual(framed(lines(), [bytes('a'), bytes('')]), bytes('a\n\n'));
	assert.deepEqual(received('a\nb\r\n\r\n\nc\r\n'), ['a', 'b', '', '', 'c']);
	assert.deepEqual(received('a\r', '\nb\r\r\n\rc\n'), ['a', 'b\r', '\rc']);
});

test('the last line needs no line feed; at the end of a stream there is no empty line', () => {
	assert.deepEqual(received('a\nb'), ['a', 'b']);
	assert.deepEqual(received('a\n'), ['a']);
	assert.deepEqual(received('a\r'), ['a\r']);
	assert.deepEqual(received(), []);
});

test('content that a receiver would not get back is refused', () => {
	for (const content of ['a\nb', '\n', 'a\r\n']) {
		assert.throws(() => framed(lines(), [bytes(content)]), { code: 'bad-argument', message: /line feed/ });
	}
	assert.throws(() => framed(lines(), [bytes('a\r')]), { code: 'bad-argument', message: /carriage return/ });
});

test('the limit is on the line without its end', () => {
	const short = lines({ maxLength: 3 });
	for (const stream of ['abc\n', 'abc\r\n', 'abc']) {
		assert.deepEqual(deframed(short, [bytes(stream)]), [bytes('abc')]);
		assert.deepEqual(
			deframed(
				short,
				split(bytes(stream), () => 1),
			),
			[bytes('abc')],
		);
	}
	for (const stream of ['abcd\n', 'abc\r\r\n', 'abcd', 'abc\r']) {
		assert.throws(() => deframed(short, [bytes(stream)]), { code: 'too-large' });
		assert.throws(
			() =>
				deframed(
					short,
					split(bytes(stream), () => 1),
				),
			{ code: 'too-large' },
		);
	}
});

test('an endless line is too-large with the first byte over the limit', () => {
	const deframer = deframerOf(lines({ maxLength: 3 }));
	deframer.push(bytes('abc'));
	assert.equal(deframer.next(), 'need-more');
	const other = deframerOf(lines({ maxLength: 3 }));
	other.push(bytes('abc\r'));
	assert.equal(other.next(), 'need-more');
	other.push(bytes('e'));
	assert.throws(() => other.next(), { code: 'too-large' });
	deframer.push(bytes('d'));
	assert.throws(() => deframer.next(), {
		code: 'too-large',
		message:
			"the peer's message of at least 4 bytes (no line end yet) is over the limit of 3; maxLength of frame.lines raises it",
	});
});
