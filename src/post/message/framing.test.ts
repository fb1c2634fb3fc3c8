/** What holds for every framing of this package. */

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PostSocketsError } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import { deframed, deframerOf, framed, framerSuite, split } from '../../testing/framer-suite.ts';
import type { Framing } from './framer.ts';
import type { LimitOptions } from './framing/limit.ts';
import { frame } from './framing.ts';
import { Packer } from './packer.ts';

interface Case {
	readonly name: string;
	make(options?: LimitOptions): Framing;
	/** Makes of any bytes a message that may stand in this framing. */
	fit(bytes: Uint8Array): Uint8Array;
	/** A piece leaves before its message is complete. */
	readonly inPieces?: true;
}

const cases: readonly Case[] = [
	{ name: 'lengthPrefix 4', make: (options) => frame.lengthPrefix(options), fit: (bytes) => bytes },
	{ name: 'lengthPrefix 2', make: (options) => frame.lengthPrefix({ bytes: 2, ...options }), fit: first(65_535) },
	{ name: 'lengthPrefix 1', make: (options) => frame.lengthPrefix({ bytes: 1, ...options }), fit: first(255) },
	{ name: 'varint', make: (options) => frame.varint(options), fit: (bytes) => bytes },
	{ name: 'delimited by one byte', make: (options) => frame.delimited('\0', options), fit: without(0) },
	{ name: 'delimited by aab', make: (options) => frame.delimited('aab', options), fit: without(0x62) },
	{ name: 'delimited by a blank line', make: (options) => frame.delimited('\r\n\r\n', options), fit: without(13) },
	{ name: 'lines', make: (options) => frame.lines(options), fit: withoutLineEnds },
	{ name: 'tlv', make: (options) => frame.tlv({ lengthBytes: 4, ...options }), fit: atLeast(1) },
	{
		name: 'tlv with a varint',
		make: (options) => frame.tlv({ typeBytes: 2, lengthBytes: 'varint', ...options }),
		fit: atLeast(2),
	},
	{
		name: 'tlv that counts everything',
		make: (options) => frame.tlv({ lengthBytes: 3, counts: 'everything', ...options }),
		fit: atLeast(1),
	},
	{ name: 'chunked', make: (options) => frame.chunked(options), fit: (bytes) => bytes, inPieces: true },
];

const random = seededRandom(7);

