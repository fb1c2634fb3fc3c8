import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deaf } from '../../../stack/flow.ts';
import { packet, RawPeer, type Say, there } from './raw-peer-harness.ts';
import { plus } from './sequence.ts';

const limits = { receiveBuffer: 20_000, sendBuffer: 20_000, pieces: 8, timeWaits: 4 };

/** Near what is expected, or anywhere. */
const offset = fc.oneof(
	fc.constant(0),
	fc.integer({ min: -3000, max: 30_000 }),
	fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
);
const word = fc.integer({ min: 0, max: 0xffff });
const sequence = fc.integer({ min: 0, max: 0xffff_ffff });

const segment = fc.record({
	flags: fc.oneof(
		fc.constantFrom('A', 'PA', 'FA', 'S', 'SA', 'R', 'RA', 'F', ''),
		fc.subarray(['S', 'F', 'R', 'P', 'A', 'U']).map((all) => all.join('')),
	),
	sequence: offset,
	acknowledgment: offset,
	window: fc.oneof(word, fc.constant(0)),
	data: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1400 })),
	sack: fc.option(fc.array(fc.tuple(offset, offset), { minLength: 1, maxLength: 3 }), { nil: undefined }),
	timestamps: fc.option(fc.record({ value: sequence, echo: sequence }), { nil: undefined }),
	pause: fc.constantFrom(0, 0, 1, 50, 1000, 70_000),
});

type Arbitrary<T> = T extends fc.Arbitrary<infer U> ? U : never;

function sayOf(peer: RawPeer, { sack, timestamps, ...it }: Arbitrary<typeof segment>): Say {
	return {
		flags: it.flags,
		sequence: plus(peer.sequence, it.sequence),
		acknowledgment: plus(peer.expected, it.acknowledgment),
		window: it.window,
		data: it.data,
		options: {
			timestamps,
			sack: sack?.map(([left, right]) => ({ left: plus(peer.expected, left), right: plus(peer.expected, right) })),
		},
	};
}

const syn = { maximumSegmentSize: 1000, windowScale: 3, sackPermitted: true };

/** How to come to each state, with the flow in it. */
const states: Readonly<Record<string, (peer: RawPeer) => Promise<void>>> = {
	listen: async () => {},
	'syn-sent': async (peer) => {
		const { signal } = new AbortController();
		const connecting = peer.stack.connect({ address: there, port: peer.port }, { local: undefined, signal });
		connecting.then(
			(flow) => peer.take(flow),
			() => {},
		);
		await peer.pass(1);
		const [said] = peer.answers();
		peer.to = said!.ports[0];
		peer.expected = plus(said!.sequence, 1);
	},
	'syn-received': async (peer) => {
		await peer.say({ flags: 'S', options: syn });
		peer.sequence = plus(peer.sequence, 1);
		peer.expected = plus(peer.answers()[0]!.sequence, 1);
	},
	established: async (peer) => {
		await peer.shake(syn);
		peer.flow!.write([new Uint8Array(15_000)]);
		await peer.pass(1);
	},
	'fin-wait': async (peer) => {
		await states['established']!(peer);
		peer.flow!.end();
		await peer.pass(1);
	},
	'close-wait': async (peer) => {
		await states['established']!(peer);
		await peer.say({ flags: 'FA' });
	},
	'last-ack': async (peer) => {
		await states['close-wait']!(peer);
		peer.flow!.end();
		await peer.pass(1);
	},
	'time-wait': async (peer) => {
		await peer.shake(syn);
		peer.flow!.end();
		await peer.pass(1);
		await peer.say({ flags: 'FA', acknowledgment: plus(peer.expected, 1) });
	},
};

for (const [name, enter] of Object.entries(states)) {
	for (const paused of [false, true]) {
		test(`random segments in ${name}${paused ? ', with a paused reader,' : ''} break nothing and hold nothing`, async () => {
			await fc.assert(
				fc.asyncProperty(fc.array(segment, { maxLength: 25 }), async (segments) => {
					const peer = await new RawPeer({ tcp: { limits } }).listen(4);
					await enter(peer);
					if (paused) peer.flow?.pause();
					for (const each of segments) {
						await peer.say(sayOf(peer, each));
						await peer.pass(each.pause);
						assert.ok(peer.stack.inspect().sockets.length <= 6);
					}
					peer.flow?.abort();
					await peer.stack.close();
					await peer.pass(400_000);
					assert.equal(peer.stack.inspect().sockets.length, 0);
					assert.ok(peer.clock.pending <= 1, 'timers are left');
				}),
				{ numRuns: 40 },
			);
		});
	}
}

test('bytes that are no segment break nothing', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake();
	await fc.assert(
		fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (bytes) => {
			peer.lan.carry(undefined, packet(bytes));
			await peer.pass(2);
		}),
		{ numRuns: 300 },
	);
	peer.flow!.handler = deaf;
	await peer.stack.close();
});
