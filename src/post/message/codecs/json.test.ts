import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import fc from 'fast-check';
import * as v from 'valibot';
import * as z from 'zod';
import { codecSuite } from '../../../testing/codec-suite.ts';
import { json } from './json.ts';

const Request = z.object({ id: z.number(), name: z.string() });
const Reply = v.object({ id: v.number(), at: v.pipe(v.string(), v.isoTimestamp()) });

const samples = [null, 0, -1.5, '', 'Grüße 🌍', [], {}, [1, [2, { three: null }]], { ['__proto__']: 1, b: { c: 'd' } }];
codecSuite('codec.json', json(), samples);
codecSuite('codec.json of a schema', json(Request), [
	{ id: 1, name: 'a' },
	{ id: 2, name: 'b' },
]);
codecSuite('codec.json of two schemas', json({ receive: Reply, send: Request }), [
	{ id: 1, name: 'a' },
	{ id: 2, name: 'b' },
]);

const encoded = (value: unknown) => json().encode(value);
const utf8 = (text: string) => new TextEncoder().encode(text);

test('any JSON value comes back', () => {
	fc.assert(
		fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
			assert.deepEqual(json().decode(encoded(value)), JSON.parse(JSON.stringify(value)));
		}),
	);
});

test('a value JSON does not have is refused', () => {
	const circle: unknown[] = [];
	circle.push(circle);
	for (const value of [undefined, () => 1, Symbol('s'), 1n, circle, { toJSON: () => undefined }]) {
		assert.throws(() => encoded(value), {
			code: 'bad-argument',
			operation: 'send',
			message: /^the value cannot be JSON: /,
		});
	}
});

test('what is not JSON is malformed, with the cause', () => {
	for (const bytes of [utf8(''), utf8('{'), utf8('undefined'), utf8('[1,]'), Uint8Array.of(0x22, 0xff, 0x22)]) {
		assert.throws(
			() => json().decode(bytes),
			(error: Error & { code: string }) => error.code === 'malformed' && error.cause instanceof Error,
		);
	}
});

test('what is received passes through its schema, and its output is delivered', () => {
	const Event = z.object({ at: z.string().transform((text) => new Date(text)), tag: z.string().default('none') });
	const codec = json(Event);
	const bytes = codec.encode({ at: '2026-01-01T00:00:00.000Z' });
	assert.equal(new TextDecoder().decode(bytes), '{"at":"2026-01-01T00:00:00.000Z"}');
	assert.deepEqual(codec.decode(bytes), { at: new Date('2026-01-01T00:00:00.000Z'), tag: 'none' });
});

test('a received value the schema refuses is malformed, one to be sent bad-argument; both name the places', () => {
	const codec = json(z.object({ items: z.array(z.object({ name: z.string() })) }));
	const wrong = { items: [{ name: 'a' }, { name: 5 }] };
	assert.throws(() => codec.decode(encoded(wrong)), {
		code: 'malformed',
		operation: 'receive',
		message: /^the received message does not fit its schema: items\[1\]\.name: .*string/,
	});
	assert.throws(() => codec.encode(wrong as never), {
		code: 'bad-argument',
		operation: 'send',
		message: /^the message to send does not fit its schema: items\[1\]\.name: .*string/,
	});
	assert.throws(() => json(Reply).decode(encoded({ id: 1, at: 'noon' })), { code: 'malformed', message: /: at: / });
	assert.throws(() => json(z.string()).decode(encoded(5)), {
		code: 'malformed',
		message: /schema: Invalid input: expected string/,
	});
});

test('few issues are shown, each in short', () => {
	const many: StandardSchemaV1 = schemaOf(() => ({
		issues: Array.from({ length: 1000 }, () => ({ message: 'x'.repeat(10_000), path: [{ key: 'a' }, 0] })),
	}));
	assert.throws(
		() => json(many).decode(encoded(1)),
		(error: Error) => error.message.length < 800 && error.message.endsWith('; and 997 more'),
	);
});

test('a schema that answers with a promise is not-supported, whatever becomes of the promise', async () => {
	const later = z.string().refine(async () => true);
	assert.throws(() => json(later).encode('a'), {
		code: 'not-supported',
		message: /zod schema validates asynchronously/,
	});
	assert.throws(() => json(later).decode(encoded('a')), { code: 'not-supported', operation: 'receive' });
	assert.throws(() => json(v.pipeAsync(v.string())).decode(encoded('a')), { code: 'not-supported' });
	const failing = schemaOf(() => Promise.reject(new Error('later')));
	assert.throws(() => json(failing).decode(encoded('a')), { code: 'not-supported' });
	await new Promise((resolve) => setImmediate(resolve));
});

test('a schema that throws is an error of ours, with the cause', () => {
	const cause = new Error('broken');
	const broken = schemaOf(() => {
		throw cause;
	});
	assert.throws(() => json(broken).decode(encoded(1)), { code: 'malformed', cause, message: /test schema threw/ });
	assert.throws(() => json(broken).encode(1), { code: 'bad-argument', cause });
});

test('the mirror swaps the schemas', () => {
	const client = json({ receive: Reply, send: Request });
	const server = client.mirrored();
	const request = { id: 1, name: 'a' };
	const reply = { id: 1, at: '2026-01-01T00:00:00Z' };
	assert.deepEqual(server.decode(client.encode(request)), request);
	assert.deepEqual(client.decode(server.encode(reply)), reply);
	assert.throws(() => server.encode(request as never), { code: 'bad-argument' });
	assert.throws(() => client.decode(client.encode(request)), { code: 'malformed' });
});

test('a schema may be a function, as arktype makes them; what is no schema is refused', () => {
	const callable = Object.assign(
		() => {},
		schemaOf((value) => ({ value })),
	);
	assert.equal(json(callable).decode(encoded(1)), 1);
	assert.throws(() => json({ receive: Reply, send: {} as typeof Request }), {
		code: 'bad-argument',
		message: /^send of codec.json/,
	});
	assert.throws(() => json({} as typeof Request), { code: 'bad-argument', message: /^receive of codec.json/ });
});

function schemaOf(validate: StandardSchemaV1['~standard']['validate']): StandardSchemaV1 {
	return { '~standard': { version: 1, vendor: 'test', validate } };
}
