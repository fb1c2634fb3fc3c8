/**
 * The contract of `Framing` and `Framer` as tests: `framerSuite('my framing', framing, samples)` in a test file runs
 * them on yours, given messages that may stand in it.
 */

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { concat } from '../base/bytes.ts';
import { PostSocketsError } from '../base/errors.ts';
import { type Random, seededRandom } from '../base/random.ts';
import { Deframer } from '../post/message/deframer.ts';
import type { FrameProperties, Framer, Framing } from '../post/message/framer.ts';
import { Packer } from '../post/message/packer.ts';
import { type SuiteOptions, suite } from './suite.ts';

/** Streams longer than this are split at random places only. */
const everySplitUpTo = 2048;

const rounds = 200;

const interleavings = 20;

/**
 * Registers the tests for `framing`. `samples` are messages it can carry, at least one; an empty one and one of some
 * 100 KiB are worth having among them.
 */
export function framerSuite(
	name: string,
	framing: Framing,
	samples: readonly Uint8Array[],
	options: SuiteOptions = {},
): void {
	const stream = framed(framing, samples);
	const expected = framing.preservesBoundaries ? samples : [concat(samples)];
	const random = seededRandom(1);

	suite(name, options, (declare) => {
		declare('messages come back as they were sent', () => {
			sameMessages(deframed(framing, [stream]), expected);
		});

		declare('each message alone comes back, and the stream may end after it', () => {
			for (const sample of samples) sameMessages(deframed(framing, [framed(framing, [sample])]), [sample]);
		});

		declare('a split at any place gives the same messages', () => {
			for (const place of placesIn(stream, random)) {
				sameMessages(deframed(framing, [stream.subarray(0, place), stream.subarray(place)]), expected);
			}
		});

		declare('byte by byte gives the same messages', () => {
			sameMessages(
				deframed(
					framing,
					split(stream, () => 1),
				),
				expected,
			);
		});

		declare('many pieces of any size give the same messages', () => {
			for (let round = 0; round < rounds; round += 1) {
				const largest = 1 + random.below(stream.length);
				sameMessages(
					deframed(
						framing,
						split(stream, () => 1 + random.below(largest)),
					),
					expected,
				);
			}
		});

		declare('a message sent in pieces is that message, or is refused with an error of ours', () => {
			for (const sample of samples) {
				const framer = framing.framer();
				const sent: Uint8Array[] = [];
				const failure = errorOf(() => {
					for (const piece of split(sample, () => 1 + random.below(sample.length))) {
						sent.push(framedPiece(framer, piece, { complete: false }));
					}
					sent.push(framedPiece(framer, new Uint8Array(0), { complete: true }));
				});
				if (failure !== undefined) assertOurs(failure, ['bad-argument', 'not-supported', 'too-large']);
				else sameMessages(deframed(framing, sent), [sample]);
			}
		});

		if (framing.chunk !== undefined) {
			declare('messages whose pieces come between each other come back whole, in the order in which they end', () => {
				for (let round = 0; round < interleavings; round += 1) {
					const { sent, ended } = interleaved(framing, samples, random);
					sameMessages(deframed(framing, [sent]), ended);
				}
			});
		}

		declare('framing leaves the message as it is, and gives the same bytes each time', () => {
			const before = samples.map(copy);
			sameMessages([framed(framing, samples)], [stream]);
			sameMessages(samples, before);
		});

		declare('each framer has a state of its own', () => {
			const half = stream.length >> 1;
			const [first, second] = [new Collector(framing), new Collector(framing)];
			for (const collector of [first, second]) collector.chunk(stream.subarray(0, half));
			for (const collector of [first, second]) collector.chunk(stream.subarray(half));
			sameMessages(first.end(), expected);
			sameMessages(second.end(), expected);
		});

		declare('an empty stream holds no message, or one without content where there are no boundaries', () => {
			sameMessages(deframed(framing, []), framing.preservesBoundaries ? [] : [new Uint8Array(0)]);
		});

		declare('a stream that breaks off gives a beginning of the messages, and an error of ours if any', () => {
			for (const place of placesIn(stream, random)) {
				const collector = new Collector(framing);
				const failure = errorOf(() => {
					collector.chunk(stream.subarray(0, place));
					collector.end();
				});
				if (failure !== undefined) assertOurs(failure, ['malformed', 'too-large']);
				// Some framings take the rest for a last message: that one may be cut.
				const { messages } = collector;
				const whole = failure === undefined ? messages.slice(0, -1) : messages;
				sameMessages(whole, expected.slice(0, whole.length));
			}
		});

		declare('random bytes give messages or an error of ours', () => {
			for (let round = 0; round < rounds; round += 1) {
				const noise = random.fill(new Uint8Array(random.below(200)));
				const failure = errorOf(() =>
					deframed(
						framing,
						split(noise, () => 1 + random.below(40)),
					),
				);
				if (failure !== undefined) assertOurs(failure, ['malformed', 'too-large']);
			}
		});

		declare('a stream with some bytes changed gives messages or an error of ours', () => {
			for (let round = 0; round < rounds; round += 1) {
				const changed = copy(stream);
				for (let count = 1 + random.below(3); count > 0; count -= 1) {
					changed[random.below(changed.length)] = random.below(256);
				}
				const failure = errorOf(() => deframed(framing, [changed]));
				if (failure !== undefined) assertOurs(failure, ['malformed', 'too-large']);
			}
		});
	});
}

