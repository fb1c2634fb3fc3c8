import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Queue } from './queue.ts';

test('an empty queue has nothing', () => {
	const queue = new Queue<number>();
	assert.deepEqual(
		[queue.length, queue.shift(), queue.at(0), queue.remove(() => true)],
		[0, undefined, undefined, undefined],
	);
});

test('a queue does what an array does', () => {
	const operation = fc.oneof(
		{ weight: 6, arbitrary: fc.record({ type: fc.constant('push' as const), value: fc.nat(9) }) },
		{ weight: 5, arbitrary: fc.record({ type: fc.constant('shift' as const), value: fc.constant(0) }) },
		{ weight: 1, arbitrary: fc.record({ type: fc.constant('unshift' as const), value: fc.nat(9) }) },
		{ weight: 1, arbitrary: fc.record({ type: fc.constant('remove' as const), value: fc.nat(9) }) },
		{ weight: 1, arbitrary: fc.record({ type: fc.constant('at' as const), value: fc.nat(9) }) },
	);
	fc.assert(
		fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
			const queue = new Queue<number>();
			const model: number[] = [];
			for (const { type, value } of operations) {
				if (type === 'push') {
					queue.push(value);
					model.push(value);
				} else if (type === 'unshift') {
					queue.unshift(value);
					model.unshift(value);
				} else if (type === 'shift') assert.equal(queue.shift(), model.shift());
				else if (type === 'at') assert.equal(queue.at(value), model[value]);
				else {
					const index = model.indexOf(value);
					const removed = index < 0 ? undefined : model.splice(index, 1)[0];
					assert.equal(
						queue.remove((item) => item === value),
						removed,
					);
				}
				assert.equal(queue.length, model.length);
			}
			while (model.length > 0) assert.equal(queue.shift(), model.shift());
			assert.equal(queue.shift(), undefined);
		}),
	);
});

test('a queue that is never empty gives back what it has passed', () => {
	const queue = new Queue<number>();
	for (let value = 0; value < 3000; value += 1) queue.push(value);
	for (let value = 3000; value < 100_000; value += 1) {
		queue.push(value);
		assert.equal(queue.shift(), value - 3000);
		assert.equal(queue.at(0), value - 2999);
	}
	assert.equal(queue.length, 3000);
	queue.clear();
	assert.deepEqual([queue.length, queue.shift()], [0, undefined]);
});
