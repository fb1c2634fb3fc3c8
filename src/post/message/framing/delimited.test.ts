import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { deframed, deframerOf, framed } from '../../../testing/framer-suite.ts';
import { delimited } from './delimited.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('the delimiter follows each message, and is its own copy', () => {
	const delimiter = Buffer.from('--');
	const framing = delimited(delimiter);
	delimiter.fill(0);
	assert.deepEqual(framed(framing, [bytes('one'), bytes(''), bytes('two')]), bytes('one----two--'));
	assert.deepEqual(deframed(framing, [bytes('one----two--')]), [bytes('one'), bytes(''), bytes('two')]);
});

test('a string means its UTF-8 bytes', () => {
	assert.deepEqual(framed(delimited('€'), [bytes('a')]), Uint8Array.of(0x61, 0xe2, 0x82, 0xac));
});

test('content in which the delimiter begins is refused, also where it would end in the delimiter itself', () => {
	const framing = delimited('\r\n\r\n');
	for (const content of ['a\r\n\r\nb', '\r\n\r\n', 'a\r\n', '\r\n']) {
		assert.throws(() => framed(framing, [bytes(content)]), {
			code: 'bad-argument',
			operation: 'send',
			message: 'the content holds the delimiter of frame.delimited (bytes 0d 0a 0d 0a)',
		});
	}
	for (const content of ['a\r', 'a\r\n\r', 'a\r\nb', '\n\r\n\n', '\r\r']) {
		assert.deepEqual(deframed(framing, [framed(framing, [bytes(content)])]), [bytes(content)]);
	}
});

test('what is not refused comes back, whatever delimiter and content have in common', () => {
	const letters = { max: 1, minLength: 1, maxLength: 4 };
	fc.assert(
		fc.property(fc.uint8Array(letters), fc.array(fc.uint8Array({ max: 1, maxLength: 8 })), (delimiter, messages) => {
			const framing = delimited(delimiter);
			const sendable = messages.filter((message) => {
				try {
					framed(framing, [message]);
					return true;
				} catch {
					return false;
				}
			});
			assert.deepEqual(deframed(framing, [framed(framing, sendable)]), sendable);
		}),
		{ numRuns: 2000 },
	);
});

test('a stream that ends without the delimiter is malformed', () => {
	assert.throws(() => deframed(delimited(';'), [bytes('one;two')]), { code: 'malformed', message: /last 3 bytes/ });
	assert.throws(() => deframed(delimited('ab'), [bytes('a')]), { code: 'malformed' });
});

test('an endless message is too-large as soon as no delimiter can save it', () => {
	const deframer = deframerOf(delimited('ab', { maxLength: 4 }));
	deframer.push(bytes('xxxxa'));
	assert.equal(deframer.next(), 'need-more');
	deframer.push(bytes('a'));
	assert.throws(() => deframer.next(), {
		code: 'too-large',
		message:
			"the peer's message of at least 5 bytes (no delimiter yet) is over the limit of 4; maxLength of frame.delimited raises it",
	});
});

test('an empty delimiter is refused', () => {
	assert.throws(() => delimited(''), { code: 'bad-argument' });
	assert.throws(() => delimited(new Uint8Array(0)), { code: 'bad-argument' });
});
