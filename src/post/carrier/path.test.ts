/** Paths: what can be told of them, and what happens when they go. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { settle } from '../policy/cascade.ts';
import { closeAll, onBothArms, onMemory } from './arms-harness.ts';
import { Association } from './association.ts';
import { difference, tuningOf, untuned } from './tuning.ts';

describe('paths', () => {
	onBothArms('P-81 P-83 a transient tells its path: both ends, its interface and what that takes', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const [path] = client.paths;
		assert.deepEqual(client.transients[0]!.paths, [path]);
		assert.equal(path!.local, client.transients[0]!.local);
		assert.equal(path!.remote, server.paths[0]!.local);
		assert.equal(path!.stack, arm.stack.name);
		assert.match(path!.interface!, /^lo/);
		assert.ok(path!.mtu! >= 1280);
		assert.equal(path!.lost, false);
		await closeAll(client, server);
	});

	onBothArms('P-84 what one packet takes is told apart from the packet, where anybody can tell', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const [path] = client.paths;
		if (client.capabilities().abilities.metrics.available) {
			// RFC 9293 §3.7.1: without the headers of IP and TCP.
			assert.ok(path!.payload! > 0 && path!.payload! <= path!.mtu! - 40, `${path!.payload} of ${path!.mtu}`);
		} else assert.equal(path!.payload, undefined);
		await closeAll(client, server);
	});

	onBothArms('T-8-05 it tells the provisioning domains of the local it comes from', async (arm) => {
		const listener = await arm.listen(lines());
		const local = [
			{ stack: arm.stack, pvds: ['home.example'] },
			{ stack: arm.stack, address: '127.0.0.1', pvds: ['office.example'] },
		];
		const policy = { pvd: { 'office.example': 'require' } } as const;
		const client = await arm.connect(listener, { protocol: lines(), local, policy });
		const server = (await listener.accept())!;
		assert.deepEqual(client.paths[0]!.pvds, ['office.example']);
		assert.equal(server.paths[0]!.pvds, undefined, 'nobody has said so');
		await closeAll(client, server);
		await listener.close();
	});

	onMemory('P-59 T-8.3.2 changes of the interfaces are told while somebody hears of them', async (arm) => {
		const { devices } = arm.stack;
		const listener = await arm.listen(lines());
		const association = new Association({ remote: `tcp://${listener.locals[0]}`, local: { stack: arm.stack } });
		const client = await association.initiate({ protocol: lines() });
		const server = (await listener.accept())!;
		const heard: string[] = [];
		const stop = client.observe('path', ({ path, change }) => {
			heard.push(`carrier ${path.lost} ${change.added.map(({ name }) => name)}`);
		});
		const above = association.observe('path', (_, carrier) =>
			heard.push(`association ${carrier === (client as unknown)}`),
		);
		devices.set({ name: 'wlan0', addresses: ['192.0.2.1'] });
		await until('it is told', () => heard.length === 2);
		assert.deepEqual(heard, ['carrier false wlan0', 'association true']);
		stop[Symbol.dispose]();
		above[Symbol.dispose]();
		devices.delete('wlan0');
		await arm.after(1_000);
		assert.equal(heard.length, 2);
		await closeAll(client, server);
		await listener.close();
	});

	onMemory(
		'P-59 P-97 I-7.2-01 with reconnect the loss of its address is the loss of the connection, else it is not',
		async (arm) => {
			const { devices } = arm.stack;
			const listener = await arm.listen(lines());
			devices.set({ name: 'wlan0', addresses: ['192.0.2.9'] });
			const options = { protocol: lines(), local: [{ stack: arm.stack, interface: 'wlan0' }, { stack: arm.stack }] };
			const still = await arm.connect(listener, options);
			const moving = await arm.connect(listener, { ...options, reconnect: {} });
			const servers = [(await listener.accept())!, (await listener.accept())!];
			const lost = new Promise<string>((resolve) => moving.observe('dormant', ({ code }) => resolve(code)));
			assert.match(moving.paths[0]!.local, /^192\.0\.2\.9:/);
			devices.delete('wlan0');
			assert.equal(await lost, 'unreachable');
			servers.push((await listener.accept())!);
			await until('it is back', () => moving.state === 'active');
			assert.match(moving.paths[0]!.local, /^(127|198)\./);
			assert.equal(still.state, 'active');
			assert.equal(still.paths[0]!.lost, true);
			assert.notEqual(moving.race, undefined, 'it was raced for anew');
			devices.set({ name: 'wlan0', addresses: ['192.0.2.9'] });
			await still.send('through it all');
			assert.equal((await servers[0]!.receive())!.content, 'through it all');
			assert.equal(still.paths[0]!.lost, false);
			await closeAll(still, moving, ...servers);
			await listener.close();
		},
	);
});

describe('connTimeout', () => {
	onMemory('T-8.1.3 a peer that takes nothing for so long ends the carrier', async (arm) => {
		const { client, server } = await arm.pair(lines(), { policy: { connTimeout: 1_000 } });
		await arm.after(5_000);
		assert.equal(client.state, 'active');
		const sendings = Array.from({ length: 8 }, () => client.send('x'.repeat(1_000_000)));
		await assert.rejects(Promise.all(sendings), { code: 'send-failed' });
		const { error } = await client.closed;
		assert.equal(error?.code, 'timed-out');
		assert.match(error!.message, /connTimeout/);
		await server.close();
	});

	onMemory('one that takes a little now and then is waited for', async (arm) => {
		const { client, server } = await arm.pair(lines(), { policy: { connTimeout: 1_000 } });
		const sendings = Array.from({ length: 40 }, () => client.send('x'.repeat(100_000)));
		for (let count = 0; count < sendings.length; count += 1) {
			if (count % 4 === 0) await arm.after(600);
			await server.receive();
		}
		assert.equal(client.state, 'active');
		await Promise.all(sendings);
		await closeAll(client, server);
	});
});

describe('tuning', () => {
	const tuning = (policy: Parameters<typeof settle>[1]) => difference(tuningOf(settle('initiate', policy)), untuned);

	test('a default policy leaves the connection as it is', () => assert.deepEqual(tuning({}), {}));

	test('T-6.2.10 T-8.1.4 keep-alives, where they are wanted and the carrier would wait as long', () => {
		assert.deepEqual(tuning({ keepAlive: 'require' }), { keepAlive: 60_000 });
		assert.deepEqual(tuning({ keepAliveTimeout: 5_000.5 }), { keepAlive: 5_001 });
		assert.deepEqual(tuning({ keepAliveTimeout: 5_000, connTimeout: 4_000 }), { userTimeout: 4_000 });
	});

	test('T-8.1.6-08 no message has a code point of its own: they share a connection', () => {
		assert.deepEqual(tuning({ msgCapacityProfile: 'scavenger' }), {});
		assert.deepEqual(tuning({ connCapacityProfile: 'scavenger', msgCapacityProfile: 'default' }), { trafficClass: 4 });
	});

	test('T-8.1.6-01 T-8.1.6-02 T-8.1.6-03 T-8.1.6-04 T-8.1.6-05 T-8.1.6-06 T-8.1.6-07 profiles are code points', () => {
		const points = [
			['default', undefined],
			['scavenger', 1],
			['low-latency-interactive', 34],
			['low-latency-non-interactive', 18],
			['constant-rate-streaming', 26],
			['capacity-seeking', 10],
		] as const;
		for (const [profile, point] of points) {
			assert.deepEqual(
				tuning({ connCapacityProfile: profile }),
				point === undefined ? {} : { trafficClass: point * 4 },
			);
		}
	});
});
