import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { codecSuite } from '../../../testing/codec-suite.ts';
import type { Codec } from '../codec.ts';
import { bytes } from './bytes.ts';
import { json } from './json.ts';
import { pair } from './pair.ts';
import { text } from './text.ts';

const Event = z.object({ at: z.string().transform((value) => new Date(value)) });
const client = pair({ receive: json(Event), send: text() });

codecSuite('codec.pair', client, ['', 'a', 'Grüße']);

test('each direction has its codec, with its types at both ends', () => {
	const server = client.mirrored();
	client satisfies Codec<{ at: Date }, string>;
	server satisfies Codec<string, { at: string }>;
	const at = '2026-01-01T00:00:00.000Z';
	assert.deepEqual(client.decode(server.encode({ at })), { at: new Date(at) });
	assert.equal(server.decode(client.encode('ä')), 'ä');
});

test('it copies where the receiving codec does', () => {
	assert.equal(pair({ receive: text(), send: bytes() }).copies, true);
	assert.equal(pair({ receive: text(), send: bytes() }).mirrored().copies, false);
});

test('what is no codec is refused', () => {
	assert.throws(() => pair({ receive: text(), send: text as never }), { code: 'bad-argument', message: /^send of/ });
});
