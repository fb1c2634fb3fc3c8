/** `acked`: what the peer's system has, told once, by few looks, and only to those who ask. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { FlowMetrics } from '../../stack/metrics.ts';
import { until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { Acks } from './acks.ts';
import { closeAll, kernelArm, onArm, onMemory } from './arms-harness.ts';

const security = selfSigned();

describe('looking for acknowledgements', () => {
	function ground() {
		const clock = virtualClock();
		let looks = 0;
		const state = { bytesAcked: 0, unacknowledged: 0, notSent: 0, roundTrip: 20 };
		const acks = new Acks(clock, () => {
			looks += 1;
			return state as FlowMetrics;
		});
		const heard: string[] = [];
		const waiter = (name: string) => ({
			acknowledged: () => heard.push(name),
			unknown: (error?: Error) => heard.push(`${name} ${error ? 'lost' : 'unknown'}`),
		});
		const pass = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
		return { acks, state, heard, waiter, pass, looks: () => looks };
	}

	test('one look serves all that wait, each is told when its bytes are acknowledged', async () => {
		const { acks, state, heard, waiter, pass, looks } = ground();
		state.unacknowledged = 100;
		for (let index = 0; index < 50; index += 1) acks.add(waiter(`a${index}`));
		await pass(1);
		assert.equal(looks(), 1);
		state.notSent = 50;
		acks.add(waiter('b'));
		await pass(1);
		Object.assign(state, { bytesAcked: 100, unacknowledged: 50, notSent: 0 });
		await pass(25);
		assert.equal(heard.length, 50);
		assert.ok(!heard.includes('b'));
		Object.assign(state, { bytesAcked: 150, unacknowledged: 0 });
		await pass(25);
		assert.equal(heard.at(-1), 'b');
		const before = looks();
		await pass(10_000);
		assert.equal(looks(), before, 'nobody waits, nobody looks');
	});

	test('a lost connection, and nobody who tells', async () => {
		const { acks, state, heard, waiter, pass } = ground();
		state.unacknowledged = 1;
		acks.add(waiter('a'));
		await pass(1);
		acks.fail(new Error('gone') as never);
		const blind = new Acks(virtualClock(), () => undefined);
		assert.equal(blind.available, false);
		blind.add(waiter('b'));
		await until('it is told', () => heard.length === 2);
		assert.deepEqual(heard, ['a lost', 'b unknown']);
	});
});

describe('acked', () => {
	for (const scheme of ['tcp', 'tls']) {
		test(
			`P-42 over ${scheme} it resolves when the peer's kernel has the message, not before`,
			{ timeout: 60_000 },
			(t) =>
				onArm(kernelArm(), async (arm) => {
					const listener = await arm.listen(lines(), { ...(scheme === 'tls' && { security }) }, scheme);
					const client = await arm.connect(listener, {
						scheme,
						protocol: lines(),
						security: { pin: security.fingerprint },
					});
					const server = (await listener.accept())!;
					if (!client.capabilities().abilities.acked.available) t.skip('it needs Linux and koffi');
					else {
						const heard: number[] = [];
						client.observe('acked', ({ id }) => heard.push(id));
						const first = client.send('hello');
						await first.acked;
						await until('it is told', () => heard.length === 1);
						const many = Array.from({ length: 200 }, () => client.send('x'.repeat(100_000), { priority: 100 }));
						let acked = 0;
						for (const sending of many) sending.acked.then(() => (acked += 1));
						await arm.after(300);
						assert.ok(acked < 200, 'the peer does not read, so most cannot have arrived');
						server.onMessage(() => {});
						await Promise.all(many.map((sending) => sending.acked));
						assert.equal(await many.at(-1), 'sent');
					}
					await closeAll(client, server);
					await listener.close();
				}),
		);
	}

	test('P-07 of each message it is told that it was sent, acknowledged or expired', { timeout: 60_000 }, (t) =>
		onArm(kernelArm(), async (arm) => {
			const { client, server } = await arm.pair(lines());
			if (!client.capabilities().abilities.acked.available) t.skip('it needs Linux and koffi');
			else {
				const told: string[] = [];
				for (const name of ['sent', 'acked', 'expired'] as const) {
					client.observe(name, ({ id }) => told.push(`${id} ${name}`));
				}
				const first = client.send('now');
				// It waits for one that nobody sends.
				const late = client.send('never', { lifetime: 20, antecedents: [first.id + 2] });
				assert.equal(await first, 'sent');
				assert.equal(await late, 'expired');
				await first.acked;
				await assert.rejects(late.acked, { code: 'send-failed' });
				await until('all is told', () => told.length === 3);
				assert.deepEqual(told.toSorted(), ['1 acked', '1 sent', '2 expired']);
			}
			await closeAll(client, server);
		}),
	);

	onMemory('where nobody tells it says so, and what is not sent is not acknowledged', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const { available, why } = client.capabilities().abilities.acked;
		assert.equal(available, false);
		assert.ok(why);
		await assert.rejects(client.send('hello').acked, { code: 'not-supported' });
		await closeAll(client, server);
		await assert.rejects(client.send('late').acked, { code: 'closed' });
	});
});
