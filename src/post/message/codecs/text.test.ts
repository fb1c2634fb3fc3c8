import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codecSuite } from '../../../testing/codec-suite.ts';
import { text } from './text.ts';

codecSuite('codec.text', text(), ['', 'plain', 'Grüße, 世界 🌍', '\uFEFFwith a mark', 'a\0b\r\n', 'x'.repeat(70_000)]);

test('any well-formed string comes back', () => {
	const carrier = text();
	fc.assert(
		fc.property(fc.string({ unit: 'binary' }), (value) => {
			assert.equal(carrier.decode(carrier.encode(value)), value);
		}),
	);
});

test('a lone surrogate is sent as U+FFFD', () => {
	assert.equal(text().decode(text().encode('a\uD800b')), 'a\uFFFDb');
});

test('what is not UTF-8 is malformed', () => {
	for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
		assert.throws(() => text().decode(Uint8Array.from(bytes)), { code: 'malformed', operation: 'receive' });
	}
});

test('only strings are sent', () => {
	assert.throws(() => text().encode(5 as unknown as string), {
		code: 'bad-argument',
		message: 'codec.text() carries strings only, not number',
	});
});
