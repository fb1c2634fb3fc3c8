import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deframed, deframerOf, framed } from '../../../testing/framer-suite.ts';
import { Packer } from '../packer.ts';
import { type TlvOptions, tlv } from './tlv.ts';

const message = Uint8Array.of(7, 0xa, 0xb, 0xc);

test('the length stands between type and value, and counts the value', () => {
	assert.deepEqual(framed(tlv(), [message]), Uint8Array.of(7, 0, 3, 0xa, 0xb, 0xc));
	assert.deepEqual(framed(tlv({ lengthBytes: 1 }), [message]), Uint8Array.of(7, 3, 0xa, 0xb, 0xc));
	assert.deepEqual(framed(tlv({ lengthBytes: 3 }), [message]), Uint8Array.of(7, 0, 0, 3, 0xa, 0xb, 0xc));
	assert.deepEqual(
		framed(tlv({ typeBytes: 2, lengthBytes: 4 }), [message]),
		Uint8Array.of(7, 0xa, 0, 0, 0, 2, 0xb, 0xc),
	);
	assert.deepEqual(framed(tlv(), [Uint8Array.of(7)]), Uint8Array.of(7, 0, 0));
});

test('frames of protocols that others have defined', () => {
	const hex = (text: string) => Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16));
	const marker = 'ff'.repeat(16);
	const packets: [string, TlvOptions, string, string][] = [
		['MQTT 5 PINGREQ', { lengthBytes: 'varint' }, 'c0 00', 'c0'],
		['MQTT 3.1.1 CONNACK', { lengthBytes: 'varint' }, '20 02 00 00', '20 00 00'],
		['PostgreSQL Query', { lengthBytes: 4, counts: 'length-and-value' }, '51 00000006 3b 00', '51 3b 00'],
		['TLS 1.3 alert record', { typeBytes: 3 }, '15 0303 0002 01 00', '15 0303 01 00'],
		['OpenFlow 1.3 hello', { typeBytes: 2, counts: 'everything' }, '04 00 0008 00000001', '04 00 00000001'],
		[
			'RADIUS header',
			{ typeBytes: 2, counts: 'everything' },
			`02 2a 0014 ${'ab'.repeat(16)}`,
			`02 2a ${'ab'.repeat(16)}`,
		],
		['BGP keepalive', { typeBytes: 16, counts: 'everything' }, `${marker} 0013 04`, `${marker} 04`],
		[
			'Diameter header',
			{ lengthBytes: 3, counts: 'everything' },
			`01 000014 80 000101 ${'00'.repeat(12)}`,
			`01 80 000101 ${'00'.repeat(12)}`,
		],
	];
	for (const [name, options, packet, content] of packets) {
		assert.deepEqual(deframed(tlv(options), [hex(packet), hex(packet)]), [hex(content), hex(content)], name);
		assert.deepEqual(framed(tlv(options), [hex(content)]), hex(packet), name);
	}
});

test('any sizes of type and length, whatever is counted, give the messages back byte by byte', () => {
	const anyOptions = fc.record({
		typeBytes: fc.integer({ min: 1, max: 16 }),
		lengthBytes: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const),
		counts: fc.constantFrom('value' as const, 'length-and-value' as const, 'everything' as const),
	});
	const contents = fc.array(fc.uint8Array({ minLength: 16, maxLength: 100 }), { maxLength: 5 });
	fc.assert(
		fc.property(anyOptions, contents, (options, messages) => {
			const stream = framed(tlv(options), messages);
			const bytes = Array.from(stream, (byte) => Uint8Array.of(byte));
			assert.deepEqual(deframed(tlv(options), bytes), messages);
		}),
	);
});

test('a length below what it counts is malformed', () => {
	assert.throws(() => deframed(tlv({ counts: 'everything' }), [Uint8Array.of(7, 0, 2)]), {
		code: 'malformed',
		operation: 'receive',
		message: 'the peer sent a length of 2, which counts 3 bytes of header already (frame.tlv)',
	});
	assert.deepEqual(deframed(tlv({ counts: 'everything' }), [Uint8Array.of(7, 0, 3)]), [Uint8Array.of(7)]);
});

test('a length beyond the limit is refused with its last byte', () => {
	const deframer = deframerOf(tlv({ maxLength: 9 }));
	deframer.push(Uint8Array.of(7, 0));
	assert.equal(deframer.next(), 'need-more');
	deframer.push(Uint8Array.of(9));
	assert.throws(() => deframer.next(), { code: 'too-large', message: /10 bytes is over the limit of 9; maxLength of/ });
});

test('what the length cannot express is too-large to send', () => {
	const refuse = (options: TlvOptions, length: number, limit: number) =>
		assert.throws(() => tlv(options).framer().frame(new Uint8Array(length), { complete: true }, new Packer()), {
			code: 'too-large',
			message: `a message of ${length} bytes is over the limit of ${limit}; lengthBytes of frame.tlv raises it`,
		});
	refuse({ lengthBytes: 1 }, 257, 256);
	refuse({ lengthBytes: 1, counts: 'everything' }, 255, 254);
	refuse({ lengthBytes: 1, counts: 'length-and-value' }, 256, 255);
	const largest = new Uint8Array(254);
	const stream = framed(tlv({ lengthBytes: 1, counts: 'everything' }), [largest]);
	assert.equal(stream[1], 255);
});

test('a message without a whole type is refused', () => {
	assert.throws(() => framed(tlv({ typeBytes: 2 }), [Uint8Array.of(1)]), {
		code: 'bad-argument',
		operation: 'send',
		message: 'a message of frame.tlv begins with a type of 2 bytes, not 1',
	});
});

test('options that make no sense are refused', () => {
	for (const options of [
		{ typeBytes: 0 },
		{ typeBytes: 17 },
		{ typeBytes: 1.5 },
		{ lengthBytes: 5 },
		{ lengthBytes: '2' },
		{ counts: 'header' },
		{ counts: 'everything', lengthBytes: 'varint' },
	]) {
		assert.throws(() => tlv(options as TlvOptions), { code: 'bad-argument', message: /frame\.tlv/ });
	}
});
