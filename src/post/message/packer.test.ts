import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../base/bytes.ts';
import { Packer } from './packer.ts';

test('integers are in network byte order', () => {
	const out = new Packer();
	out.uint8(0xfe);
	out.uint16(0xfedc);
	out.uint32(0xfedc_ba98);
	assert.equal(out.length, 7);
	assert.deepEqual(out.take(), [Uint8Array.of(0xfe, 0xfe, 0xdc, 0xfe, 0xdc, 0xba, 0x98)]);
	assert.equal(out.length, 0);
	assert.deepEqual(out.take(), []);
});

test('small writes are copied into one chunk, large ones stay the arrays they are', () => {
	const out = new Packer();
	const small = new Uint8Array(4095).fill(1);
	const large = new Uint8Array(4096).fill(2);
	out.write(Uint8Array.of(7));
	out.write(small);
	out.write(large);
	out.uint8(9);
	small.fill(0xee);
	const chunks = out.take();
	assert.equal(concat(chunks).length, 1 + 4095 + 4096 + 1);
	assert.equal(chunks.at(-2), large);
	assert.deepEqual(chunks.at(-1), Uint8Array.of(9));
	assert.deepEqual(concat(chunks.slice(0, -2)), concat([Uint8Array.of(7), new Uint8Array(4095).fill(1)]));
});

test('many small writes make few chunks', () => {
	const out = new Packer();
	const message = new Uint8Array(64);
	for (let count = 0; count < 16_384; count += 1) out.write(message);
	const chunks = out.take();
	assert.equal(concat(chunks).length, 1_048_576);
	assert.ok(chunks.length <= 22, `${chunks.length} chunks for 1 MiB`);
});

test('who sends little after much holds little', () => {
	const out = new Packer();
	for (let count = 0; count < 4096; count += 1) out.write(new Uint8Array(64));
	out.take();
	out.uint8(1);
	out.take();
	out.uint8(1);
	assert.equal(out.take()[0]!.buffer.byteLength, 1024);
});

test('any series of writes and takes gives the bytes in order, and chunks never change after they were taken', () => {
	const write = fc.oneof(
		{ weight: 3, arbitrary: fc.uint8Array({ maxLength: 100 }) },
		fc.nat(9000).map((length) => new Uint8Array(length).fill(length)),
		fc.constantFrom('uint8', 'uint16', 'uint32', 'take'),
	);
	fc.assert(
		fc.property(fc.array(write, { maxLength: 200 }), (writes) => {
			const out = new Packer();
			const expected: number[] = [];
			const chunks: Uint8Array[] = [];
			for (const step of writes) {
				if (step instanceof Uint8Array) {
					out.write(step);
					for (const byte of step) expected.push(byte);
				} else if (step === 'take') {
					chunks.push(...out.take());
				} else {
					const bytes = [0x81, 0x92, 0xa3, 0xb4].slice(0, { uint8: 1, uint16: 2, uint32: 4 }[step as 'uint8']);
					out[step as 'uint8'](bytes.reduce((value, byte) => value * 256 + byte, 0));
					expected.push(...bytes);
				}
			}
			chunks.push(...out.take());
			assert.deepEqual(concat(chunks), Uint8Array.from(expected));
		}),
	);
});
