import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cborg from 'cborg';
import * as v from 'valibot';
import * as z from 'zod';
import { codecSuite } from '../../../testing/codec-suite.ts';
import type { TwoSidedCodec } from '../codec.ts';
import { cbor } from './cbor.ts';

const Request = z.object({ id: z.number(), key: z.instanceof(Uint8Array) });
const Reply = v.object({ id: v.number(), ok: v.boolean() });

const samples = [null, true, -1.5, 2 ** 40, '', 'Grüße 🌍', Uint8Array.of(1, 2), [], {}, [1, [{ a: 'b', c: null }]]];
codecSuite('codec.cbor', cbor(cborg), samples);
codecSuite('codec.cbor of two schemas', cbor(cborg, { receive: Reply, send: Request }), [
	{ id: 1, key: Uint8Array.of(1) },
	{ id: 2, key: Uint8Array.of() },
]);

test('the bytes are CBOR', () => {
	assert.deepEqual(cbor(cborg).encode({ a: [1, 'x'] }), Uint8Array.of(0xa1, 0x61, 0x61, 0x82, 0x01, 0x61, 0x78));
});

test('what cannot be CBOR is bad-argument, what is none malformed, with the cause', () => {
	assert.throws(() => cbor(cborg).encode(Symbol('s')), {
		code: 'bad-argument',
		operation: 'send',
		message: /^the value cannot be CBOR: .*symbol/,
	});
	for (const bytes of [[], [0x82, 1], [0x1c], [1, 1], Array.from({ length: 100_000 }, () => 0x81)]) {
		assert.throws(
			() => cbor(cborg).decode(Uint8Array.from(bytes)),
			(error: Error & { code: string }) => error.code === 'malformed' && error.cause instanceof Error,
		);
	}
});

test('schemas check both directions, and the mirror swaps them', () => {
	const client = cbor(cborg, { receive: Reply, send: Request });
	const server = client.mirrored();
	client satisfies TwoSidedCodec<v.InferOutput<typeof Reply>, z.infer<typeof Request>>;
	const request = { id: 1, key: Uint8Array.of(7) };
	assert.deepEqual(server.decode(client.encode(request)), request);
	assert.throws(() => client.encode({ id: '1' } as never), { code: 'bad-argument', message: /schema: id: / });
	assert.throws(() => client.decode(client.encode(request)), { code: 'malformed', message: /schema: ok: / });
});

test('any library of that shape serves; one that is none is refused, and says what to install', () => {
	const reversed = cbor({
		encode: (value) => cborg.encode(value).reverse(),
		decode: (bytes) => cborg.decode(bytes.slice().reverse()),
	});
	assert.deepEqual(reversed.decode(reversed.encode([1, 2])), [1, 2]);
	assert.throws(() => cbor({} as never), { code: 'bad-argument', message: /^codec\.cbor takes a library.*cborg/ });
	assert.throws(() => cbor(undefined as never), { code: 'bad-argument' });
	const late = { encode: async () => new Uint8Array(1), decode: () => 1 };
	assert.throws(() => cbor(late as never).encode(1), { code: 'bad-argument', message: /where a Uint8Array is wanted/ });
});
