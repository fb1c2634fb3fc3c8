/** How the carriers of a group share what there is. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { lines } from '../message/text-lines.ts';
import type { Policy } from '../policy/policy.ts';
import { type memoryArm, onMemory } from './arms-harness.ts';
import type { Carrier } from './carrier.ts';

type Text = Carrier<string, string>;

/** Two carriers of one group with much to say each, and how much of it has gone after a while, in messages. */
async function contest(
	arm: ReturnType<typeof memoryArm>,
	policy: Policy,
	priorities: readonly [number, number],
): Promise<number[]> {
	const listener = await arm.listen(lines());
	const parent = await arm.connect(listener, { protocol: lines(), policy });
	const fork: Text = await parent.fork({ priority: priorities[1] });
	parent.set('connPriority', priorities[0]);
	const servers = [(await listener.accept())!, (await listener.accept())!];
	const gone = [0, 0];
	for (const [index, carrier] of [parent, fork].entries()) {
		for (let count = 0; count < 300; count += 1) {
			carrier.send('x'.repeat(60_000)).then(
				() => {
					gone[index] = gone[index]! + 1;
				},
				() => {},
			);
		}
	}
	// Both peers read at the same pace, one message of each in turn.
	for (let count = 0; count < 60; count += 1) {
		for (const server of servers) await Promise.race([server.receive(), arm.after(5)]);
	}
	parent.abortGroup();
	for (const server of servers) server.abort();
	await listener.close();
	return gone;
}

describe('schedulers of a group', () => {
	onMemory('T-8.1.2 T-7.4-14 by priority the more important goes first', async (arm) => {
		const [first, second] = await contest(arm, { connScheduler: 'priority-based' }, [1, 100]);
		assert.ok(first! > 30 && second! < first! / 2, `${first} and ${second}`);
	});

	onMemory('T-8.1.5 fairly both get the same', async (arm) => {
		const [first, second] = await contest(arm, { connScheduler: 'fair-capacity' }, [1, 100]);
		assert.ok(Math.abs(first! - second!) <= 3, `${first} and ${second}`);
	});

	onMemory('nobody waits for one that takes nothing', async (arm) => {
		const listener = await arm.listen(lines());
		const stuck = await arm.connect(listener, { protocol: lines(), policy: { connScheduler: 'priority-based' } });
		const fork: Text = await stuck.fork({ priority: 500 });
		const servers = [(await listener.accept())!, (await listener.accept())!];
		for (let count = 0; count < 40; count += 1) stuck.post('x'.repeat(60_000));
		const sending = fork.send('through');
		assert.equal((await servers[1]!.receive())!.content, 'through');
		assert.equal(await sending, 'sent');
		stuck.abortGroup();
		for (const server of servers) server.abort();
		await listener.close();
	});
});
