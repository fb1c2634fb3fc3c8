import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deframerOf, framed } from '../../testing/framer-suite.ts';
import type { Frame, Framer, Framing } from './framer.ts';
import { frame } from './framing.ts';

test('a chunk of many small messages is not copied: frames are views of it', () => {
	const messages = Array.from({ length: 1000 }, (_, index) => new Uint8Array(64).fill(index));
	for (const framing of [frame.lengthPrefix(), frame.varint(), frame.delimited('\r\n\r\n'), frame.stream()]) {
		const chunk = framed(framing, messages).slice();
		const deframer = deframerOf(framing);
		deframer.push(chunk);
		for (let next = deframer.next(); next !== 'need-more'; next = deframer.next()) {
			assert.equal((next instanceof Uint8Array ? next : next.content).buffer, chunk.buffer);
		}
		assert.equal(deframer.length, 0);
	}
});

test('a stream that ends inside a message is malformed, and the error says where', () => {
	const deframer = deframerOf(frame.lengthPrefix());
	deframer.push(Uint8Array.of(0, 0, 0, 5, 1, 2));
	assert.equal(deframer.next(), 'need-more');
	deframer.end();
	assert.throws(() => deframer.next(), {
		code: 'malformed',
		operation: 'receive',
		message: 'the stream ended inside a message: its last 6 bytes make no whole one (length-prefix)',
	});
});

test('the end is told to the framer once all bytes were taken', () => {
	let ends = 0;
	const counting: Framing = {
		name: 'counting',
		preservesBoundaries: true,
		framer: () => ({
			frame() {},
			deframe: (input) => (input.length > 0 ? input.take(1) : 'need-more'),
			end: () => void (ends += 1),
		}),
	};
	const deframer = deframerOf(counting);
	deframer.push(Uint8Array.of(1, 2));
	deframer.end();
	assert.deepEqual(deframer.next(), Uint8Array.of(1));
	assert.deepEqual(deframer.next(), Uint8Array.of(2));
	assert.equal(ends, 0);
	assert.equal(deframer.next(), 'need-more');
	assert.equal(ends, 1);
});

test('a framer that makes several frames of what it took may; one that never stops is told off', () => {
	const repeating = (times: number): Framing => ({
		name: 'repeating',
		preservesBoundaries: true,
		framer: () => new Repeating(times),
	});
	const deframer = deframerOf(repeating(1000));
	deframer.push(Uint8Array.of(1, 2));
	let frames = 0;
	while (deframer.next() !== 'need-more') frames += 1;
	assert.equal(frames, 2000);

	const endless = deframerOf(repeating(Number.POSITIVE_INFINITY));
	endless.push(Uint8Array.of(1));
	assert.throws(() => {
		while (endless.next() !== 'need-more');
	}, /repeating makes frames without taking bytes/);
});

class Repeating implements Framer {
	readonly #times: number;
	#left = 0;

	constructor(times: number) {
		this.#times = times;
	}

	frame(): void {}

	deframe(input: Parameters<Framer['deframe']>[0]): Uint8Array | 'need-more' {
		if (this.#left === 0) {
			if (input.length === 0) return 'need-more';
			input.skip(1);
			this.#left = this.#times;
		}
		this.#left -= 1;
		return new Uint8Array(0);
	}
}

// Quadratic time would mean hours.
test('10 MB that arrive byte by byte cost linear time', { timeout: 60_000 }, () => {
	const maxLength = 10_000_000;
	for (const framing of [frame.lengthPrefix({ maxLength }), frame.lines({ maxLength })]) {
		const stream = framed(framing, [new Uint8Array(maxLength).fill(0x41)]);
		const deframer = deframerOf(framing);
		const frames: Frame[] = [];
		const loan = new Uint8Array(1);
		for (const byte of stream) {
			loan[0] = byte;
			deframer.push(loan);
			const next = deframer.next();
			if (next !== 'need-more') frames.push(next);
			deframer.own();
		}
		assert.equal(frames.length, 1);
		assert.equal((frames[0] as Uint8Array).length, maxLength);
	}
});
