import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import * as z from 'zod';
import type { Codec } from './codec.ts';
import { codec } from './codecs.ts';
import { frame } from './framing.ts';
import { messages, type Protocol, type TwoSidedProtocol } from './protocol.ts';
import { lines } from './text-lines.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The ends are compared one by one: of tuples of them the compiler sometimes says that they differ. */
type Has<P, Received, Sent> =
	P extends Protocol<infer R, infer S>
		? [Same<R, Received>, Same<S, Sent>] extends [true, true]
			? true
			: false
		: false;

const Request = z.object({ id: z.number(), name: z.string() });
const Reply = v.object({ id: v.number(), ok: v.boolean() });
type Request = z.infer<typeof Request>;
type Reply = v.InferOutput<typeof Reply>;

test('a protocol has the types of its codec, and mirrored those of the other end', () => {
	const chat = messages(frame.lengthPrefix(), codec.json({ receive: Reply, send: Request }));
	const server = chat.mirrored();
	const client = server.mirrored();
	true satisfies Has<typeof chat, Reply, Request>;
	true satisfies Has<typeof server, Request, Reply>;
	true satisfies Has<typeof client, Reply, Request>;
	const both = messages(frame.lines(), codec.json(Request));
	const mirrored = both.mirrored();
	true satisfies Has<typeof both, Request, Request>;
	true satisfies Has<typeof mirrored, Request, Request>;
	const anything = messages(frame.lines(), codec.json());
	true satisfies Has<typeof anything, unknown, unknown>;
	const promised = messages(frame.lines(), codec.json<Reply, Request>());
	const promisedServer = promised.mirrored();
	true satisfies Has<typeof promised, Reply, Request>;
	true satisfies Has<typeof promisedServer, Request, Reply>;
	const raw = messages(frame.stream(), codec.bytes());
	true satisfies Has<typeof raw, Uint8Array, Uint8Array>;
	const text = lines();
	const textServer = text.mirrored();
	true satisfies Has<typeof text, string, string>;
	true satisfies Has<typeof textServer, string, string>;
	for (const protocol of [chat, both, text]) assert.equal(protocol.mirrored().framing, protocol.framing);
});

test('a schema that transforms gives each end what it really receives and sends', () => {
	const Event = z.object({ at: z.string().transform((text) => new Date(text)) });
	const protocol = messages(frame.lines(), codec.json({ receive: Event, send: Request }));
	const server = protocol.mirrored();
	true satisfies Same<typeof protocol, TwoSidedProtocol<{ at: Date }, Request, Request, { at: string }>>;
	true satisfies Has<typeof server, Request, { at: string }>;
	const at = '2026-01-01T00:00:00.000Z';
	assert.deepEqual(protocol.codec.decode(server.codec.encode({ at })), { at: new Date(at) });
	// @ts-expect-error: the server sends text, which becomes a date at the client.
	assert.throws(() => server.codec.encode({ at: new Date() }), { code: 'bad-argument' });
});

test('a codec without a mirror serves both ends as it is', () => {
	const lenient: Codec<Date, Date | string> = {
		encode: (value) => new TextEncoder().encode(new Date(value).toISOString()),
		decode: (bytes) => new Date(new TextDecoder().decode(bytes)),
	};
	const protocol = messages(frame.lines(), lenient);
	const peer = protocol.mirrored();
	true satisfies Has<typeof protocol, Date, Date | string>;
	true satisfies Has<typeof peer, Date, Date | string>;
	assert.equal(peer.codec, lenient);
});

test('correlate reads the same value at both ends', () => {
	const chat = messages(frame.lengthPrefix(), codec.json({ receive: Reply, send: Request }), {
		correlate: { received: (reply) => reply.id, sent: (request) => request.name },
	});
	const server = chat.mirrored();
	const request = { id: 1, name: 'a' };
	const reply = { id: 2, ok: true };
	assert.equal(chat.correlate?.received(reply), 2);
	assert.equal(chat.correlate?.sent(request), 'a');
	assert.equal(server.correlate?.received(request), 'a');
	assert.equal(server.correlate?.sent(reply), 2);
	assert.equal(server.mirrored().correlate?.received(reply), 2);
	assert.equal(lines().mirrored().correlate, undefined);
});

test('functions given where their results belong are refused', () => {
	assert.throws(() => messages(frame.lines as never, codec.text()), {
		code: 'bad-argument',
		message: /frame\.lines\(\)/,
	});
	assert.throws(() => messages(frame.lines(), codec.text as never), {
		code: 'bad-argument',
		message: /codec\.text\(\)/,
	});
});

test('lines are text, with the limit they are given', () => {
	const protocol = lines({ maxLength: 3 });
	assert.equal(protocol.framing.name, 'lines');
	assert.equal(protocol.codec.decode(protocol.codec.encode('ä')), 'ä');
	assert.throws(() => lines({ maxLength: -1 }), { code: 'bad-argument' });
});
