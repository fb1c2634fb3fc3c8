import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteQueue, concat } from './bytes.ts';

test('concat joins pieces, and returns a single one as it is', () => {
	const one = Uint8Array.of(1, 2);
	assert.equal(concat([one]), one);
	assert.deepEqual(concat([one, Uint8Array.of(), Uint8Array.of(3)]), Uint8Array.of(1, 2, 3));
	assert.deepEqual(concat([]), Uint8Array.of());
});

test('what was pushed is read without copying, as plain Uint8Arrays also of a Buffer', () => {
	for (const chunk of [Uint8Array.of(1, 2, 3, 4), Buffer.from([1, 2, 3, 4])]) {
		const queue = new ByteQueue();
		queue.push(chunk);
		queue.skip(1);
		const taken = queue.take(2);
		assert.deepEqual(taken, Uint8Array.of(2, 3));
		assert.equal(taken.buffer, chunk.buffer);
		assert.equal(Object.getPrototypeOf(taken), Uint8Array.prototype);
	}
});

test('only what lies across the boundary is copied', () => {
	const queue = new ByteQueue();
	queue.push(Uint8Array.of(1, 2, 3));
	queue.own();
	const second = Uint8Array.of(4, 5, 6, 7);
	queue.push(second);
	assert.deepEqual(queue.take(4), Uint8Array.of(1, 2, 3, 4));
	const rest = queue.take(3);
	assert.deepEqual(rest, Uint8Array.of(5, 6, 7));
	assert.equal(rest.buffer, second.buffer);
});

test('what was given out stays as it is while bytes across the boundary are moved', () => {
	const queue = new ByteQueue();
	queue.push(new Uint8Array(165).fill(1));
	queue.own();
	queue.skip(5);
	queue.push(new Uint8Array(100).fill(2));
	const given = queue.take(150);
	assert.deepEqual(queue.take(110), concat([new Uint8Array(10).fill(1), new Uint8Array(100).fill(2)]));
	assert.deepEqual(given, new Uint8Array(150).fill(1));
});

test('reading outside the queue throws', () => {
	const queue = new ByteQueue();
	queue.push(Uint8Array.of(1, 2));
	queue.own();
	queue.push(Uint8Array.of(3));
	for (const index of [-1, 3, 4]) assert.throws(() => queue.at(index), RangeError);
	for (const count of [-1, 4]) {
		assert.throws(() => queue.peek(count), RangeError);
		assert.throws(() => queue.take(count), RangeError);
		assert.throws(() => queue.skip(count), RangeError);
	}
	assert.deepEqual(queue.take(3), Uint8Array.of(1, 2, 3));
});

test('behaves like an array of numbers under any series of operations, and owns what it was told to own', () => {
	fc.assert(
		fc.property(fc.array(operation, { maxLength: 100, size: 'max' }), (operations) => {
			const pair = new Twins();
			for (const step of operations) step(pair);
		}),
		{ numRuns: 1500 },
	);
});

test('several queues that take turns do not disturb one another, although one may go on in the buffer of another', () => {
	const steps = fc.array(fc.tuple(fc.nat(2), operation), { maxLength: 100, size: 'max' });
	fc.assert(
		fc.property(steps, (operations) => {
			const all = [new Twins(), new Twins(), new Twins()];
			for (const [index, run] of operations) run(all[index]!);
			for (const twins of all) {
				twins.check();
				twins.own();
				assert.deepEqual([...twins.queue.take(twins.queue.length)], twins.bytes);
				twins.bytes.length = 0;
				twins.own();
			}
		}),
	);
});

test('a queue goes on in the buffer that another one has left, unless that is much too large for it', () => {
	const bufferOf = (length: number) => {
		const queue = new ByteQueue();
		queue.push(new Uint8Array(length));
		queue.own();
		const { buffer } = queue.take(length);
		queue.own();
		return buffer;
	};
	const left = bufferOf(200_000);
	assert.equal(bufferOf(100_000), left);
	assert.notEqual(bufferOf(1000), left);
	assert.equal(bufferOf(20_000), left);
	assert.notEqual(bufferOf(300_000), left);
});

