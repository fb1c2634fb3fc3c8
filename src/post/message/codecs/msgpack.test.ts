import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as library from '@msgpack/msgpack';
import fc from 'fast-check';
import * as z from 'zod';
import { codecSuite } from '../../../testing/codec-suite.ts';
import { msgpack } from './msgpack.ts';

const Point = z.object({ x: z.number(), at: z.date() });

const samples = [null, true, -1.5, 2 ** 40, '', 'Grüße 🌍', Uint8Array.of(1, 2), [], {}, [1, [{ a: 'b', c: null }]]];
codecSuite('codec.msgpack', msgpack(library), samples);
codecSuite('codec.msgpack of a schema', msgpack(library, Point), [
	{ x: 1, at: new Date(0) },
	{ x: 2, at: new Date(1.5e12) },
]);

test('the bytes are MessagePack', () => {
	assert.deepEqual(msgpack(library).encode({ a: [1, 'x'] }), Uint8Array.of(0x81, 0xa1, 0x61, 0x92, 0x01, 0xa1, 0x78));
});

test('any value comes back', () => {
	const codec = msgpack(library);
	const values = fc.anything({ withDate: false, withNullPrototype: false, maxDepth: 4, values: leaves });
	fc.assert(
		fc.property(values, (value) => {
			assert.deepEqual(codec.decode(codec.encode(value)), library.decode(library.encode(value)));
		}),
	);
});

test('what cannot be MessagePack is bad-argument, what is none malformed', () => {
	const cannot = { code: 'bad-argument', operation: 'send', message: /^the value cannot be MessagePack: / };
	assert.throws(() => msgpack(library).encode(Symbol('s')), cannot);
	malformed([], /cut off, or claims more/);
	malformed([0xa3, 0x61, 0x62], /cut off$/);
	malformed([0xc5, 0x01], /cut off$/);
	malformed([0xc1], /0xc1/);
	malformed([1, 1, 1], /goes on for 2 bytes after its end/);
	malformed([0xa1, 0xff, 0], /1 bytes after/);
});

test('what claims more elements than there are bytes never comes to the library', () => {
	const seen: Uint8Array[] = [];
	const codec = msgpack({ encode: library.encode, decode: (bytes) => seen.push(bytes) });
	const arrays = [0xdd, 0x01, 0xff, 0xff, 0xff];
	const maps = [0xdf, 0x01, 0xff, 0xff, 0xff];
	for (const claim of [arrays, maps, [0xdc, 0xff, 0xff], [0xde, 0xff, 0xff], [0x9f], [0x8f]]) {
		const nested = Array.from({ length: 20 }, () => claim).flat();
		assert.throws(() => codec.decode(Uint8Array.from(nested)), { code: 'malformed', message: /claims more/ });
	}
	assert.deepEqual(seen, []);
});

test('bytes that are no value are refused where the library would refuse them, or before', () => {
	const codec = msgpack(library);
	const bounded = { maxArrayLength: 1000, maxMapLength: 1000 };
	const bytes = fc.oneof(
		fc.uint8Array({ maxLength: 40 }),
		fc.uint8Array({ min: 0x80, max: 0xdf, minLength: 1, maxLength: 6 }),
		fc.anything({ withDate: false, maxDepth: 3, values: leaves }).map((value) => library.encode(value)),
	);
	fc.assert(
		fc.property(bytes, (message) => {
			assert.equal(
				fails(() => codec.decode(message)),
				fails(() => library.decode(message, bounded)),
			);
		}),
		{ numRuns: 5000 },
	);
});

test('one that is no library is refused, and says what to install', () => {
	assert.throws(() => msgpack({} as never), { code: 'bad-argument', message: /npm install @msgpack\/msgpack/ });
});

const leaves = [
	fc.string(),
	fc.double(),
	fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
	fc.integer(),
	fc.boolean(),
	fc.constant(null),
	fc.uint8Array({ maxLength: 300 }),
	fc.uint8Array({ maxLength: 20 }).map((data) => new library.ExtData(5, data)),
];

function malformed(bytes: number[], message: RegExp): void {
	assert.throws(() => msgpack(library).decode(Uint8Array.from(bytes)), { code: 'malformed', message });
}

function fails(body: () => unknown): boolean {
	try {
		body();
		return false;
	} catch {
		return true;
	}
}
