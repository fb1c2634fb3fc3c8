import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../../base/bytes.ts';
import { PostSocketsError } from '../../../base/errors.ts';
import { deframed, deframerOf, framed, split } from '../../../testing/framer-suite.ts';
import type { FrameProperties } from '../framer.ts';
import { Packer } from '../packer.ts';
import { type ChunkedOptions, chunked } from './chunked.ts';

const empty = new Uint8Array(0);

test('the bytes on the wire: a whole message, parts with their slots, an abort', () => {
	assert.deepEqual(framed(chunked(), [Uint8Array.of(9), empty]), Uint8Array.of(0, 1, 9, 0, 0));
	const sent = pieces([
		[Uint8Array.of(1, 2), { complete: false, message: 70 }],
		[Uint8Array.of(3), { complete: false, message: 71 }],
		[Uint8Array.of(4), { complete: true, message: 72 }],
		[Uint8Array.of(5), { complete: true, message: 70 }],
		[Uint8Array.of(6), { complete: false, message: 73 }],
		[empty, { complete: true, message: 71, aborted: true }],
		[empty, { complete: true, message: 73 }],
	]);
	const slot = (number: number, kind: number) => number * 4 + kind;
	assert.deepEqual(
		sent,
		concat([
			Uint8Array.of(slot(0, 1), 2, 1, 2),
			Uint8Array.of(slot(1, 1), 1, 3),
			Uint8Array.of(slot(0, 0), 1, 4),
			Uint8Array.of(slot(0, 2), 1, 5),
			Uint8Array.of(slot(0, 1), 1, 6),
			Uint8Array.of(slot(1, 3)),
			Uint8Array.of(slot(0, 2), 0),
		]),
	);
	assert.deepEqual(deframed(chunked(), [sent]), [Uint8Array.of(4), Uint8Array.of(1, 2, 5), Uint8Array.of(6)]);
});

test('an urgent message comes between the chunks of a large one and is delivered before it', () => {
	const large = new Uint8Array(100_000).fill(1);
	const urgent = Uint8Array.of(2);
	const sent = pieces([
		[large.subarray(0, 16_384), { complete: false, message: 1 }],
		[urgent, { complete: true, message: 2 }],
		[large.subarray(16_384), { complete: true, message: 1 }],
	]);
	assert.deepEqual(
		deframed(
			chunked(),
			split(sent, () => 1000),
		),
		[urgent, large],
	);
});

test('aborting what has not begun adds nothing', () => {
	assert.deepEqual(pieces([[empty, { complete: true, message: 5, aborted: true }]]), empty);
});

test('a message in one piece needs no slot, another one is refused to the sender', () => {
	const framer = chunked({ maxMessages: 1 }).framer();
	const out = new Packer();
	framer.frame(Uint8Array.of(1), { complete: false, message: 1 }, out);
	framer.frame(Uint8Array.of(2), { complete: true, message: 2 }, out);
	const { length } = out;
	assert.throws(() => framer.frame(Uint8Array.of(3), { complete: false, message: 3 }, out), {
		code: 'bad-argument',
		message: '1 messages of frame.chunked are begun, and maxMessages allows no more',
	});
	assert.equal(out.length, length);
	framer.frame(empty, { complete: true, message: 1 }, out);
	framer.frame(Uint8Array.of(3), { complete: false, message: 3 }, out);
});

test('a piece over the limit is refused, and the message can still be ended or aborted', () => {
	const out = new Packer();
	const framer = chunked({ maxLength: 10 }).framer();
	framer.frame(new Uint8Array(6), { complete: false, message: 1 }, out);
	assert.throws(() => framer.frame(new Uint8Array(5), { complete: true, message: 1 }, out), { code: 'too-large' });
	framer.frame(new Uint8Array(4), { complete: true, message: 1 }, out);
	assert.deepEqual(deframed(chunked({ maxLength: 10 }), out.take()), [new Uint8Array(10)]);
});

