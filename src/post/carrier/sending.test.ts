/** Where the properties of a message come from, and when it counts as sent. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { codec } from '../message/codecs.ts';
import type { FrameProperties } from '../message/framer.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { profiles } from '../policy/profiles.ts';
import { closeAll, onBothArms, onMemory } from './arms-harness.ts';
import { Association } from './association.ts';
import { initiate } from './initiate.ts';

describe('properties of messages', () => {
	onMemory('T-4-04 I-5.1.1-01 are those of the message, else of the carrier, else of the association', async (arm) => {
		const raw = await arm.rawServer((peer) => peer.flow.pause());
		const association = new Association({
			remote: `tcp://127.0.0.1:${raw.port}`,
			local: { stack: arm.stack },
			policy: { msgLifetime: 100 },
		});
		const blocked = async (policy: { msgLifetime?: number } = {}) => {
			const carrier = await association.initiate<string, string>({ protocol: lines(), policy });
			while (carrier.queued.messages === 0) {
				carrier.post('x'.repeat(60_000), { lifetime: 'infinite', ordered: true });
				await arm.after(50);
			}
			return carrier;
		};
		const expires = async (sending: PromiseLike<string>) => {
			const begun = arm.stack.clock.now();
			assert.equal(await sending, 'expired');
			return arm.stack.clock.now() - begun;
		};
		const near = (milliseconds: number, lifetime: number) =>
			assert.ok(milliseconds > 0 && milliseconds <= lifetime, `${milliseconds} of ${lifetime} ms`);
		const first = await blocked();
		near(await expires(first.send('as the association says')), 100);
		const second = await blocked({ msgLifetime: 1_000 });
		const began = arm.stack.clock.now();
		const kept = second.send('as the carrier says');
		near(await expires(second.send('as it says itself', { lifetime: 50 })), 50);
		assert.equal(await kept, 'expired');
		const passed = arm.stack.clock.now() - began;
		assert.ok(passed > 100 && passed <= 1_000, `${passed} ms`);
		second.set('msgLifetime', 30);
		near(await expires(second.send('as it was set')), 30);
		for (const carrier of [first, second]) carrier.abort();
		for (const peer of raw.peers) peer.flow.abort();
		await raw.close();
	});

	onBothArms('I-5.1.1-02 who asks for less reliability than there is gets what there is', async (arm) => {
		const { client, server } = await arm.pair(lines(), { policy: { perMsgReliability: 'prefer' } });
		const sendings = Array.from({ length: 50 }, (_, index) => client.send(`${index}`, { reliable: index % 2 === 0 }));
		for (let index = 0; index < 50; index += 1) assert.equal((await server.receive())!.content, `${index}`);
		await Promise.all(sendings);
		await closeAll(client, server);
	});

	onBothArms('I-6.2-01 a framer is given every message, and every piece of one', async (arm) => {
		const heard: string[][] = [];
		const stream = frame.stream();
		const watched = {
			...stream,
			framer() {
				const framer = stream.framer();
				const calls: string[] = [];
				heard.push(calls);
				const given = framer.frame.bind(framer);
				framer.frame = (message, properties: FrameProperties, out) => {
					if (message.length > 0) calls.push(`${message.length} ${properties.complete}`);
					given(message, properties, out);
				};
				return framer;
			},
		};
		const raw = await arm.rawServer();
		const client = await arm.connect(raw.port, { protocol: messages(watched, codec.bytes()) });
		await client.send(new Uint8Array(3));
		const writer = client.open({ final: true });
		await writer.write(new Uint8Array(2));
		await arm.after(20);
		await writer.end(new Uint8Array(1));
		// Another may be asked first whether the framing takes them at all.
		assert.deepEqual(heard[0], ['3 true', '2 false', '1 true']);
		raw.peers[0]!.flow.end();
		await client.close();
		await raw.close();
	});
});

describe('sent', () => {
	onBothArms(
		'I-5.1.2-01 is what the network has taken: over TCP into its buffer, over UDP at the interface',
		async (arm) => {
			const raw = await arm.rawServer((peer) => peer.flow.pause());
			const { stack } = arm;
			const stream = await arm.connect<string, string>(raw.port, { protocol: lines() });
			assert.equal(await stream.send('nobody reads this'), 'sent');
			let waits = true;
			while (waits) {
				const sending = stream.send('x'.repeat(1_000_000));
				waits = await Promise.race([sending.then(() => true), arm.after(200).then(() => false)]);
				if (!waits) sending.catch(() => {});
			}
			const policy = profiles.unreliableDatagram;
			const datagram = await initiate<string, string>('udp://127.0.0.1:9', {
				policy,
				protocol: lines(),
				local: { stack },
			});
			assert.equal(await datagram.send('nobody is there'), 'sent');
			stream.abort();
			await datagram.close();
			for (const peer of raw.peers) peer.flow.abort();
			await raw.close();
		},
	);
});