/** The bytes of `messages` on the wire, as a new framer of `framing` writes them. */
export function framed(framing: Framing, messages: readonly Uint8Array[]): Uint8Array {
	const framer = framing.framer();
	const out = new Packer();
	for (const message of messages) framer.frame(message, { complete: true }, out);
	return concat(out.take());
}

/**
 * The messages a new framer of `framing` makes of a stream that comes as `chunks` and then ends. Each chunk is lent as
 * a flow lends it: overwritten as soon as the loan ends.
 */
export function deframed(framing: Framing, chunks: Iterable<Uint8Array>): Uint8Array[] {
	const collector = new Collector(framing);
	for (const chunk of chunks) collector.chunk(chunk);
	return collector.end();
}

export function deframerOf(framing: Framing): Deframer {
	return new Deframer(framing.framer(), framing.name);
}

/** `messages` in pieces of at most `chunk` bytes, as many at once as may be, taking turns by chance; some are aborted. */
function interleaved(
	framing: Framing,
	messages: readonly Uint8Array[],
	random: Random,
): { sent: Uint8Array; ended: Uint8Array[] } {
	const { chunk = 1, maxMessages = messages.length } = framing;
	const framer = framing.framer();
	const sent: Uint8Array[] = [];
	const ended: Uint8Array[] = [];
	const begun: { content: Uint8Array; message: number; from: number }[] = [];
	for (let next = 0; next < messages.length || begun.length > 0; ) {
		const beginsNext = next < messages.length && begun.length < maxMessages && random.below(2) === 0;
		if (beginsNext) begun.push({ content: messages[next]!, message: next++, from: 0 });
		const place = random.below(begun.length || 1);
		const turn = begun[place];
		if (!turn) continue;
		const { content, message, from } = turn;
		const aborted = from > 0 && random.below(10) === 0;
		turn.from += aborted ? content.length : 1 + random.below(Math.min(chunk, 1 + (content.length >> 2)));
		const complete = turn.from >= content.length;
		if (complete) begun.splice(place, 1);
		if (aborted) sent.push(framedPiece(framer, new Uint8Array(0), { complete, message, aborted }));
		else sent.push(framedPiece(framer, content.subarray(from, turn.from), { complete, message }));
		if (complete && !aborted) ended.push(content);
	}
	return { sent: concat(sent), ended };
}

/** The pieces of `bytes`, the size of each chosen by `size`. */
export function* split(bytes: Uint8Array, size: () => number): Generator<Uint8Array> {
	let start = 0;
	while (start < bytes.length) {
		const end = start + size();
		yield bytes.subarray(start, end);
		start = end;
	}
}

class Collector {
	readonly messages: Uint8Array[] = [];
	readonly #deframer: Deframer;
	/** The pieces so far of a message that comes in pieces. */
	#pieces: Uint8Array[] = [];

	constructor(framing: Framing) {
		this.#deframer = deframerOf(framing);
	}

	chunk(bytes: Uint8Array): void {
		const loan = copy(bytes);
		this.#deframer.push(loan);
		this.#collect();
		this.#deframer.own();
		loan.fill(0xee);
	}

	end(): Uint8Array[] {
		this.#deframer.end();
		this.#collect();
		assert.equal(this.#deframer.length, 0, 'bytes were left over at the end of the stream');
		assert.equal(this.#pieces.length, 0, 'the last message was not completed');
		return this.messages;
	}

	/** Reads each frame as late as its loan allows. */
	#collect(): void {
		const borrowed: { content: Uint8Array; complete: boolean }[] = [];
		try {
			for (let frame = this.#deframer.next(); frame !== 'need-more'; frame = this.#deframer.next()) {
				borrowed.push(frame instanceof Uint8Array ? { content: frame, complete: true } : frame);
			}
		} finally {
			for (const { content, complete } of borrowed) {
				this.#pieces.push(copy(content));
				if (!complete) continue;
				this.messages.push(concat(this.#pieces));
				this.#pieces = [];
			}
		}
	}
}

function placesIn(stream: Uint8Array, random: Random): number[] {
	if (stream.length <= everySplitUpTo) return Array.from(stream, (_byte, index) => index);
	return Array.from({ length: rounds }, () => random.below(stream.length));
}

/** The bytes that go out for one piece of a message, whose array is overwritten then, as a caller may. */
function framedPiece(framer: Framer, piece: Uint8Array, properties: FrameProperties): Uint8Array {
	const out = new Packer();
	const own = copy(piece);
	framer.frame(own, properties, out);
	const bytes = copy(concat(out.take()));
	own.fill(0xee);
	return bytes;
}

function sameMessages(actual: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
	assert.equal(actual.length, expected.length, 'number of messages');
	for (const [index, message] of actual.entries()) {
		const wanted = expected[index]!;
		assert.equal(message.length, wanted.length, `length of message ${index}`);
		if (Buffer.compare(message, wanted) === 0) continue;
		const place = message.findIndex((byte, position) => byte !== wanted[position]);
		assert.fail(`message ${index} differs from byte ${place} on`);
	}
}

/** Of a `Buffer` too, whose `slice` shares memory. */
function copy(bytes: Uint8Array): Uint8Array {
	return new Uint8Array(bytes);
}

function errorOf(body: () => void): unknown {
	try {
		body();
	} catch (error) {
		return error;
	}
	return undefined;
}

function assertOurs(error: unknown, codes: readonly string[]): void {
	if (!(error instanceof PostSocketsError)) throw error;
	assert.ok(codes.includes(error.code), `${error.code} is not one of ${codes.join(', ')}: ${error.message}`);
}
