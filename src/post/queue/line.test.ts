import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Entry } from './entry.ts';
import { fewGaps, Line } from './line.ts';

/** Numbered like those of a queue. */
function entry(id: number): Entry {
	return Object.assign(new Entry(0), { id });
}

function leave(line: Line, entry: Entry): void {
	entry.spot = undefined;
	line.leave();
}

test('a line does what a list does, whoever leaves it', () => {
	fc.assert(
		fc.property(fc.array(fc.nat(400), { maxLength: 500, size: 'max' }), (operations) => {
			const line = new Line();
			let model: Entry[] = [];
			for (const [index, value] of operations.entries()) {
				const leaving = value % 2 === 0 ? undefined : model[value >> 1];
				if (leaving) {
					leave(line, leaving);
					model = model.filter((other) => other !== leaving);
				} else {
					model.push(entry(index * 2));
					line.push(model.at(-1)!);
				}
				assert.equal(line.first, model[0]);
				assert.equal(
					line.find(value),
					model.find(({ id }) => id === value),
				);
			}
			assert.deepEqual([...line], model);
			for (const entry of model) leave(line, entry);
			assert.deepEqual([line.first, line.gaps], [undefined, 0]);
		}),
	);
});

test('those who left behind one who stays take no more room than those who are there', () => {
	const line = new Line();
	line.push(entry(1));
	for (let id = 2; id < 10_000; id += 1) {
		const passing = entry(id);
		line.push(passing);
		leave(line, passing);
		assert.ok(line.gaps <= fewGaps + 1);
	}
	assert.deepEqual([line.first?.id, [...line].length], [1, 1]);
});
