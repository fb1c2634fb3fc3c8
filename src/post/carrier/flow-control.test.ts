/** Nobody is flooded: a sender is told to wait, a receiver that does not read stops its peer, and memory is bounded. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { closeAll, onBothArms } from './arms-harness.ts';

const blobs = messages(frame.lengthPrefix(), codec.bytes());
const bytes = messages(frame.stream(), codec.bytes());
const mebibyte = 2 ** 20;

describe('flow control', () => {
	onBothArms(
		'T-9.3.2-02 a peer that does not read: post says so, the queue is bounded, and all goes on when it reads',
		async (arm) => {
			const limits = { maxQueuedBytes: 64 * mebibyte };
			const { client, server } = await arm.pair(blobs, { limits });
			const message = new Uint8Array(mebibyte).fill(1);
			let posted = 0;
			let welcome = true;
			for (; posted < 48; posted += 1) welcome = client.post(message);
			assert.equal(welcome, false);
			let drained = false;
			const draining = client.drained().then(() => (drained = true));
			await arm.after(200);
			assert.equal(drained, false, 'nobody reads');
			// Who goes on all the same meets the bound.
			const failing: Promise<unknown>[] = [];
			let refused = 0;
			for (let index = 0; index < 60; index += 1) {
				const sending = client.send(message);
				failing.push(
					sending.then(
						() => (posted += 1),
						({ code }) => (refused += code === 'queue-full' ? 1 : 0),
					),
				);
			}
			await arm.after(10);
			assert.ok(refused > 0, 'queue-full');
			assert.throws(() => client.post(message), {
				code: 'queue-full',
				message: /67108864 may; await send\(\) or drained\(\)/,
			});
			await assert.rejects(client.request(message), { code: 'queue-full' });
			let received = 0;
			server.onMessage(() => void (received += 1));
			await Promise.all(failing);
			await draining;
			await until('all has come', () => received === posted);
			assert.equal(client.post(new Uint8Array(1)), true, 'welcome again');
			await closeAll(client, server);
		},
	);

	onBothArms(
		'P-11 T-9.3.2-02 without a consumer at most the read-ahead and a chunk are read, and the sender stops',
		async (arm) => {
			const listener = await arm.listen(bytes);
			const [peer, carrier] = await Promise.all([arm.rawClient(listener), listener.accept()]);
			let handedOver = 0;
			const piece = new Uint8Array(64 * 1024);
			for (let index = 0; index < 1_024; index += 1) peer.flow.write([piece], () => (handedOver += 1));
			let before = -1;
			while (handedOver !== before) {
				before = handedOver;
				await arm.after(200);
			}
			assert.ok(handedOver < 1_024, `${handedOver} pieces of 64 KiB are on the way, in buffers of the network`);
			let read = 0;
			for (let count = 0; count < 4; count += 1) read += (await carrier!.receive())!.length;
			assert.ok(read > 0 && read <= 4 * 64 * 1024);
			for (let left = 1_024 * piece.length - read; left > 0; ) left -= (await carrier!.receive())!.length;
			assert.equal(handedOver, 1_024);
			peer.flow.end();
			await closeAll(carrier!, listener);
		},
	);

	onBothArms(
		'drained() resolves where more is welcome, after the last message, and once when the carrier dies',
		async (arm) => {
			const { client, server } = await arm.pair(blobs);
			await client.drained();
			while (client.post(new Uint8Array(256 * 1024)));
			const dying = client.drained();
			server.abort();
			await dying;
			await client.closed;
			await assert.rejects(client.drained(), { code: 'closed' }, 'or a loop of posts would never end');
			const other = await arm.pair(blobs);
			assert.equal(other.client.post(new Uint8Array(512 * 1024), { final: true }), true);
			await other.client.drained();
			await closeAll(other.client, other.server);
		},
	);

	onBothArms(
		'T-9.2.2-01 of the sends under way when the peer resets, each settles once: sent, then send-failed',
		async (arm) => {
			const { client, server } = await arm.pair(blobs);
			const fates: string[] = [];
			const sendings = Array.from({ length: 200 }, () => client.send(new Uint8Array(64 * 1024)));
			for (const [index, sending] of sendings.entries()) {
				sending.then(
					(outcome) => (fates[index] = (fates[index] ?? '') + outcome),
					(error) => (fates[index] = (fates[index] ?? '') + error.code),
				);
			}
			await arm.after(50);
			server.abort();
			const { error } = await client.closed;
			await arm.after(1);
			assert.equal(error?.code, 'reset');
			assert.equal(fates.length, 200);
			const firstLost = fates.indexOf('send-failed');
			assert.ok(firstLost > 0);
			assert.ok(
				fates.every((fate, index) => fate === (index < firstLost ? 'sent' : 'send-failed')),
				fates.join(),
			);
			await assert.rejects(sendings.at(-1)!, (lost: Error) => lost.cause === error);
		},
	);
});
