/** Properties of a live carrier: read, set, shared by its group, and what comes of them. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { lines } from '../message/text-lines.ts';
import { profiles } from '../policy/profiles.ts';
import { type Arm, closeAll, onBothArms, onMemory } from './arms-harness.ts';
import type { Carrier } from './carrier.ts';

async function forked(arm: Arm) {
	const listener = await arm.listen(lines());
	const parent = await arm.connect(listener, { protocol: lines(), policy: { connPriority: 7, msgPriority: 50 } });
	const peer = (await listener.accept())!;
	const fork = await parent.fork();
	const other = (await listener.accept())!;
	const end = async () => {
		await closeAll(parent, fork, peer, other);
		await listener.close();
	};
	return { parent, fork, peer, end };
}

describe('properties of a carrier', () => {
	onBothArms('T-6.2-10 T-8.1.11.1 preferences are wishes until a connection stands, then facts', async (arm) => {
		const listener = await arm.listen(lines());
		const client = await arm.connect(listener, { protocol: lines(), lazy: true });
		assert.equal(client.properties.reliability, 'require');
		assert.equal(client.get('connState'), 'establishing');
		await client.activate();
		const server = (await listener.accept())!;
		const { reliability, preserveMsgBoundaries, multistreaming, congestionControl } = client.properties;
		assert.deepEqual(
			[reliability, preserveMsgBoundaries, multistreaming, congestionControl],
			[true, true, false, true],
		);
		assert.equal(client.get('CONNSTATE'), 'established');
		const closing = client.close();
		assert.equal(client.get('connState'), 'closing');
		await server.close();
		await closing;
		await client.closed;
		assert.equal(client.get('connState'), 'closed');
		await listener.close();
	});

	onBothArms(
		'T-8.1.11.2 T-8.1.11.3 T-8.1.11.5 T-8.1.11.6 what can still be sent and received, and how much',
		async (arm) => {
			const { client, server } = await arm.pair(lines({ maxLength: 99 }));
			const flags = ({ properties: { canSend, canReceive, sendMsgMaxLen, recvMsgMaxLen } }: Carrier<string>) => [
				canSend,
				canReceive,
				sendMsgMaxLen,
				recvMsgMaxLen,
			];
			assert.deepEqual(flags(client), [true, true, 99, 99]);
			await client.send('last', { final: true });
			assert.deepEqual(flags(client), [false, true, 0, 99]);
			assert.equal((await server.receive())!.content, 'last');
			assert.equal(await server.receive(), undefined);
			assert.deepEqual(flags(server), [true, false, 99, 0]);
			assert.equal(client.get('singularTransmissionMsgMaxLen'), 'not-applicable');
			await closeAll(client, server);
		},
	);

	onBothArms('T-8.1.11.4 T-8.1.11.5 over UDP messages have the size of datagrams', async (arm) => {
		const listener = await arm.listen(lines(), { policy: profiles.unreliableDatagram }, 'udp');
		const client = await arm.connect(listener, {
			scheme: 'udp',
			protocol: lines(),
			policy: { ...profiles.unreliableDatagram, safelyReplayable: true },
		});
		const { sendMsgMaxLen, recvMsgMaxLen, singularTransmissionMsgMaxLen } = client.properties;
		assert.deepEqual([sendMsgMaxLen, recvMsgMaxLen], [65_507, 65_507]);
		if (arm.name === 'kernel')
			assert.equal(singularTransmissionMsgMaxLen, Math.min(65_507, client.paths[0]!.mtu! - 28));
		await client.close();
		await listener.close();
	});

	onBothArms(
		'T-7.4-03 T-7.4-04 T-7.4-05 T-7.4-11 a group shares its properties, but for rank and messages',
		async (arm) => {
			const { parent, fork, end } = await forked(arm);
			assert.deepEqual([fork.get('connPriority'), fork.get('msgPriority')], [7, 50]);
			fork.set('connTimeout', 5_000);
			fork.set('connPriority', 1);
			parent.set('msg-priority', 9);
			assert.equal(parent.get('connTimeout'), 5_000);
			assert.deepEqual([parent.properties.connPriority, fork.properties.connPriority], [7, 1]);
			assert.deepEqual([parent.properties.msgPriority, fork.properties.msgPriority], [9, 50]);
			await end();
		},
	);

	onMemory('T-4-02 T-8-01 I-7-03 what cannot be set throws and changes nothing; the carrier lives on', async (arm) => {
		const { parent, peer, end } = await forked(arm);
		const before = JSON.stringify(parent.properties);
		const wrong: [string, unknown, string][] = [
			['connTimout', 5, 'bad-argument'],
			['connTimeout', -5, 'bad-argument'],
			['reliability', 'prohibit', 'bad-argument'],
			['connState', 'closed', 'bad-argument'],
			['connScheduler', 'best', 'bad-argument'],
		];
		for (const [name, value, code] of wrong) assert.throws(() => parent.set(name, value), { code }, name);
		assert.equal(JSON.stringify(parent.properties), before);
		assert.throws(() => parent.get('nothing'), { code: 'bad-argument' });
		await parent.send('still here');
		assert.equal((await peer.receive())!.content, 'still here');
		await end();
	});

	onBothArms(
		'T-8.1.1 T-8.1.7 T-8.1.8-03 T-8.1.8-04 T-8.2.1 T-8.2.2 what nothing comes of here can be set and read, and says so',
		async (arm) => {
			const { client, server } = await arm.pair(lines());
			const advice: [string, unknown, unknown][] = [
				['recvChecksumLen', 'full-coverage', 8],
				['multipathPolicy', 'handover', 'aggregate'],
				['minSendRate', 'unlimited', 1e6],
				['minRecvRate', 'unlimited', 1e6],
				['tcp.userTimeoutValue', 'tcp-default', 60_000],
				['tcp.userTimeoutEnabled', false, true],
			];
			for (const [name, unset, value] of advice) {
				assert.equal(client.get(name), unset, name);
				client.set(name, value);
				assert.equal(client.get(name), value, name);
				const { effect, why } = client.capabilities().properties[name as 'recvChecksumLen'];
				assert.ok(effect === 'none' && why, name);
			}
			await client.send('all the same');
			assert.equal((await server.receive())!.content, 'all the same');
			await closeAll(client, server);
		},
	);

	onBothArms('T-8.2-01 the user timeout of TCP is no matter where there is no TCP', async (arm) => {
		const policy = { ...profiles.unreliableDatagram, 'tcp.userTimeoutEnabled': true } as const;
		const client = await arm.connect<string, string>(9, { scheme: 'udp', protocol: lines(), policy });
		assert.equal(await client.send('hello'), 'sent');
		assert.equal(client.get('tcp.userTimeoutValue'), 'tcp-default');
		await client.close();
	});

	onBothArms('capabilities say what holds and what only was asked for', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const { properties, abilities } = client.capabilities();
		assert.deepEqual(properties.reliability, { value: true, effect: 'enforced' });
		assert.equal(properties.minSendRate.effect, 'none');
		assert.ok(properties.minSendRate.why);
		assert.equal(abilities.groupVisibility.available, false);
		assert.match(abilities.groupVisibility.why!, /peer does not see/);
		for (const { available, why } of Object.values(abilities)) assert.equal(available, why === undefined);
		await closeAll(client, server);
	});
});

describe('what comes of setting', () => {
	onMemory('T-8-01 T-8-03 a property of another protocol is refused, and changes nothing', async (arm) => {
		const policy = { ...profiles.unreliableDatagram, safelyReplayable: true };
		const client = await arm.connect(9, { scheme: 'udp', protocol: lines(), policy });
		const before = JSON.stringify(client.properties);
		assert.throws(() => client.set('tcp.userTimeoutEnabled', true), { code: 'not-supported' });
		assert.equal(JSON.stringify(client.properties), before);
		await client.close();
	});

	onBothArms('T-7.4-11 every connection of the group is tuned', async (arm) => {
		const { parent, fork, end } = await forked(arm);
		const idle = (carrier: Carrier<string>) => carrier.get('keepAlive');
		assert.deepEqual([idle(parent), idle(fork)], [false, false]);
		parent.set('keepAliveTimeout', 5_000);
		const expected = arm.name === 'kernel';
		assert.deepEqual([idle(parent), idle(fork)], [expected, expected]);
		await end();
	});
});

describe('direction', () => {
	onBothArms('T-6.2.16 a carrier of one direction does not do the other', async (arm) => {
		const listener = await arm.listen(lines(), { policy: { direction: 'unidirectional-receive' } });
		const client = await arm.connect(listener, { protocol: lines(), policy: { direction: 'unidirectional-send' } });
		const server = (await listener.accept())!;
		assert.deepEqual([client.canSend, client.canReceive], [true, false]);
		assert.deepEqual([server.canSend, server.canReceive], [false, true]);
		assert.throws(() => client.receive(), { code: 'bad-argument', message: /unidirectional-send/ });
		assert.throws(() => client.onMessage(() => {}), { code: 'bad-argument' });
		assert.throws(() => client[Symbol.asyncIterator](), { code: 'bad-argument' });
		await assert.rejects(client.request('hello'), { code: 'bad-argument' });
		await assert.rejects(server.send('no'), { code: 'bad-argument', message: /unidirectional-receive/ });
		assert.equal(server.post('no'), false);
		assert.throws(() => server.open(), { code: 'bad-argument' });
		await client.send('this way');
		assert.equal((await server.receive())!.content, 'this way');
		assert.deepEqual([client.get('recvMsgMaxLen'), server.get('sendMsgMaxLen')], [0, 0]);
		await closeAll(client, server);
		await listener.close();
	});
});
