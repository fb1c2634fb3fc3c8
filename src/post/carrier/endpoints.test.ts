/** What endpoints mean to the actions they are given to: how many, how exactly, and when they are resolved. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IpAddress } from '../../base/address.ts';
import { provideDefaultStack } from '../../stack/registry.ts';
import { turns } from '../../testing/suite.ts';
import { Local } from '../endpoint/local.ts';
import { Remote } from '../endpoint/remote.ts';
import { lines } from '../message/text-lines.ts';
import { profiles } from '../policy/profiles.ts';
import { closeAll, memoryArm, onArm, onBothArms, onMemory } from './arms-harness.ts';
import { Association } from './association.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';
import { source } from './source.ts';

const datagrams = { policy: profiles.unreliableDatagram, protocol: lines() };

describe('how many', () => {
	onMemory('T-6-02 initiate needs a remote, and no local', async ({ stack }) => {
		provideDefaultStack(() => stack);
		const none = { code: 'bad-argument' } as const;
		await assert.rejects(initiate([]), none);
		await assert.rejects(initiate(':443'), none);
		await assert.rejects(initiate(undefined as never), none);
		assert.throws(() => new Association({ remote: [], local: { stack } }), none);
		const carrier = await initiate('tcp://localhost:9', { lazy: true });
		assert.equal(carrier.association!.remote.port, 9);
		await carrier.close();
	});

	onMemory('T-6-03 listen needs a local, and no remote', async ({ stack }) => {
		await assert.rejects(listen(undefined as never), { code: 'bad-argument', message: /local/ });
		await (await listen({ scheme: 'tcp', stack })).close();
	});

	onBothArms('T-6-05 I-4.7-01 who names no address and no port is given them', async (arm) => {
		const { stack } = arm;
		const listener = await listen({ scheme: 'tcp', stack }, { protocol: lines() });
		assert.ok(listener.port! > 0);
		const client = await initiate(`tcp://127.0.0.1:${listener.port}`, { protocol: lines(), local: { stack } });
		const server = (await listener.accept())!;
		const [, address, port] = /^(.*):(\d+)$/.exec(client.paths[0]!.local)!;
		assert.ok(!IpAddress.parse(address!).isUnspecified && Number(port) > 0, client.paths[0]!.local);
		assert.equal(server.paths[0]!.remote.endsWith(`:${port}`), true);
		await closeAll(client, server);
		await listener.close();
	});

	onBothArms('T-6-07 of several remotes any will do, and those that fail are passed over', async (arm) => {
		const listener = await arm.listen(lines());
		const gone = await arm.listen(lines());
		await gone.close();
		const client = await initiate([`tcp://${gone.locals[0]}`, `tcp://${listener.locals[0]}`], {
			protocol: lines(),
			local: { stack: arm.stack },
		});
		assert.deepEqual(
			client.race!.attempts.map(({ port, outcome }) => [port, outcome]),
			[
				[gone.port, 'failed'],
				[listener.port, 'won'],
			],
		);
		await closeAll(client, (await listener.accept())!);
		await listener.close();
	});

	onBothArms('I-10.3-02 over UDP only a local port that is taken keeps a carrier from being made', async (arm) => {
		const { stack } = arm;
		const taken = await listen({ scheme: 'udp', address: '127.0.0.1', stack }, datagrams);
		const dial = (port: number) =>
			initiate('udp://127.0.0.1:9', { ...datagrams, local: { stack, address: '127.0.0.1', port } });
		await assert.rejects(dial(taken.port!), { code: 'address-in-use' });
		const nobody = await dial(0);
		assert.equal(nobody.state, 'active', 'that nobody is there is no error of the establishment');
		await closeAll(nobody, taken);
	});
});

describe('how exactly', () => {
	test('T-6.1-01 locals and remotes are different things', () =>
		onArm(memoryArm(), async ({ stack }) => {
			const local = new Local({ address: '192.0.2.1', port: 1, stack });
			assert.ok(!(local instanceof Remote));
			assert.throws(() => Remote.from(local as never), { code: 'bad-argument' });
		}));

	onMemory(
		'T-6.1-05 an address, as text or as bytes, is the only one tried, and nobody is asked for a name',
		async (arm) => {
			const { stack } = arm;
			stack.names.set('api.test', { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] });
			for (const address of [
				'127.0.0.1',
				IpAddress.from(Uint8Array.of(127, 0, 0, 1)),
				'::1',
				IpAddress.from(new Uint8Array(16).fill(1, 15)),
			]) {
				const listener = await listen({ scheme: 'tcp', stack }, { protocol: lines() });
				const remote = { scheme: 'tcp', hostName: 'api.test', addresses: [address], port: listener.port! };
				const client = await initiate(remote, { protocol: lines(), local: { stack } });
				assert.deepEqual(client.race!.dns, []);
				assert.deepEqual(
					client.race!.attempts.map((attempt) => attempt.address),
					[String(address)],
				);
				await closeAll(client, (await listener.accept())!);
				await listener.close();
			}
		},
	);

	onMemory('T-6.1-14 T-6.1-15 a place for one protocol is tried by that one, at its own port', async (arm) => {
		const { stack } = arm;
		const easy = {
			reliability: 'none',
			preserveOrder: 'none',
			congestionControl: 'none',
			safelyReplayable: true,
		} as const;
		const other = await listen({ scheme: 'udp', address: '127.0.0.1', stack }, datagrams);
		const attempts = async (order: readonly string[]) => {
			const client = await initiate(order, { policy: easy, protocol: lines(), local: { stack } });
			await client.close();
			return client.race!.attempts.map(({ protocol, port }) => [protocol, port]);
		};
		stack.script('127.0.0.1', { connect: 'refuse' });
		const both = ['tcp://127.0.0.1:443', `udp://127.0.0.1:${other.port}`];
		assert.deepEqual(await attempts(both), [
			['tcp', 443],
			['udp', other.port],
		]);
		await other.close();
	});
});

describe('which', () => {
	onBothArms('alternatives that the policy rules out are left away, as if they had not been named', async (arm) => {
		const { stack } = arm;
		const listener = await arm.listen(lines());
		const tcp = `tcp://${listener.locals[0]}`;
		for (const remote of [
			[tcp, 'udp://nowhere.test:9'],
			['udp://nowhere.test:9', tcp],
		]) {
			const client = await initiate(remote, { local: { stack } });
			const { attempts, dns } = client.race!;
			assert.deepEqual(
				attempts.map(({ protocol, outcome }) => [protocol, outcome]),
				[['tcp', 'won']],
			);
			assert.deepEqual(dns, []);
			const server = (await listener.accept())!;
			await client.send(new TextEncoder().encode('a stream, not a datagram\n'));
			assert.equal((await server.receive())!.content, 'a stream, not a datagram');
			await closeAll(client, server);
		}
		await listener.close();
	});

	onMemory('if it rules out all of them, that is told before anything is asked', async ({ stack }) => {
		const local = { stack };
		await assert.rejects(initiate(['udp://a.test:1', 'udp://b.test:1'], { local }), { code: 'no-candidates' });
		await assert.rejects(
			initiate(['tcp://a.test:1', 'udp://a.test:1'], { local, policy: { reliability: 'prohibit' } }),
			{
				code: 'no-candidates',
				message: /tcp has reliable delivery/,
			},
		);
		assert.equal(stack.sockets.questions, 0);
	});
});

describe('when', () => {
	onMemory('P-62 a name that is not resolved yet will do wherever a remote is asked for', async (arm) => {
		const { stack } = arm;
		stack.names.set('api.test', { A: ['127.0.0.1'] });
		const listener = await listen({ scheme: 'tcp', address: '127.0.0.1', stack }, { remote: 'api.test:1' });
		const name = `tcp://api.test:${listener.port}`;
		stack.script('192.0.2.1', { connect: 'refuse' });
		const association = new Association({ remote: new Remote({ ...Remote.from(name) }), local: { stack } });
		const carriers = [
			await initiate(name, { local: { stack } }),
			await initiate(['tcp://192.0.2.1:1', name], { local: { stack } }),
			await association.initiate(),
			await source(name, { local: { stack } }),
		];
		const peers = [];
		for (const carrier of carriers) {
			await carrier.send(Uint8Array.of(1));
			peers.push((await listener.accept())!);
			assert.deepEqual([...(await peers.at(-1)!.receive())!.content], [1]);
		}
		await closeAll(...carriers, ...peers);
		await listener.close();
	});

	onMemory('T-6.1-02 a name is asked for when it is initiated to or listened on, and not before', async (arm) => {
		const { stack } = arm;
		stack.names.set('api.test', { A: { addresses: ['127.0.0.1'], after: 10 }, AAAA: { after: 10 } });
		const local = new Local({ scheme: 'tcp', hostName: 'api.test', stack });
		const remote = new Remote({ scheme: 'tcp', hostName: 'api.test', port: 80 });
		const association = new Association({ remote, local: { stack } });
		const lazy = await association.initiate<string, string>({ protocol: lines(), lazy: true });
		await arm.after(1_000);
		assert.equal(stack.sockets.questions, 0);
		const release = stack.clock.hold();
		const listening = listen(local, { protocol: lines() });
		await turns(3);
		assert.equal(stack.sockets.questions, 2, 'to listen');
		release();
		const listener = await listening;
		const carrier = await initiate(`tcp://api.test:${listener.port}`, { protocol: lines(), local: { stack } });
		assert.deepEqual(
			carrier.race!.dns.map(({ type }) => type),
			['AAAA', 'A'],
		);
		assert.equal(stack.sockets.questions, 0);
		lazy.activate().catch(() => {});
		await turns(1);
		assert.equal(stack.sockets.questions, 2, 'to initiate');
		lazy.abort();
		await closeAll(carrier, (await listener.accept())!);
		await listener.close();
	});
});
