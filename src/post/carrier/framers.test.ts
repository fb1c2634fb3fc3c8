/** Framers of an application's own, under carriers: what they are asked, and what they may do. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../message/framer.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { closeAll, onBothArms } from './arms-harness.ts';
import { initiate } from './initiate.ts';

/** A byte of length before each message; 255 stands for the text "pong". */
class Parcels implements Framer {
	readonly calls: string[];
	/** Bytes of the message under way that are still to come. */
	#left = 0;

	constructor(calls: string[]) {
		this.calls = calls;
	}

	frame(message: Uint8Array, { complete }: FrameProperties, out: FrameOutput): void {
		this.calls.push(`frame ${message.length} ${complete}`);
		out.uint8(message.length);
		out.write(message);
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		this.calls.push(`deframe ${input.length}`);
		if (input.length === 0) return 'need-more';
		if (this.#left === 0) {
			const length = input.at(0);
			input.skip(1);
			if (length === 255) return new TextEncoder().encode('pong');
			if (length === 0) return new Uint8Array(0);
			this.#left = length;
			return this.deframe(input);
		}
		const content = input.take(Math.min(this.#left, input.length));
		this.#left -= content.length;
		return { content, complete: this.#left === 0 };
	}
}

function parcels(calls: string[] = []): Framing {
	return { name: 'parcels', preservesBoundaries: true, maxLength: 254, framer: () => new Parcels(calls) };
}

const texts = (calls?: string[]) => messages(parcels(calls), codec.bytes());
const bytes = (text: string) => new TextEncoder().encode(text);

describe('a framer of one’s own', () => {
	onBothArms('I-6-01 I-6.2-02 writes what it likes under every message, to what lies below', async (arm) => {
		const calls: string[] = [];
		const raw = await arm.rawServer();
		const client = await arm.connect(raw.port, { protocol: texts(calls) });
		client.post(bytes('one'));
		await client.send(bytes('three'), { final: true });
		await until('all is there', () => raw.peers[0]?.ended === true);
		assert.deepEqual(raw.peers[0]!.text, '\x03one\x05three');
		assert.deepEqual(
			calls.filter((call) => call.startsWith('frame')),
			['frame 3 true', 'frame 5 true'],
		);
		raw.peers[0]!.flow.end();
		await client.close();
		await raw.close();
	});

	onBothArms(
		'I-6.3-01 I-6.3-02 I-6.3-03 I-6.3-04 is given what comes, keeps none of it, and delivers in pieces',
		async (arm) => {
			const calls: string[] = [];
			const raw = await arm.rawServer();
			const client = await arm.connect(raw.port, { protocol: texts(calls) });
			await until('it is there', () => raw.peers.length === 1);
			const [peer] = raw.peers;
			peer!.write(Uint8Array.of(6, 1, 2));
			const first = await client.receive();
			assert.deepEqual([[...first!.content], first!.complete], [[1, 2], false]);
			const before = calls.length;
			peer!.write(Uint8Array.of(3, 4));
			const second = await client.receive();
			assert.ok(calls.length > before, 'it is asked whenever something has come');
			peer!.write(Uint8Array.of(5, 6, 1, 7));
			const rest = [await client.receive(), await client.receive()];
			assert.deepEqual(
				[second, ...rest].map((piece) => [[...piece!.content], piece!.complete]),
				[
					[[3, 4], false],
					[[5, 6], true],
					[[7], true],
				],
			);
			assert.equal(calls.at(-1), 'deframe 0', 'what it skipped and took is gone');
			peer!.flow.end();
			await client.close();
			await raw.close();
		},
	);

	onBothArms('I-6.3-05 I-5-01 delivers what it made itself, and messages of no bytes', async (arm) => {
		const { client, server } = await arm.pair(texts());
		const raw = await arm.rawServer((peer) => void peer.write(Uint8Array.of(255, 0)));
		const other = await arm.connect(raw.port, { protocol: texts() });
		assert.equal(new TextDecoder().decode((await other.receive())!.content), 'pong');
		const empty = await other.receive();
		assert.deepEqual([empty!.length, empty!.complete], [0, true]);
		await client.send(new Uint8Array(0), { final: true });
		assert.deepEqual([(await server.receive())!.length, await server.receive()], [0, undefined]);
		assert.equal(client.canSend, false, 'its properties count');
		raw.peers[0]!.flow.end();
		await closeAll(client, server, other);
		await raw.close();
	});

	onBothArms('I-6.2-03 a large message goes down as the array it is, its header beside it', async (arm) => {
		const written: Uint8Array[] = [];
		const { stack } = arm;
		const watched = {
			name: stack.name,
			clock: stack.clock,
			features: stack.features,
			close: () => stack.close(),
			async connect(...given: Parameters<typeof stack.connect>) {
				const flow = await stack.connect(...given);
				const write = flow.write.bind(flow);
				flow.write = (chunks, done) => {
					written.push(...chunks);
					return write(chunks, done);
				};
				return flow;
			},
		};
		const raw = await arm.rawServer();
		const client = await initiate(`tcp://127.0.0.1:${raw.port}`, {
			protocol: messages(frame.lengthPrefix(), codec.bytes()),
			local: { stack: watched },
		});
		const message = new Uint8Array(100_000).fill(7);
		await client.send(message, { final: true });
		assert.ok(written.includes(message), 'it was copied');
		assert.equal(written.length, 2);
		await until('all is there', () => raw.peers[0]!.ended);
		assert.equal(raw.peers[0]!.received, 100_004);
		raw.peers[0]!.flow.end();
		await client.close();
		await raw.close();
	});
});