test('the bounds hold for what is received, before it is here', () => {
	refused({ maxLength: 10 }, [1, 8, ...new Uint8Array(8), 2, 3], 'too-large', /peer's message of 11 bytes/);
	refused({ maxLength: 10 }, [0, 11], 'too-large', /11 bytes/);
	refused(
		{ maxMessages: 2 },
		[1, 0, 5, 0, 9],
		'malformed',
		'the peer used slot 2, and maxMessages is 2 here (frame.chunked)',
	);
	refused({}, [0xff, 0xff, 0xff, 0xff, 0x0f], 'malformed', /slot 1073741823/);
});

test('chunks that fit no message are malformed', () => {
	refused({}, [2], 'malformed', 'the peer ended a message in slot 0, where none had begun (frame.chunked)');
	refused({}, [3], 'malformed', /none had begun/);
	refused({}, [4], 'malformed', 'the peer sent a whole message in slot 1, which is for parts (frame.chunked)');
	refused({}, [0x80, 0], 'malformed', /zero byte/);
});

test('a stream that ends between the chunks of a message is malformed', () => {
	const broken = (bytes: number[]) => () => deframed(chunked(), [Uint8Array.from(bytes)]);
	assert.throws(broken([1, 1, 9]), { code: 'malformed', message: 'the peer ended inside a message (frame.chunked)' });
	assert.throws(broken([1, 1, 9, 5, 0]), { message: 'the peer ended inside 2 messages (frame.chunked)' });
	assert.throws(broken([1, 2, 9]), { code: 'malformed', message: /last 3 bytes/ });
	assert.deepEqual(broken([1, 1, 9, 3])(), []);
});

test('whatever chunks arrive, a simple model of slots says what they mean', () => {
	const chunk = fc.record({
		slot: fc.nat(3),
		kind: fc.constantFrom(0, 1, 1, 1, 2, 3),
		content: fc.uint8Array({ maxLength: 12 }),
	});
	const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
	fc.assert(
		fc.property(fc.array(chunk, { maxLength: 40 }), sizes, (chunks, cuts) => {
			const stream = chunks.flatMap(({ slot, kind, content }) =>
				kind === 3 ? [slot * 4 + kind] : [slot * 4 + kind, content.length, ...content],
			);
			let cut = 0;
			const next = () => cuts[cut++ % cuts.length]!;
			assert.deepEqual(
				outcome(() => deframed(limited, split(Uint8Array.from(stream), next))),
				modelled(chunks),
			);
		}),
		{ numRuns: 3000 },
	);
});

test('options that make no sense are refused', () => {
	for (const options of [{ chunk: 0 }, { chunk: 2 ** 32 }, { chunk: 1.5 }, { maxMessages: 0 }, { maxMessages: 1025 }]) {
		assert.throws(() => chunked(options), { code: 'bad-argument', message: /of frame\.chunked must be an integer/ });
	}
});

const limited = chunked({ maxLength: 30, maxMessages: 3 });

/** What `limited` is to make of the chunks: messages, or the code of the error. */
function modelled(chunks: readonly { slot: number; kind: number; content: Uint8Array }[]): Uint8Array[] | string {
	const open = new Map<number, number[]>();
	const messages: Uint8Array[] = [];
	for (const { slot, kind, content } of chunks) {
		const begun = open.get(slot);
		if (slot > 2 || (kind === 0 && slot > 0) || (kind > 1 && !begun)) return 'malformed';
		const bytes = kind === 0 ? [...content] : [...(begun ?? []), ...content];
		if (kind < 3 && bytes.length > 30) return 'too-large';
		if (kind === 1) open.set(slot, bytes);
		else if (kind > 1) open.delete(slot);
		if (kind === 0 || kind === 2) messages.push(Uint8Array.from(bytes));
	}
	return open.size > 0 ? 'malformed' : messages;
}

function outcome(body: () => Uint8Array[]): Uint8Array[] | string {
	try {
		return body();
	} catch (error) {
		if (error instanceof PostSocketsError) return error.code;
		throw error;
	}
}

function pieces(sent: readonly [Uint8Array, FrameProperties][]): Uint8Array {
	const framer = chunked().framer();
	const out = new Packer();
	for (const [piece, properties] of sent) framer.frame(piece, properties, out);
	return concat(out.take());
}

function refused(options: ChunkedOptions, bytes: readonly number[], code: string, message: string | RegExp): void {
	const deframer = deframerOf(chunked(options));
	deframer.push(Uint8Array.from(bytes));
	assert.throws(() => deframer.next(), { code, message, operation: 'receive' });
}
