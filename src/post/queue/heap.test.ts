import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Spot } from './entry.ts';
import { Heap } from './heap.ts';

test('a heap gives what a sorted list gives, whoever leaves it', () => {
	const operation = fc.oneof(
		{ weight: 3, arbitrary: fc.record({ leave: fc.constant(false), value: fc.nat(50) }) },
		{ weight: 2, arbitrary: fc.record({ leave: fc.constant(true), value: fc.nat(50) }) },
	);
	fc.assert(
		fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), (operations) => {
			const heap = new Heap<number>((one, other) => one < other);
			const model: { readonly value: number; readonly spot: Spot }[] = [];
			for (const { leave, value } of operations) {
				if (!leave) model.push({ value, spot: heap.push(value) });
				else model.splice(value % (model.length || 1), 1)[0]?.spot.leave();
				assert.equal(heap.length, model.length);
				assert.equal(heap.first, model.length === 0 ? undefined : Math.min(...model.map(({ value }) => value)));
			}
			for (const { value, spot } of model.sort((one, other) => one.value - other.value)) {
				assert.equal(heap.first, value);
				spot.leave();
			}
		}),
	);
});
