/** Forks and groups: carriers of one association that are closed together and share their properties. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { type Arm, closeAll, onBothArms, onMemory } from './arms-harness.ts';

async function ground(arm: Arm) {
	const listener = await arm.listen(lines());
	const parent = await arm.connect(listener, { protocol: lines() });
	const server = (await listener.accept())!;
	return { listener, parent, server };
}

describe('forks', () => {
	onBothArms('P-12 P-51 T-7.4-01 T-7.4-02 T-7.4-08 a fork is a new connection of the same association', async (arm) => {
		const { listener, parent, server } = await ground(arm);
		assert.deepEqual(parent.group, [parent]);
		const fork = await parent.fork();
		const peer = (await listener.accept())!;
		assert.equal(fork.state, 'active');
		assert.deepEqual(parent.group, [parent, fork]);
		assert.deepEqual(fork.group, [parent, fork]);
		assert.equal(fork.association, parent.association);
		assert.notEqual(fork.transients[0]!.local, parent.transients[0]!.local);
		await fork.send('by the fork');
		await parent.send('by the parent');
		assert.equal((await peer.receive())!.content, 'by the fork');
		assert.equal((await server.receive())!.content, 'by the parent');
		await closeAll(fork, peer);
		assert.equal(parent.state, 'active');
		await fork.closed;
		assert.deepEqual(parent.group, [parent]);
		await closeAll(parent, server);
		await listener.close();
	});

	onBothArms('T-7.4-07 each has a framer of its own', async (arm) => {
		const raw = await arm.rawServer();
		const parent = await arm.connect(raw.port, { protocol: lines() });
		const fork = await parent.fork();
		await until('both are there', () => raw.peers.length === 2);
		const halves = [
			['par', 'ent\n'],
			['fo', 'rk\n'],
		] as const;
		for (const half of [0, 1]) {
			for (const [index, peer] of raw.peers.entries()) peer.write(halves[index]![half]!);
			await arm.after(50);
		}
		assert.equal((await parent.receive())!.content, 'parent');
		assert.equal((await fork.receive())!.content, 'fork');
		parent.abortGroup();
		for (const peer of raw.peers) peer.flow.abort();
		await raw.close();
	});

	onBothArms('T-7.4-07 it may speak another protocol', async (arm) => {
		const { listener, parent, server } = await ground(arm);
		const fork = await parent.fork({ protocol: messages(frame.stream(), codec.text()) });
		const peer = (await listener.accept())!;
		await peer.send('a line');
		assert.equal((await fork.receive({ minIncompleteLength: 7 }))!.content, 'a line\n');
		await closeAll(fork, peer, parent, server);
		await listener.close();
	});

	onBothArms('T-7.4-12 one that nobody accepts fails alone', async (arm) => {
		const { listener, parent, server } = await ground(arm);
		await listener.close();
		await assert.rejects(parent.fork(), { code: 'refused' });
		assert.deepEqual(parent.group, [parent]);
		assert.equal(parent.state, 'active');
		await closeAll(parent, server);
	});

	onBothArms('who accepted knows no way to its peer', async (arm) => {
		const { listener, parent, server } = await ground(arm);
		await assert.rejects(server.fork(), { code: 'not-supported', message: /peer does not listen/ });
		await closeAll(parent, server);
		await assert.rejects(parent.fork(), { code: 'closed' });
		await listener.close();
	});
});

describe('groups', () => {
	onBothArms('T-10-05 closeGroup closes every member in good order', async (arm) => {
		const { listener, parent, server } = await ground(arm);
		const fork = await parent.fork();
		const peer = (await listener.accept())!;
		fork.post('last of the fork');
		parent.post('last of the parent');
		await fork.closeGroup();
		assert.equal((await peer.receive())!.content, 'last of the fork');
		assert.equal((await server.receive())!.content, 'last of the parent');
		await closeAll(peer, server);
		for (const member of [parent, fork]) assert.deepEqual(await member.closed, { by: 'local', error: undefined });
		await listener.close();
	});

	onBothArms('T-10-06 abortGroup resets every member', async (arm) => {
		const { listener, parent, server } = await ground(arm);
		const fork = await parent.fork();
		const peer = (await listener.accept())!;
		parent.abortGroup();
		for (const member of [parent, fork]) assert.equal((await member.closed).error?.code, 'aborted');
		for (const other of [peer, server]) assert.equal((await other.closed).error?.code, 'reset');
		await listener.close();
	});

	onMemory('T-10-01 T-10-04 close and abort of one leave the others alone', async (arm) => {
		const { listener, parent, server } = await ground(arm);
		const [one, other] = [await parent.fork(), await parent.fork()];
		const peers = [(await listener.accept())!, (await listener.accept())!];
		await one.close();
		other.abort();
		await peers[0]!.close();
		await Promise.all([one.closed, other.closed]);
		assert.equal(parent.state, 'active');
		assert.deepEqual(parent.group, [parent]);
		await closeAll(parent, server, ...peers);
		await listener.close();
	});
});
