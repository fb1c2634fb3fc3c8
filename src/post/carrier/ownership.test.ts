/** Law 7: what the user receives is theirs. Whatever comes, however it is consumed, is kept and compared at the end. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { seededRandom } from '../../base/random.ts';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { assertSameBytes, closeAll, onBothArms } from './arms-harness.ts';
import type { Carrier } from './carrier.ts';

const blobs = messages(frame.lengthPrefix(), codec.bytes());
const security = selfSigned();

const consumers: Record<string, (carrier: Carrier<Uint8Array, Uint8Array>, kept: Uint8Array[]) => Promise<void>> = {
	async iteration(carrier, kept) {
		for await (const { content } of carrier) kept.push(content);
	},
	async 'receive()'(carrier, kept) {
		for (let received = await carrier.receive(); received; received = await carrier.receive())
			kept.push(received.content);
	},
	async onMessage(carrier, kept) {
		carrier.onMessage(({ content }) => void kept.push(content));
		await until('the carrier is over', () => carrier.state === 'closed');
	},
	async 'onMessage after a while, then receive()'(carrier, kept) {
		await carrier.receive().then((received) => kept.push(received!.content));
		carrier.onMessage(({ content }) => kept.push(content) < 20, {});
		await until('it stopped', () => kept.length >= 20);
		for (let received = await carrier.receive(); received; received = await carrier.receive())
			kept.push(received.content);
	},
	async 'a handler that borrows, stops, and leaves the rest'(carrier, kept) {
		carrier.onMessage(({ content }) => kept.push(content.slice()) < 20, { borrow: true });
		await until('it stopped', () => kept.length >= 20);
		for await (const { content } of carrier) kept.push(content);
	},
};

describe('law 7', () => {
	for (const scheme of ['tcp', 'tls'] as const) {
		for (const [name, consume] of Object.entries(consumers)) {
			onBothArms(
				`P-31 T-9.3.2.1 every message of random size, kept to the end: ${name} over ${scheme}`,
				async (arm) => {
					const random = seededRandom(name.length);
					const { client, server } = await arm.pair(blobs, {
						scheme,
						security: { pin: security.fingerprint },
						...(scheme === 'tls' && { server: { security } }),
					});
					const sent = Array.from({ length: 400 }, () =>
						random.fill(new Uint8Array(random.below(2 ** random.below(17)))),
					);
					const kept: Uint8Array[] = [];
					const consumed = consume(server, kept);
					for (const message of sent) {
						if (!client.post(message)) await client.drained();
						if (random.below(20) === 0) await arm.after(1);
					}
					await client.close();
					await consumed;
					assertSameBytes(kept, sent);
					for (const content of kept)
						assert.equal(content.byteLength, content.buffer.byteLength, 'nothing else is kept alive by it');
					assert.ok(kept.every((content) => content.constructor === Uint8Array));
					await closeAll(client, server);
				},
			);
		}
	}

	onBothArms('a reply is owned, also on a carrier whose handler borrows', async (arm) => {
		const { client, server } = await arm.pair(blobs);
		client.onMessage(() => {}, { borrow: true });
		server.onMessage(({ content }) => server.send(content.slice()));
		const sent = Array.from({ length: 50 }, (_, index) => new Uint8Array(5000).fill(index));
		const replies = await Promise.all(sent.map((content) => client.request(content)));
		for (let index = 0; index < 50; index += 1) await client.request(new Uint8Array(5000).fill(0xee));
		assertSameBytes(replies, sent);
		await closeAll(client, server);
	});
});
