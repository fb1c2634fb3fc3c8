import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { codecSuite } from '../../../testing/codec-suite.ts';
import type { Codec } from '../codec.ts';
import { bytes } from './bytes.ts';
import { json } from './json.ts';
import { text } from './text.ts';
import { tlv } from './tlv.ts';

const Event = z.object({ at: z.string().transform((value) => new Date(value)) });
const codec = tlv({ 1: text(), 2: bytes(), 3: json(Event) });

codecSuite('codec.tlv', tlv({ 1: text(), 2: json(), 255: bytes() }), [
	{ type: 1, content: 'a' },
	{ type: 2, content: { b: [1] } },
	{ type: 255, content: Uint8Array.of(1) },
]);
codecSuite('codec.tlv, all of which copy', tlv({ 4660: text(), 7: json() }, { typeBytes: 2 }), [
	{ type: 0x1234, content: '' },
	{ type: 7, content: null },
]);

test('the type comes first, in network byte order', () => {
	assert.deepEqual(codec.encode({ type: 1, content: 'A' }), Uint8Array.of(1, 0x41));
	const wide = tlv({ 4275878552: text() }, { typeBytes: 4 });
	const encoded = wide.encode({ type: 0xfedc_ba98, content: 'A' });
	assert.deepEqual(encoded, Uint8Array.of(0xfe, 0xdc, 0xba, 0x98, 0x41));
	assert.deepEqual(wide.decode(encoded), { type: 0xfedc_ba98, content: 'A' });
});

test('the type tells the compiler what the content is, at both ends', () => {
	codec satisfies Codec<
		{ type: 1; content: string } | { type: 2; content: Uint8Array } | { type: 3; content: { at: Date } },
		{ type: 1; content: string } | { type: 2; content: Uint8Array } | { type: 3; content: { at: string } }
	>;
	const at = '2026-01-01T00:00:00.000Z';
	const received = codec.mirrored().decode(codec.encode({ type: 3, content: { at } }));
	assert.ok(received.type === 3);
	assert.equal(received.content.at.getTime(), Date.parse(at));
	tlv({ 1: json() }) satisfies Codec<{ type: 1; content: unknown }, { type: 1; content: unknown }>;
	// @ts-expect-error: type 1 is text.
	assert.throws(() => codec.encode({ type: 1, content: 5 }), { code: 'bad-argument' });
});

test('a type without a codec is bad-argument to send, malformed to receive', () => {
	assert.throws(() => codec.encode({ type: 9, content: 'A' } as never), {
		code: 'bad-argument',
		operation: 'send',
		message: 'codec.tlv has no codec for messages of type 9',
	});
	assert.throws(() => codec.decode(Uint8Array.of(9, 1)), {
		code: 'malformed',
		operation: 'receive',
		message: "the peer's message is of type 9, for which codec.tlv has no codec",
	});
	assert.throws(() => tlv({ 1: text() }, { typeBytes: 2 }).decode(Uint8Array.of(1)), {
		code: 'malformed',
		message: 'the message of 1 bytes has no type (codec.tlv)',
	});
});

test('it copies if all its codecs do', () => {
	assert.equal(codec.copies, false);
	assert.equal(tlv({ 1: text(), 2: json() }).copies, true);
});

test('types that make no sense are refused', () => {
	assert.throws(() => tlv({ 256: text() }), { code: 'bad-argument', message: /integer from 0 to 255, not 256/ });
	assert.throws(() => tlv({ hello: text() } as never), { code: 'bad-argument' });
	assert.throws(() => tlv({ 1: text as never }), { code: 'bad-argument', message: /type 1 of codec\.tlv/ });
	assert.throws(() => tlv({ 1: text() }, { typeBytes: 3 as never }), { code: 'bad-argument' });
});
