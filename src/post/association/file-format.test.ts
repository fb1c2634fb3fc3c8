import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PostSocketsError } from '../../base/errors.ts';
import { decodeFile, decodeSecret, encodeLine, encodeSecret, header, type Line } from './file-format.ts';
import type { StoredValue } from './value.ts';

const value: fc.Arbitrary<StoredValue> = fc.letrec<{ value: StoredValue }>((tie) => ({
	value: fc.oneof(
		{ depthSize: 'small' },
		fc.constant(null),
		fc.boolean(),
		fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
		fc.string({ unit: 'binary' }),
		fc.uint8Array({ maxLength: 20 }),
		fc.array(tie('value'), { maxLength: 4 }),
		fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('~', '~~', '__proto__')), tie('value'), {
			maxKeys: 4,
			noNullPrototype: true,
		}),
	),
})).value;
const name = fc.string({ unit: 'binary', maxLength: 8 });
const line: fc.Arbitrary<Line> = fc
	.record({
		form: fc.constantFrom('open' as const, 'plain' as const),
		expires: fc.integer({ min: 0 }),
		partition: name,
		network: name,
		kind: name,
		key: name,
		value,
	})
	.map((line) => ({ ...line }));

const fileOf = (lines: readonly Line[]) => Buffer.from(header + lines.map(encodeLine).join(''));
const text = (item: unknown) => JSON.stringify(item);

describe('P-57 X-13 the file', () => {
	test('what is encoded is decoded as it was', () => {
		fc.assert(
			fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
				assert.deepEqual(decodeFile(fileOf(lines), 'f'), { lines, damaged: 0 });
			}),
			{ numRuns: 500 },
		);
	});

	test('cut off at any byte, the whole entries are kept', () => {
		fc.assert(
			fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
				const file = fileOf(lines);
				for (let length = 0; length < file.length; length += 1) {
					const ends = lines.map((_, index) => fileOf(lines.slice(0, index + 1)).length - 1);
					const whole = ends.filter((end) => end <= length).length;
					const { lines: found, damaged } = decodeFile(file.subarray(0, length), 'f');
					assert.deepEqual(found, lines.slice(0, whole), `of ${file.length} bytes ${length} are left`);
					assert.ok(damaged <= 1);
				}
			}),
			{ numRuns: 40 },
		);
	});

	test('with any byte changed, at most one entry is lost and none is changed', () => {
		fc.assert(
			fc.property(
				fc.array(line, { minLength: 1, maxLength: 4 }),
				fc.nat(),
				fc.integer({ min: 1, max: 255 }),
				(lines, where, change) => {
					const file = fileOf(lines);
					const at = header.length + (where % (file.length - header.length));
					file[at] = file[at]! ^ change;
					const { lines: found, damaged } = decodeFile(file, 'f');
					// A line feed that is lost makes one line of two; one that is added makes two of one.
					assert.ok(found.length >= lines.length - 2 && damaged <= 2);
					const originals = new Set(lines.map(text));
					for (const line of found) assert.ok(originals.has(text(line)), text(line));
				},
			),
			{ numRuns: 1_000 },
		);
	});

	test('what begins otherwise is something else, and a later version is named', () => {
		const foreign = ['x', '\n', '{"a":1}\n', '#!/bin/sh\n', '\u0000\u0000', header.replace('version 1', 'version 0')];
		for (const content of foreign) {
			assert.throws(
				() => decodeFile(Buffer.from(content), '/the/file'),
				isError('bad-argument', /\/the\/file is no association store/),
			);
		}
		const later = Buffer.from(header.replace('version 1', 'version 12'));
		assert.throws(
			() => decodeFile(later, '/the/file'),
			isError('not-supported', /\/the\/file has version 12, .* reads 1; update/),
		);
		for (const torn of ['', 'post-sockets', header.slice(0, -2), header.trimEnd()]) {
			assert.deepEqual(decodeFile(Buffer.from(torn), 'f'), { lines: [], damaged: 0 });
		}
	});

	test('a line with the right checksum and the wrong content is damaged', () => {
		const fields: Line = { form: 'open', expires: 1, partition: '', network: '', kind: 'k', key: 'a', value: 1 };
		const wrong = [
			{ form: 'other' },
			{ expires: 'soon' },
			{ partition: 1 },
			{ network: null },
			{ kind: [] },
			{ key: 1 },
			{ form: 'sealed' },
		];
		const lines = wrong.map((change) => ({ ...fields, ...change }) as Line);
		assert.deepEqual(decodeFile(fileOf(lines), 'f'), { lines: [], damaged: wrong.length });
	});

	test('a secret is decoded from its bytes, and from nothing else', () => {
		const secret: Line = {
			form: 'plain',
			expires: 5,
			partition: 'p',
			network: '',
			kind: 'ticket',
			key: 'a',
			value: Uint8Array.of(1),
		};
		assert.deepEqual(decodeSecret(encodeSecret(secret)), secret);
		assert.equal(decodeSecret(encodeSecret(secret).subarray(1)), undefined);
		assert.equal(decodeSecret(Buffer.from(encodeLine({ ...secret, form: 'open' }))), undefined);
		assert.equal(decodeSecret(new Uint8Array(0)), undefined);
	});
});

function isError(code: string, message: RegExp): (error: unknown) => boolean {
	return (error) => error instanceof PostSocketsError && error.code === code && message.test(error.message);
}
