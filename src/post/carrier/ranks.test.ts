/** Messages with ranks, lifetimes and antecedents: which goes first, which not at all, and who is told. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { turns, until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { type Arm, closeAll, onBothArms, onMemory } from './arms-harness.ts';
import type { Carrier } from './carrier.ts';
import type { InitiateOptions } from './options.ts';

type Text = Carrier<string, string>;

/** A carrier whose connection takes no more, until the peer reads. */
async function blocked(arm: Arm, options: InitiateOptions<string, string> = {}) {
	const { client, server } = await arm.pair(lines(), options);
	// What fills the layers below must not be overtaken, or there would be no telling what is.
	for (let moved = true; moved; ) {
		const before = client.queued.messages;
		for (let count = 0; count < 10; count += 1) client.post('x'.repeat(60_000), { lifetime: 1e9, ordered: true });
		await arm.after(50);
		moved = client.queued.messages < before + 10;
	}
	return { client, server };
}

/** What the peer reads from here on, without what only filled the connection. */
async function rest(server: Text, count: number): Promise<string[]> {
	const found: string[] = [];
	while (found.length < count) {
		const received = await server.receive();
		if (!received) return found;
		if (!received.content.startsWith('xxxx')) found.push(received.content);
	}
	return found;
}

describe('priorities', () => {
	onBothArms('P-33 G-22 T-9.1.3.2 lower goes first among what waits, equals in the order of sending', async (arm) => {
		const { client, server } = await blocked(arm);
		for (const [index, priority] of [200, 100, 5, 200, 5, 100].entries()) {
			client.post(`${priority} ${index}`, { priority, ordered: false, lifetime: 1e9 });
		}
		const came = await rest(server, 6);
		assert.deepEqual(came.slice(0, 4), ['5 2', '5 4', '100 1', '100 5']);
		assert.deepEqual(came.slice(4), ['200 0', '200 3']);
		await closeAll(client, server);
	});

	onBothArms('T-9.1.3.3 ordered messages keep their order whatever their priorities', async (arm) => {
		const { client, server } = await blocked(arm);
		for (const priority of [9, 8, 7]) client.post(`${priority}`, { priority, ordered: true });
		assert.deepEqual(await rest(server, 3), ['9', '8', '7']);
		await closeAll(client, server);
	});

	onBothArms('T-9.1.3.5-02 T-9.1.3.5-03 the final message goes last whatever its priority', async (arm) => {
		const { client, server } = await blocked(arm);
		client.post('slow', { priority: 1_000 });
		client.post('final', { priority: 0, final: true });
		assert.equal(client.canSend, false);
		assert.equal(client.post('never'), false);
		assert.deepEqual(await rest(server, 3), ['slow', 'final']);
		await closeAll(client, server);
	});
});

describe('lifetimes', () => {
	onMemory('P-32 G-32 T-9.1.3.1 a message is dropped when its time has come, and told of once', async (arm) => {
		const { client, server } = await blocked(arm);
		const heard: number[] = [];
		client.observe('expired', ({ id }) => heard.push(id));
		const early = client.send('early', { lifetime: 50 });
		const late = client.send('late', { lifetime: 500 });
		assert.equal(await early, 'expired');
		assert.equal(await late, 'expired');
		await turns(2);
		assert.deepEqual(heard, [early.id, late.id]);
		const kept = client.send('kept', { lifetime: 5_000 });
		assert.deepEqual(await rest(server, 1), ['kept']);
		assert.equal(await kept, 'sent');
		await closeAll(client, server);
	});

	onMemory('what has begun is finished, what follows from the expired is not sent', async (arm) => {
		const { client, server } = await blocked(arm);
		const base = client.send('base', { lifetime: 100 });
		const delta = client.send('delta', { antecedents: [base] });
		const other = client.send('other', { priority: 1 });
		assert.deepEqual(await Promise.all([base, delta]), ['expired', 'expired']);
		assert.deepEqual(await rest(server, 1), ['other']);
		assert.equal(await other, 'sent');
		await closeAll(client, server);
	});

	onBothArms('a lifetime is not harmed by an idle connection', async (arm) => {
		const { client, server } = await arm.pair(lines());
		assert.equal(await client.send('soon', { lifetime: 5_000 }), 'sent');
		assert.equal((await server.receive())!.content, 'soon');
		await closeAll(client, server);
	});

	onMemory('extend gives another one; it is too late for what has ended', async (arm) => {
		const { client, server } = await blocked(arm);
		const sending = client.send('kept', { lifetime: 50 });
		assert.equal(sending.extend(10_000), true);
		await arm.after(1_000);
		assert.deepEqual(await rest(server, 1), ['kept']);
		assert.equal(await sending, 'sent');
		assert.equal(sending.extend(10), false);
		assert.throws(() => sending.extend(-1), { code: 'bad-argument' });
		await closeAll(client, server);
	});
});

