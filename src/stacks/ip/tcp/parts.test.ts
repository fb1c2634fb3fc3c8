import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../../base/random.ts';
import { end } from '../lan-harness.ts';
import type { Congestion } from './congestion.ts';
import { Cubic } from './cubic.ts';
import { Identifiers } from './identifiers.ts';
import { defaultTcpLimits } from './limits.ts';
import { NewReno } from './new-reno.ts';
import { PagedBytes, PagePool } from './paged-bytes.ts';
import { Receiver } from './receiver.ts';
import { RoundTrip } from './round-trip.ts';
import { Scoreboard } from './scoreboard.ts';
import { distance, isBefore, later, plus } from './sequence.ts';

test('sequence numbers come round', () => {
	assert.equal(plus(0xffff_fff0, 32), 16);
	assert.equal(distance(16, 0xffff_fff0), 32);
	assert.ok(isBefore(0xffff_ffff, 0));
	assert.equal(later(0xffff_ffff, 5), 5);
});

test('paged bytes are one array, whatever is written and dropped', () => {
	const step = fc.record({ at: fc.integer({ min: 0, max: 50_000 }), length: fc.integer({ min: 0, max: 40_000 }) });
	fc.assert(
		fc.property(fc.array(fc.tuple(step, fc.integer({ min: 0, max: 30_000 })), { maxLength: 12 }), (steps) => {
			const pool = new PagePool();
			const subject = new PagedBytes(pool);
			let twin: number[] = [];
			const random = seededRandom(steps.length);
			for (const [{ at, length }, drop] of steps) {
				const from = Math.min(at, twin.length);
				const bytes = random.fill(new Uint8Array(length + 2));
				subject.write(from, bytes, 1, length + 1);
				for (let index = 0; index < length; index += 1) twin[from + index] = bytes[index + 1]!;
				const dropped = Math.min(drop, twin.length);
				subject.drop(dropped);
				twin = twin.slice(dropped);
				const out = new Uint8Array(twin.length);
				subject.read(0, out, 0, out.length);
				assert.deepEqual(out, Uint8Array.from(twin));
				if (twin.length > 0) assert.equal(subject.front(twin.length)[0], twin[0]);
			}
		}),
		{ numRuns: 50 },
	);
});

test('a receiver makes the stream again of pieces in any order, across the end of the numbers', () => {
	const piece = fc.record({ at: fc.integer({ min: -500, max: 9000 }), length: fc.integer({ min: 1, max: 3000 }) });
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 0, max: 0xffff_ffff }), (pieces, irs) => {
			const limits = { ...defaultTcpLimits, receiveBuffer: 8000, pieces: 5 };
			const receiver = new Receiver(limits, new PagePool());
			receiver.start(irs);
			const base = receiver.rcvNxt;
			let read = 0;
			for (const { at, length } of [...pieces, { at: 0, length: 9000 }]) {
				const bytes = Uint8Array.from({ length }, (_, index) => (at + index) & 0xff);
				receiver.take(plus(base, at), bytes, 0, length, false);
				assert.ok((receiver.blocks(4)?.length ?? 0) <= 4);
				assert.ok(receiver.unread <= limits.receiveBuffer);
				while (receiver.unread > 0 && at % 3 !== 0) {
					const chunk = receiver.front();
					for (const byte of chunk) assert.equal(byte, read++ & 0xff);
					receiver.read(chunk.length);
				}
			}
			assert.equal(distance(receiver.rcvNxt, base), read + receiver.unread);
		}),
	);
});

test('RFC 6298: the timeout follows mean and deviation, within its bounds', () => {
	const subject = new RoundTrip();
	assert.equal(subject.timeout, 1000);
	subject.measure(400);
	assert.deepEqual([subject.smoothed, subject.variation, subject.timeout], [400, 200, 1200]);
	for (let count = 0; count < 100; count += 1) subject.measure(1);
	assert.equal(subject.timeout, 200);
	assert.equal(subject.backedOff(3), 1600);
	assert.equal(subject.backedOff(100), 60_000);
});

test('RFC 8985: what was sent before three that arrived is lost; what may only be late is waited for', () => {
	const roundTrip = new RoundTrip();
	const board = new Scoreboard(roundTrip);
	for (let index = 0; index < 6; index += 1) board.add(index * 10, index * 10 + 10, index);
	roundTrip.measure(40);
	board.select([{ left: 10, right: 20 }], 41);
	assert.equal(board.detect(41, false), false);
	assert.equal(board.lateAt, 50, 'sent at 0, a round trip of 40, a quarter of it more');
	assert.equal(board.detect(50, false), true);
	assert.deepEqual([board.lost, board.flight, board.sacked], [1, 40, 10]);
	board.select([{ left: 20, right: 40 }], 51);
	assert.equal(board.nextLost()?.start, 0);
});