for (const { name, make, fit, inPieces } of cases) {
	const sizes = [0, 1, 2, 3, 127, 128, 255, 4095, 4096, 70_000, 0, 5];
	const samples = sizes.map((size) => fit(random.fill(new Uint8Array(size))));
	framerSuite(`frame.${name}`, make(), samples);
	framerSuite(`frame.${name}, short messages`, make(), samples.slice(0, 6));

	describe(`frame.${name}`, () => {
		test('G-12 any messages come back however they are split', () => {
			const message = fc.uint8Array({ maxLength: 40 }).map(fit);
			fc.assert(
				fc.property(fc.array(message, { maxLength: 20 }), sizesOfPieces, (messages, pieces) => {
					const stream = framed(make(), messages);
					assert.deepEqual(deframed(make(), split(stream, cycled(pieces))), messages);
				}),
				{ numRuns: 300 },
			);
		});

		test('messages of any size come back, larger than a chunk and larger than a buffer', () => {
			fc.assert(
				fc.property(
					fc.array(sizeOfMessage, { maxLength: 6 }),
					fc.integer({ min: 1000, max: 70_000 }),
					(sizes, piece) => {
						const messages = sizes.map((size) => fit(random.fill(new Uint8Array(size))));
						const received = deframed(
							make(),
							split(framed(make(), messages), () => piece),
						);
						assert.equal(received.length, messages.length);
						for (const [index, message] of received.entries()) {
							assert.equal(Buffer.compare(message, messages[index]!), 0, `message ${index}`);
						}
					},
				),
				{ numRuns: 40 },
			);
		});

		test('a message of maxLength passes both ways', () => {
			const largest = new Uint8Array(100).fill(0x41);
			const framing = make({ maxLength: 100 });
			assert.deepEqual(deframed(framing, [framed(framing, [largest, largest])]), [largest, largest]);
			assert.deepEqual(
				deframed(
					framing,
					split(framed(framing, [largest, largest]), () => 1),
				),
				[largest, largest],
			);
		});

		test('a larger message is too-large to send, whole or in pieces, and harms none after it', () => {
			const framer = make({ maxLength: 100 }).framer();
			const out = new Packer();
			const refused = {
				code: 'too-large',
				operation: 'send',
				message: /^a message of 101 bytes is over the limit of 100; maxLength of frame\.\w+ raises it$/,
			};
			assert.throws(() => framer.frame(new Uint8Array(101).fill(0x41), { complete: true }, out), refused);
			framer.frame(new Uint8Array(60).fill(0x41), { complete: false }, out);
			assert.throws(() => framer.frame(new Uint8Array(41).fill(0x41), { complete: false }, out), refused);
			if (inPieces) framer.frame(new Uint8Array(0), { complete: true, aborted: true }, out);
			else assert.equal(out.length, 0);
			const after = Uint8Array.of(0x42, 0x43);
			framer.frame(after, { complete: true }, out);
			assert.deepEqual(deframed(make(), out.take()), [after]);
		});

		test('a larger message is too-large to receive, before it is here', () => {
			const stream = framed(make({ maxLength: 200 }), [new Uint8Array(150).fill(0x41)]);
			const deframer = deframerOf(make({ maxLength: 100 }));
			let pushed = 0;
			const tooLarge = {
				code: 'too-large',
				operation: 'receive',
				message: /limit of 100; maxLength of frame\.\w+ raises/,
			};
			assert.throws(() => {
				for (const chunk of split(stream, () => 1)) {
					pushed += 1;
					deframer.push(chunk);
					deframer.next();
					deframer.own();
				}
			}, tooLarge);
			assert.ok(pushed <= 100 + 4, `noticed only after ${pushed} bytes`);
		});

		test('never holds more than a message and its frame, whatever arrives, and throws only errors of ours', () => {
			const noise = fc.oneof(
				fc.uint8Array({ maxLength: 300 }),
				fc.uint8Array({ maxLength: 300, max: 2 }),
				fc.uint8Array({ maxLength: 400 }).map((bytes) => bytes.map((byte) => (byte < 250 ? 0x61 : 0x0d))),
			);
			fc.assert(
				fc.property(noise, sizesOfPieces, (stream, pieces) => {
					const deframer = deframerOf(make({ maxLength: 50 }));
					try {
						for (const chunk of split(stream, cycled(pieces))) {
							deframer.push(chunk);
							while (deframer.next() !== 'need-more');
							deframer.own();
							assert.ok(deframer.length <= 50 + 5, `holds ${deframer.length} bytes`);
						}
						deframer.end();
						while (deframer.next() !== 'need-more');
					} catch (error) {
						if (!(error instanceof PostSocketsError)) throw error;
						assert.ok(['malformed', 'too-large'].includes(error.code), error.code);
					}
				}),
				{ numRuns: 1000 },
			);
		});

		test('maxLength must be a number of bytes', () => {
			for (const maxLength of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32]) {
				assert.throws(() => make({ maxLength }), { code: 'bad-argument', message: /^maxLength of frame\.\w+ must be/ });
			}
		});
	});
}

const sizesOfPieces = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 });

const sizeOfMessage = fc.oneof(fc.nat(100), fc.nat(5000), fc.nat(200_000));

function cycled(sizes: readonly number[]): () => number {
	let next = 0;
	return () => sizes[next++ % sizes.length]!;
}

function first(count: number): (bytes: Uint8Array) => Uint8Array {
	return (bytes) => bytes.slice(0, count);
}

function atLeast(count: number): (bytes: Uint8Array) => Uint8Array {
	return (bytes) => (bytes.length >= count ? bytes : new Uint8Array(count));
}

function without(excluded: number): (bytes: Uint8Array) => Uint8Array {
	return (bytes) => bytes.map((byte) => (byte === excluded ? byte + 1 : byte));
}

/** Keeps carriage returns inside. */
function withoutLineEnds(bytes: Uint8Array): Uint8Array {
	const line = bytes.map((byte) => (byte === 10 ? 13 : byte));
	if (line.at(-1) === 13) line[line.length - 1] = 14;
	return line;
}
