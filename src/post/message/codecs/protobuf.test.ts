import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Any, AnySchema, DurationSchema, type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { codecSuite } from '../../../testing/codec-suite.ts';
import type { Codec } from '../codec.ts';
import { pair } from './pair.ts';
import { protobuf } from './protobuf.ts';

const timestamp = protobuf(TimestampSchema, fromBinary, toBinary);
const any = protobuf(AnySchema, fromBinary, toBinary);

codecSuite('codec.protobuf', timestamp, [create(TimestampSchema, { seconds: 1n, nanos: 2 }), create(TimestampSchema)]);
codecSuite('codec.protobuf of bytes', any, [
	create(AnySchema, { typeUrl: 'a/b', value: Uint8Array.of(1, 2, 3) }),
	create(AnySchema, { typeUrl: 'c', value: new Uint8Array(5000) }),
]);

test('messages have the type of their schema', () => {
	timestamp satisfies Codec<Timestamp, Timestamp>;
	any satisfies Codec<Any, Any>;
	// @ts-expect-error: another message.
	assert.throws(() => timestamp.encode(create(DurationSchema)), { code: 'bad-argument' });
	assert.deepEqual(timestamp.encode(create(TimestampSchema, { seconds: 1n })), Uint8Array.of(8, 1));
});

test('what is no such message is malformed, or bad-argument', () => {
	for (const bytes of [[8], [0x0a, 5, 1], [0xff, 0xff]]) {
		assert.throws(() => timestamp.decode(Uint8Array.from(bytes)), {
			code: 'malformed',
			operation: 'receive',
			message: /^the message is not Protocol Buffers: /,
		});
	}
	assert.throws(() => timestamp.encode({ seconds: 'soon' } as never), { code: 'bad-argument', operation: 'send' });
});

test('a pair has a schema for each direction, and the mirror swaps them', () => {
	const client = pair({ receive: timestamp, send: protobuf(AnySchema, fromBinary, toBinary) });
	const server = client.mirrored();
	client satisfies Codec<Timestamp, Any>;
	server satisfies Codec<Any, Timestamp>;
	const asked = create(AnySchema, { typeUrl: 'x' });
	assert.deepEqual(server.decode(client.encode(asked)), asked);
	const told = create(TimestampSchema, { nanos: 7 });
	assert.deepEqual(client.decode(server.encode(told)), told);
});

test('functions that are none are refused, and say what to install', () => {
	assert.throws(() => protobuf(TimestampSchema, fromBinary, undefined as never), {
		code: 'bad-argument',
		message: /npm install @bufbuild\/protobuf/,
	});
});