test('a scoreboard counts what is under way, whatever is acknowledged and selected', () => {
	const event = fc.tuple(
		fc.constantFrom('add', 'acknowledge', 'select', 'resend', 'detect', 'timeout'),
		fc.integer({ min: 0, max: 5000 }),
		fc.integer({ min: 1, max: 2000 }),
	);
	fc.assert(
		fc.property(fc.array(event, { maxLength: 60 }), (events) => {
			const board = new Scoreboard(new RoundTrip());
			let [una, nxt, now] = [0xffff_f000, 0xffff_f000, 0];
			for (const [type, at, length] of events) {
				now += 1;
				if (type === 'add') {
					board.add(nxt, plus(nxt, length), now);
					nxt = plus(nxt, length);
				} else if (type === 'acknowledge') {
					una = plus(una, Math.min(at, distance(nxt, una)));
					board.acknowledge(una, now);
				} else if (type === 'select') board.select([{ left: plus(una, at), right: plus(una, at + length) }], now);
				else if (type === 'timeout') board.markAllLost();
				else if (type === 'detect') board.detect(now, false);
				else {
					const piece = board.nextLost();
					if (piece) board.resend(piece, length, now);
				}
				assert.ok(board.flight >= 0 && board.flight + board.sacked <= distance(nxt, una));
				assert.ok(board.lost >= 0 && board.lost <= board.length);
			}
			board.acknowledge(nxt, now + 1);
			assert.deepEqual([board.flight, board.lost, board.sacked, board.length], [0, 0, 0, 0]);
		}),
	);
});

const controls: readonly (() => Congestion)[] = [() => new Cubic(1000), () => new NewReno(1000)];

for (const make of controls) {
	const { name } = make().constructor;
	test(`${name}: doubles at first, shrinks by a loss, and has whole and bounded windows whatever happens`, () => {
		const fresh = make();
		fresh.onStart();
		const first = fresh.window;
		fresh.onAck(first, 0, 10);
		assert.equal(fresh.window, 2 * first);
		fresh.onLoss(fresh.window, 0);
		assert.ok(fresh.window >= first && fresh.window < 2 * first);
		const event = fc.tuple(
			fc.constantFrom('ack', 'loss', 'timeout', 'idle'),
			fc.integer({ min: 1, max: 2_000_000 }),
			fc.integer({ min: 0, max: 100_000 }),
		);
		fc.assert(
			fc.property(fc.array(event, { maxLength: 50 }), (events) => {
				const subject = make();
				let now = 0;
				for (const [type, bytes, time] of events) {
					now += time;
					if (type === 'ack') subject.onAck(bytes, now, 10.5);
					else if (type === 'loss') subject.onLoss(bytes, now);
					else if (type === 'timeout') subject.onTimeout(bytes, now);
					else subject.onIdle();
					assert.ok(Number.isInteger(subject.window) && subject.window >= 1000 && subject.window <= 2 ** 30);
				}
			}),
		);
	});
}

test('CUBIC comes back to where the loss was after K, and RFC 9438 §5.1 says when that is', () => {
	const subject = new Cubic(1000);
	subject.window = 1_000_000;
	subject.onLoss(1_000_000);
	assert.equal(subject.window, 700_000);
	// K is the cube root of 300 segments / 0.4 in seconds: 9.085.
	let now = 0;
	for (; subject.window < 990_000; now += 100) subject.onAck(subject.window, now, 100);
	assert.ok(now > 5000 && now < 9100, `${now}`);
});

test('RFC 6528: sequence numbers begin elsewhere for each pair of ends, and a clock moves them', () => {
	const subject = new Identifiers(seededRandom(1).fill(new Uint8Array(16)));
	const [a, b, c] = [end('192.0.2.1:80'), end('192.0.2.2:5000'), end('192.0.2.2:5001')];
	const first = subject.initialSequence(a, b, 1000);
	assert.equal(distance(subject.initialSequence(a, b, 1004), first), 1000);
	assert.notEqual(subject.initialSequence(a, c, 1000), first);
	assert.notEqual(new Identifiers(new Uint8Array(16)).initialSequence(a, b, 1000), first);
});

test('a cookie says what it was told, to its own ends and for two minutes', () => {
	const subject = new Identifiers(new Uint8Array(16));
	const [a, b, c] = [end('192.0.2.1:80'), end('192.0.2.2:5000'), end('192.0.2.2:5001')];
	for (const [size, told] of [
		[1460, 1460],
		[1459, 1440],
		[100, 216],
		[65_535, 8960],
	] as const) {
		const cookie = subject.cookie(a, b, 77, size, 5000);
		assert.deepEqual(subject.readCookie(a, b, 77, cookie, 60_000), { maximumSegmentSize: told });
		assert.equal(subject.readCookie(a, c, 77, cookie, 5000), undefined);
		assert.equal(subject.readCookie(a, b, 78, cookie, 5000), undefined);
		assert.equal(subject.readCookie(a, b, 77, cookie ^ 1, 5000), undefined);
		assert.equal(subject.readCookie(a, b, 77, cookie, 200_000), undefined);
	}
});
