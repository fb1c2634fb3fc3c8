import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Kept, Shelf } from './shelf.ts';

test('frames are copies, stay as they were until released, and take what they take', () => {
	const step = fc.oneof(
		fc.record({ put: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(65_549, 200_000)) }),
		fc.record({ release: fc.nat() }),
	);
	fc.assert(
		fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
			const shelf = new Shelf();
			const lying: { kept: Kept; number: number }[] = [];
			for (const [number, next] of steps.entries()) {
				if ('put' in next) {
					const frame = new Uint8Array(next.put).fill(number);
					lying.push({ kept: shelf.put(frame, undefined, number), number });
					frame.fill(0xee);
				} else if (lying.length > 0) shelf.release(lying.splice(next.release % lying.length, 1)[0]!.kept);
				for (const one of lying) {
					const { bytes } = one.kept;
					assert.ok(
						bytes[0] === one.number && bytes.at(-1) === one.number && bytes.every((byte) => byte === one.number),
					);
				}
				assert.equal(
					shelf.taken,
					lying.reduce((sum, { kept }) => sum + Math.ceil(kept.bytes.length / 64) * 64, 0),
				);
			}
			for (const { kept } of lying) shelf.release(kept);
			assert.equal(shelf.taken, 0);
		}),
	);
});
