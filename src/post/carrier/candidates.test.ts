/** Adding and removing ends while a carrier lives. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { closeAll, onBothArms, onMemory } from './arms-harness.ts';
import { initiate } from './initiate.ts';

describe('addRemote and removeRemote', () => {
	onBothArms('T-7.5-01 T-7.5-02 a removed remote is left, an added one taken', async (arm) => {
		const [one, other] = [await arm.listen(lines()), await arm.listen(lines())];
		const target = (listener: typeof one) => `tcp://${listener.locals[0]}`;
		const client = await arm.connect(one, { protocol: lines(), reconnect: {} });
		const server = (await one.accept())!;
		client.addRemote(target(other), target(one));
		assert.equal(client.state, 'active');
		client.removeRemote(target(one));
		const next = (await other.accept())!;
		await until('it is there', () => client.state === 'active');
		assert.equal(client.transients[0]!.remote, other.locals[0]);
		assert.equal(await server.receive(), undefined);
		await closeAll(client, server, next);
		await one.close();
		await other.close();
	});

	onMemory('without reconnect the carrier ends with the remote it has', async (arm) => {
		const listener = await arm.listen(lines());
		const client = await arm.connect(listener, { protocol: lines() });
		const server = (await listener.accept())!;
		assert.throws(() => server.addRemote('tcp://127.0.0.1:1'), { code: 'not-supported' });
		assert.throws(() => client.addRemote('nowhere'), { code: 'bad-argument' });
		client.removeRemote('tcp://127.0.0.1:1');
		assert.equal(client.state, 'active');
		client.removeRemote(`tcp://${listener.locals[0]}`);
		assert.equal((await client.closed).error?.code, 'aborted');
		await server.close();
		await listener.close();
	});

	onMemory('T-7.5-05 one that is added while establishing joins the race', async (arm) => {
		const { stack } = arm;
		const listener = await arm.listen(lines());
		stack.names.set('other.test', { A: ['127.0.0.1'] });
		for (const target of ['127.0.0.1', 'other.test']) {
			const client = await initiate<string, string>('tcp://192.0.2.1:80', {
				protocol: lines(),
				local: { stack },
				lazy: true,
			});
			stack.script('192.0.2.1', { connect: 'black-hole' });
			const active = client.activate();
			await arm.after(1_000);
			assert.equal(client.state, 'establishing');
			assert.throws(() => client.addRemote('tcp://127.0.0.2:1', 'quic://127.0.0.1:1'), { code: 'not-supported' });
			client.addRemote('udp://127.0.0.1:9', '127.0.0.1:443', `tcp://${target}:${listener.port}`);
			await active;
			assert.deepEqual(
				client.race!.attempts.map(({ address, protocol, outcome }) => [address, protocol, outcome]),
				[
					['192.0.2.1', 'tcp', 'cancelled'],
					['127.0.0.1', 'tcp', 'won'],
				],
				'and neither the one that is secured nor the one the policy rules out',
			);
			await closeAll(client, (await listener.accept())!);
		}
		await listener.close();
	});

	onMemory('when none is left there is none to connect to', async (arm) => {
		const client = await arm.connect(9, { protocol: lines(), lazy: true });
		client.removeRemote('tcp://127.0.0.1:9');
		await assert.rejects(client.activate(), { code: 'no-candidates' });
		assert.equal((await client.closed).error?.code, 'no-candidates');
	});
});

describe('addLocal and removeLocal', () => {
	onBothArms('T-7.5-03 T-7.5-04 another place to come from, and one to leave', async (arm) => {
		const listener = await arm.listen(lines());
		const { stack } = arm;
		const here = { stack, address: '127.0.0.1' };
		const client = await arm.connect(listener, { protocol: lines(), local: here, reconnect: {} });
		const server = (await listener.accept())!;
		assert.throws(() => client.removeLocal(here), { code: 'bad-argument', message: /another one first/ });
		client.addLocal({ stack, address: '127.0.0.2' }, here);
		client.removeLocal(here);
		const next = (await listener.accept())!;
		await until('it is there', () => client.state === 'active');
		assert.match(client.transients[0]!.local, /^127\.0\.0\.2:/);
		await closeAll(client, server, next);
		await listener.close();
	});
});
