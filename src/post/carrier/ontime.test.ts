/** What lifetimes are for: over a link that is too slow for all messages, bytes that are in time rather than bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../base/random.ts';
import { deaf } from '../../stack/flow.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { bestOnTime, jobsOf, type Link } from '../queue/ontime-harness.ts';
import { type Arm, memoryArm, onArm } from './arms-harness.ts';

/** Bytes per ms: 10 Mbit/s. */
const rate = 1_250;
const duration = 5_000;
const roundTrip = 20;
const link: Link = { rate: () => rate, roundTrip, depth: 0 };

/** Hears of every byte when a link of that rate would have carried it; the link holds its sender back while it is busy. */
function overLink(arm: Arm, hear: (bytes: Uint8Array) => void) {
	return arm.rawServer(({ flow }) => {
		flow.handler = {
			...deaf,
			onData(chunk) {
				const bytes = chunk.slice();
				flow.pause();
				arm.stack.clock.after(bytes.length / rate, () => {
					hear(bytes);
					flow.resume();
				});
			},
		};
		flow.resume();
	});
}

/** Calls `take` with what is between the lengths. */
function deframed(take: (message: DataView) => void): (bytes: Uint8Array) => void {
	let held = new Uint8Array(0);
	return (bytes) => {
		const all = new Uint8Array(held.length + bytes.length);
		all.set(held);
		all.set(bytes, held.length);
		const view = new DataView(all.buffer);
		let at = 0;
		for (; at + 4 <= all.length && at + 4 + view.getUint32(at) <= all.length; at += 4 + view.getUint32(at)) {
			take(new DataView(all.buffer, at + 4, view.getUint32(at)));
		}
		held = all.slice(at);
	};
}

test('at twice what the link can do, 85 % of that is in time, 90 % of what anybody could do, and of what arrives 5 % late', () =>
	onArm(memoryArm({ rtt: roundTrip, highWater: 16_384 }), async (arm) => {
		const { clock } = arm.stack;
		let [start, onTime, late] = [0, 0, 0];
		const hear = deframed((message) => {
			if (clock.now() - start <= message.getFloat64(0)) onTime += message.byteLength;
			else late += message.byteLength;
		});
		const server = await overLink(arm, hear);
		const carrier = await arm.connect(server.port, { protocol: messages(frame.lengthPrefix(), codec.bytes()) });
		const load = { load: 2 * rate, duration, lengths: [1_000, 8_000], lifetimes: [100, 500] } as const;
		const jobs = jobsOf(seededRandom(1), load);
		start = clock.now();
		for (const { at, length, deadline } of jobs) {
			await arm.after(start + at - clock.now());
			const message = new Uint8Array(length);
			new DataView(message.buffer).setFloat64(0, deadline);
			carrier.post(message, { lifetime: start + deadline - clock.now(), ordered: false });
		}
		await arm.after(1_000);
		assert.ok(onTime >= 0.85 * rate * duration, `${onTime} of ${rate * duration} bytes`);
		assert.ok(onTime >= 0.9 * bestOnTime(jobs, link), `${onTime} of ${bestOnTime(jobs, link)} bytes`);
		assert.ok(late <= 0.05 * (onTime + late), `${late} of ${onTime + late} bytes`);
		carrier.abort();
		for (const { flow } of server.peers) flow.abort();
		await server.close();
	}));