test('large pieces and small ones mixed: as above, through every way the buffer grows, moves and shrinks', () => {
	const size = fc.oneof(fc.nat(40), fc.nat(5_000), fc.nat(400_000));
	fc.assert(
		fc.property(fc.array(fc.tuple(size, size, fc.boolean()), { maxLength: 25 }), (steps) => {
			const queue = new ByteQueue();
			let [pushed, taken] = [0, 0];
			for (const [push, take, own] of steps) {
				const loan = Uint8Array.from({ length: push }, (_byte, index) => (pushed + index) % 251);
				queue.push(loan);
				pushed += push;
				if (own) {
					queue.own();
					loan.fill(0xee);
				}
				const count = Math.min(take, queue.length);
				const bytes = queue.take(count);
				for (let index = 0; index < count; index += 1) {
					if (bytes[index] !== (taken + index) % 251) assert.fail(`byte ${taken + index} is wrong`);
				}
				taken += count;
				assert.equal(queue.length, pushed - taken);
			}
		}),
		{ numRuns: 40 },
	);
});

/** A queue and the same bytes as numbers; views given out are compared again until their loan ends. */
class Twins {
	readonly queue = new ByteQueue();
	bytes: number[] = [];
	#lent: Uint8Array[] = [];
	#views: [Uint8Array, number[]][] = [];

	push(values: Uint8Array): void {
		const loan = values.slice();
		this.#views = [];
		this.queue.push(loan);
		this.#lent.push(loan);
		this.bytes.push(...values);
		this.check();
	}

	own(): void {
		this.#views = [];
		this.queue.own();
		for (const loan of this.#lent) loan.fill(0xee);
		this.#lent = [];
		this.check();
	}

	view(bytes: Uint8Array, expected: number[]): void {
		this.#views.push([bytes, expected]);
		this.check();
	}

	check(): void {
		assert.equal(this.queue.length, this.bytes.length);
		for (const [view, expected] of this.#views) assert.deepEqual([...view], expected);
	}

	part(share: number): number {
		return Math.floor(share * this.bytes.length);
	}
}

const share = fc.double({ min: 0, max: 1, noNaN: true });

/** Few values, so that `indexOf` finds some and misses some; lengths that leave room in a buffer and fill it. */
const values = fc.oneof(
	fc.uint8Array({ maxLength: 12, max: 5 }),
	fc.uint8Array({ maxLength: 200, max: 5, size: 'max' }),
);

const operation: fc.Arbitrary<(twins: Twins) => void> = fc.oneof(
	values.map((pushed) => (twins: Twins) => twins.push(pushed)),
	fc.constant((twins: Twins) => twins.own()),
	share.map((place) => (twins: Twins) => {
		const index = Math.min(twins.part(place), twins.bytes.length - 1);
		if (index >= 0) assert.equal(twins.queue.at(index), twins.bytes[index]);
	}),
	share.map((place) => (twins: Twins) => {
		const count = twins.part(place);
		twins.view(twins.queue.peek(count), twins.bytes.slice(0, count));
	}),
	share.map((place) => (twins: Twins) => {
		const count = twins.part(place);
		twins.view(twins.queue.take(count), twins.bytes.splice(0, count));
	}),
	share.map((place) => (twins: Twins) => {
		const count = twins.part(place);
		twins.queue.skip(count);
		twins.bytes.splice(0, count);
		twins.check();
	}),
	fc.tuple(share, fc.nat(6)).map(([place, byte]) => (twins: Twins) => {
		const from = twins.part(place);
		assert.equal(twins.queue.indexOf(byte, from), twins.bytes.indexOf(byte, from));
	}),
);
