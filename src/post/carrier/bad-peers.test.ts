/** Peers that break the rules end their own carrier, with a typed error, and no other. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { badArgument, type ErrorCode, PostSocketsError } from '../../base/errors.ts';
import { until } from '../../testing/suite.ts';
import type { Codec } from '../message/codec.ts';
import { codec } from '../message/codecs.ts';
import type { Framing } from '../message/framer.ts';
import { frame } from '../message/framing.ts';
import { messages, type Protocol } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import {
	type Arm,
	closeAll,
	collect,
	memoryArm,
	onArm,
	onBothArms,
	type RawPeer,
	uncaughtDuring,
} from './arms-harness.ts';
import type { Carrier } from './carrier.ts';

const security = selfSigned();

const faultyFraming: Framing = {
	name: 'faulty',
	preservesBoundaries: true,
	framer: () => ({
		frame: (message, _, out) => out.write(message),
		deframe: (input) => (input.length > 3 ? (undefined as never as { x: { y: never } }).x.y : 'need-more'),
	}),
};

const faultyCodec: Codec<string, string> = {
	encode: (value) => new TextEncoder().encode(value),
	decode: () => (null as never as { x: string }).x,
};

const keyed = messages(frame.lines(), codec.json<{ id: { n: number } }>(), {
	correlate: { sent: ({ id }) => id.n, received: ({ id }) => id.n },
});

const cases: readonly [what: string, protocol: Protocol<unknown, never>, bytes: string, end: boolean, ErrorCode][] = [
	[
		'a length over the limit',
		messages(frame.lengthPrefix({ maxLength: 100 }), codec.bytes()),
		'\0\0\0\x65',
		false,
		'too-large',
	],
	['a length of 4 GiB', messages(frame.lengthPrefix(), codec.bytes()), '\xff\xff\xff\xffxxxx', false, 'too-large'],
	['an endless varint', messages(frame.varint(), codec.bytes()), '\xff'.repeat(20), false, 'malformed'],
	['an endless line', messages(frame.lines({ maxLength: 100 }), codec.text()), 'x'.repeat(200), false, 'too-large'],
	['what is not UTF-8', lines(), '\xff\xfe\n', false, 'malformed'],
	['what is not JSON', messages(frame.lines(), codec.json()), '{"a":\n', false, 'malformed'],
	[
		'what the schema refuses',
		messages(frame.lines(), codec.json(z.object({ a: z.number() }))),
		'{"a":"1"}\n',
		false,
		'malformed',
	],
	['a message that breaks off', messages(frame.lengthPrefix(), codec.bytes()), '\0\0\0\x09four', true, 'malformed'],
	['anything, to a framer with a bug', messages(faultyFraming, codec.bytes()), 'abcdefgh', false, 'malformed'],
	['anything, to a codec with a bug', messages(frame.lines(), faultyCodec), 'abc\n', false, 'malformed'],
];

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

async function listenWith<In, Out>(
	arm: Arm,
	protocol: Protocol<In, Out>,
): Promise<{ peer: RawPeer; carrier: Carrier<In, Out>; close(): Promise<void> }> {
	const listener = await arm.listen(protocol);
	const [peer, carrier] = await Promise.all([arm.rawClient(listener), listener.accept()]);
	return { peer, carrier: carrier!, close: () => listener.close() };
}

describe('bad peers', () => {
	for (const [what, protocol, bytes, end, code] of cases) {
		onBothArms(`G-13 T-9.3.2.3 ${what} ends its carrier as ${code}`, async (arm) => {
			const listener = await arm.listen(protocol);
			const good = await arm.rawClient(listener);
			const bystander = (await listener.accept())!;
			const bad = await arm.rawClient(listener);
			const carrier = (await listener.accept())!;
			bad.write(latin1(bytes));
			if (end) bad.flow.end();
			const isTyped = (error: unknown) =>
				error instanceof PostSocketsError && error.code === code && error.message.length > 20;
			await assert.rejects(collect(carrier), isTyped);
			const { by, error } = await carrier.closed;
			assert.ok(isTyped(error));
			assert.equal(by, 'local', 'we ended it');
			assert.equal(await carrier.receive(), undefined, 'the error is told once');
			await until('the bad peer is gone', () => bad.closed);
			assert.equal(bystander.state, 'active');
			good.flow.end();
			await closeAll(bystander, listener);
		});
	}

	onBothArms('G-13 T-9.3-02 what came before the bad bytes is delivered before the error', async (arm) => {
		const { peer, carrier, close } = await listenWith(arm, messages(frame.lines(), codec.json()));
		peer.write('1\n2\n{{{\n4\n');
		const got: unknown[] = [];
		await assert.rejects(
			async () => {
				for await (const { content } of carrier) got.push(content);
			},
			{ code: 'malformed' },
		);
		assert.deepEqual(got, [1, 2]);
		await close();
	});

	onBothArms('a reply that `correlate` cannot read ends the carrier, not the process', async (arm) => {
		const caught = await uncaughtDuring(async () => {
			const { peer, carrier, close } = await listenWith(arm, keyed);
			const reply = carrier.request({ id: { n: 1 } });
			peer.write('{}\n');
			await assert.rejects(reply, { code: 'malformed' });
			await until('over', () => peer.closed);
			await close();
		});
		assert.deepEqual(caught, []);
	});

	onBothArms('a handler that throws is heard of once; its carrier and the others go on', async (arm) => {
		const { peer, carrier, close } = await listenWith(arm, lines());
		const got: string[] = [];
		const mistake = new Error('a mistake of the handler');
		const caught = await uncaughtDuring(async () => {
			carrier.onMessage(({ content }) => {
				got.push(content);
				if (content === 'two') throw mistake;
				if (content === 'four') return Promise.reject(mistake);
				return undefined;
			});
			peer.write('one\ntwo\nthr');
			await until('it threw', () => got.length === 2);
			peer.write('ee\nfour\nfive\n');
			await until('all came', () => got.length === 5);
		});
		assert.deepEqual(got, ['one', 'two', 'three', 'four', 'five']);
		assert.deepEqual(caught, [mistake, mistake]);
		peer.flow.end();
		await carrier.close();
		await close();
	});

	onBothArms('T-9.3.2-02 a peer that floods empty messages is stopped', async (arm) => {
		const { peer, carrier, close } = await listenWith(arm, lines());
		const flood = new Uint8Array(2 ** 20).fill(0x0a);
		let welcome = true;
		for (let index = 0; index < 32; index += 1) welcome = peer.write(flood);
		assert.equal(welcome, false);
		let handedOver = false;
		peer.flow.write([new Uint8Array(1)], () => (handedOver = true));
		for (let index = 0; index < 50; index += 1) await arm.after(10);
		assert.equal(handedOver, false, 'nobody has read 32 MiB of empty lines');
		carrier.abort();
		await close();
	});

	onBothArms('a peer that sends what is no reply, and much of it, is stopped while requests wait', async (arm) => {
		const listener = await arm.listen(keyed, { limits: { readPast: 2 ** 20 } });
		const [peer, carrier] = await Promise.all([arm.rawClient(listener), listener.accept()]);
		const reply = carrier!.request({ id: { n: 1 } }, { timeout: 2_000 });
		const line = new TextEncoder().encode(`{"id":{"n":2},"pad":"${'x'.repeat(1000)}"}\n`.repeat(1000));
		for (let index = 0; index < 32; index += 1) peer.write(line);
		let handedOver = false;
		peer.flow.write([new Uint8Array(1)], () => (handedOver = true));
		await assert.rejects(reply, { code: 'timed-out' });
		assert.equal(handedOver, false);
		carrier!.abort();
		await listener.close();
	});

	onBothArms('a framer that makes messages of nothing, without end, is stopped', async (arm) => {
		const framing: Framing = {
			name: 'spinning',
			preservesBoundaries: true,
			framer: () => ({ frame() {}, deframe: () => new Uint8Array(0) }),
		};
		const { peer, carrier, close } = await listenWith(arm, messages(framing, codec.bytes()));
		peer.write('x');
		assert.equal((await carrier.closed).error?.code, badArgument('').code);
		await close();
	});
});

describe('bad peers of a TLS listener', () => {
	const hello = latin1('\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03');
	const attacks: readonly [string, (peer: RawPeer) => void, ErrorCode][] = [
		['garbage', (peer) => void peer.write(latin1('\0\x01\x02garbage'.repeat(50))), 'tls-failed'],
		['plaintext HTTP', (peer) => void peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'tls-failed'],
		[
			'half a ClientHello and the end',
			(peer) => {
				peer.write(hello);
				peer.flow.end();
			},
			'reset',
		],
		[
			'half a ClientHello and a reset',
			(peer) => {
				peer.write(hello);
				peer.flow.abort();
			},
			'reset',
		],
		['silence', () => {}, 'timed-out'],
		['half a ClientHello and silence', (peer) => void peer.write(hello), 'timed-out'],
	];
	for (const [what, attack, code] of attacks) {
		onBothArms(`T-7.2-06 ${what} is told to onError as ${code}, and the listener serves on`, async (arm) => {
			const errors: PostSocketsError[] = [];
			const options = {
				security,
				handshakeTimeout: 500,
				onError: (error: PostSocketsError) => void errors.push(error),
			};
			const listener = await arm.listen(lines(), options, 'tls');
			const peer = await arm.rawClient(listener);
			attack(peer);
			await until('it was told', () => errors.length > 0);
			assert.deepEqual(
				errors.map((error) => error.code),
				[code],
				errors[0]!.message,
			);
			assert.match(errors[0]!.message, /127\.0\.0\.1/);
			await until('the bad peer is turned out', () => peer.closed || peer.ended);
			peer.flow.abort();
			const client = await arm.connect(listener, {
				scheme: 'tls',
				protocol: lines(),
				security: { pin: security.fingerprint },
			});
			await client.send('fine');
			const carrier = (await listener.accept())!;
			assert.equal((await carrier.receive())!.content, 'fine');
			await closeAll(client, carrier, listener);
			assert.equal(errors.length, 1);
		});
	}

	onBothArms('2,000 half-open handshakes are turned away at the limit, and time out below it', async (arm) => {
		const codes: string[] = [];
		const options = { security, handshakeTimeout: 3_000, limits: { handshakes: 100 }, backlog: 4_096 };
		const listener = await arm.listen(lines(), { ...options, onError: ({ code }) => void codes.push(code) }, 'tls');
		const peers = await Promise.all(Array.from({ length: 2_000 }, () => arm.rawClient(listener)));
		await until('all are gone', () => peers.every(({ closed, ended }) => closed || ended));
		for (const { flow } of peers) flow.abort();
		const count = (code: string) => codes.filter((each) => each === code).length;
		assert.equal(codes.length, 2_000);
		assert.ok(count('timed-out') >= 100, `${count('timed-out')} timed out`);
		assert.equal(count('queue-full') + count('timed-out'), 2_000);
		const client = await arm.connect(listener, {
			scheme: 'tls',
			protocol: lines(),
			security: { pin: security.fingerprint },
		});
		await closeAll(client, (await listener.accept())!, listener);
	});
});

test('many plain peers in one turn are not mistaken for handshakes (memory)', async () => {
	await onArm(memoryArm(), async (arm) => {
		const listener = await arm.listen(lines(), { limits: { handshakes: 1 } });
		const clients = await Promise.all(Array.from({ length: 5 }, () => arm.connect(listener, { protocol: lines() })));
		const carriers = await Promise.all(clients.map(() => listener.accept()));
		await closeAll(...clients, ...carriers.map((carrier) => carrier!), listener);
	});
});