describe('antecedents', () => {
	onBothArms('P-35 P-41 a message waits for those it names, also for one yet to come', async (arm) => {
		const { client, server } = await blocked(arm);
		const next = client.send('a').id;
		const last = client.send('last', { antecedents: [next + 2], priority: 1 });
		client.post('needed', { priority: 500 });
		assert.deepEqual(
			(await rest(server, 3)).filter((text) => text !== 'a'),
			['needed', 'last'],
		);
		assert.equal(await last, 'sent');
		await closeAll(client, server);
	});

	onBothArms('a circle is refused, and nothing else is harmed', async (arm) => {
		const { client, server } = await blocked(arm);
		const first = client.send('first', { antecedents: [client.send('zero').id + 2] });
		assert.throws(() => client.send('second', { antecedents: [first] }), {
			code: 'bad-argument',
			message: /waits for/,
		});
		assert.throws(() => client.send('odd', { antecedents: ['one' as never] }), { code: 'bad-argument' });
		client.post('second');
		assert.deepEqual(await rest(server, 3), ['zero', 'second', 'first']);
		await closeAll(client, server);
	});
});

describe('taking back', () => {
	onBothArms('withdraw takes back what waits; a signal does, too; what went down stays sent', async (arm) => {
		const { client, server } = await blocked(arm);
		const controller = new AbortController();
		const taken = client.send('taken');
		const signalled = client.send('signalled', { signal: controller.signal });
		const follower = client.send('follower', { antecedents: [taken] });
		assert.equal(taken.withdraw(), true);
		controller.abort();
		assert.deepEqual(await Promise.all([taken, signalled, follower]), ['withdrawn', 'withdrawn', 'withdrawn']);
		assert.equal(taken.withdraw(), false);
		const kept = client.send('kept');
		assert.deepEqual(await rest(server, 1), ['kept']);
		assert.equal(await kept, 'sent');
		assert.equal(kept.withdraw(), false);
		await assert.rejects(client.send('no', { signal: controller.signal }), { code: 'aborted' });
		await closeAll(client, server);
	});

	onBothArms('G-35 whatever matches can be dropped at once, and the depth be seen', async (arm) => {
		const { client, server } = await blocked(arm);
		const before = client.queued;
		const frames = Array.from({ length: 5 }, (_, index) => client.send(`frame ${index}`, { priority: 150 }));
		assert.equal(client.queued.messages, before.messages + 5);
		assert.equal(client.queued.bytes, before.bytes + 5 * 7);
		client.withdraw(({ priority }) => priority === 150);
		assert.deepEqual(new Set(await Promise.all(frames)), new Set(['withdrawn']));
		assert.deepEqual(client.queued, before);
		client.abort();
		server.abort();
	});
});

describe('many messages', () => {
	onBothArms('sendMany sends all of them at the pace of the peer', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const many = async function* () {
			for (let index = 0; index < 5_000; index += 1) yield `${index} ${'y'.repeat(400)}`;
		};
		const sending = client.sendMany(many());
		for (let index = 0; index < 5_000; index += 1) {
			assert.ok((await server.receive())!.content.startsWith(`${index} `));
		}
		assert.equal(await sending, 5_000);
		assert.equal(await client.sendMany(['one', 'two']), 2);
		server.abort();
		await client.closed;
		await assert.rejects(client.sendMany(['three']), { code: 'closed' });
	});

	onBothArms('G-31 G-33 T-11-03 every message is told of once, in the order of handing down', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const heard: string[] = [];
		client.observe('sent', ({ id }) => heard.push(`${id}`));
		client.observe('sendError', ({ id, error }) => heard.push(`${id} ${error.code}`));
		client.post('one');
		await client.send('two');
		client.post('three');
		await until('all are told', () => heard.length === 3);
		assert.deepEqual(heard, ['1', '2', '3']);
		client.abort();
		await assert.rejects(client.send('four'), { code: 'closed' });
		await turns(5);
		assert.equal(heard.length, 3, 'nothing is told after the end');
		await server.closed;
	});
});
