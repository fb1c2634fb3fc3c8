/** The model of Post Sockets, as who uses carriers meets it: initiate, associations, transients, paths, choices. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { turns, until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { profiles } from '../policy/profiles.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { type RaceTrace, raceChannel } from '../race/trace.ts';
import { closeAll, collect, memoryArm, onArm, onBothArms, onMemory } from './arms-harness.ts';
import { Association } from './association.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';

describe('initiate', () => {
	onBothArms('P-01 takes a remote, a local and a configuration, and goes on as far as is needed', async (arm) => {
		const listener = await arm.listen(lines());
		const options = {
			protocol: lines(),
			local: { stack: arm.stack, address: '127.0.0.1' },
			policy: { connPriority: 3 },
			lazy: true,
		};
		const carrier = await initiate<string, string>(`tcp://127.0.0.1:${listener.port}`, options);
		assert.deepEqual([carrier.state, carrier.race], ['dormant', undefined], 'it need not be active yet');
		const sending = carrier.send('hello');
		assert.equal(await sending, 'sent');
		assert.deepEqual([carrier.state, carrier.get('connPriority')], ['active', 3]);
		const server = (await listener.accept())!;
		assert.equal((await server.receive())!.content, 'hello');
		await closeAll(carrier, server);
		await listener.close();
	});

	onBothArms('P-103 asks for no more than a socket does: where to, and nothing else', async (arm) => {
		const { stack } = arm;
		const listener = await listen({ scheme: 'tcp', address: '127.0.0.1', stack });
		const echoing = (async () => {
			for await (const peer of listener) {
				for await (const { content } of peer) await peer.send(content);
				await peer.close();
			}
		})();
		const carrier = await initiate(`tcp://127.0.0.1:${listener.port}`, { local: { stack } });
		await carrier.send(new TextEncoder().encode('hello'), { final: true });
		assert.equal(Buffer.concat(await collect(carrier)).toString(), 'hello');
		await carrier.close();
		await listener.close();
		await echoing;
	});

	onMemory(
		'P-91 tries every local with every remote, in order and paced, and all at once only if asked to',
		async (arm) => {
			const { stack } = arm;
			for (const address of ['192.0.2.1', '192.0.2.2']) stack.script(address, { connect: 'black-hole' });
			const local = ['198.18.0.1', '127.0.0.1'].map((address) => ({ stack, address }));
			const attempts = async (racing: 'staggered' | 'simultaneous') => {
				const remote = ['tcp://192.0.2.1:80', 'tcp://192.0.2.2:80'];
				const trying = initiate(remote, { local, racing, timeout: 2_000 });
				const error: unknown = await trying.catch((error: unknown) => error);
				const { report } = error as { report: NonNullable<Awaited<typeof trying>['race']> };
				return report.attempts.map(({ start, address }) => `${start} ${address}`);
			};
			assert.deepEqual(await attempts('staggered'), ['0 192.0.2.1', '250 192.0.2.2', '500 192.0.2.1', '750 192.0.2.2']);
			assert.deepEqual(await attempts('simultaneous'), ['0 192.0.2.1', '0 192.0.2.2', '0 192.0.2.1', '0 192.0.2.2']);
		},
	);

	onMemory('P-90 gathers, resolves, establishes, confirms: in this order, and then looks after it', async (arm) => {
		const { stack } = arm;
		const listener = await arm.listen(lines());
		stack.names.set('api.test', { AAAA: ['2001:db8::1'], A: ['127.0.0.1'] });
		stack.script('2001:db8::1', { connect: 'black-hole' });
		const steps: string[] = [];
		const watch = (trace: unknown) => void steps.push((trace as RaceTrace).step.type);
		raceChannel.subscribe(watch);
		const local = { stack };
		await assert.rejects(
			initiate('tcp://api.test:1', { local, policy: { interface: { nowhere: 'require' } } }),
			{ code: 'no-candidates' },
			'what has no path is not resolved',
		);
		assert.equal(steps.length, 0);
		const carrier = await initiate(`tcp://api.test:${listener.port}`, { local, protocol: lines() });
		raceChannel.unsubscribe(watch);
		const order = ['begin', 'query', 'answer', 'start', 'ready', 'cancel', 'won'].map((step) => steps.indexOf(step));
		assert.deepEqual(
			order,
			order.toSorted((one, other) => one - other),
			steps.join(', '),
		);
		assert.ok(!order.includes(-1), steps.join(', '));
		let told = 0;
		carrier.observe('path', () => void (told += 1));
		stack.devices.set({ name: 'wlan0', addresses: ['192.0.2.9'] });
		await until('changes of paths are noticed', () => told === 1);
		await closeAll(carrier, (await listener.accept())!);
		await listener.close();
	});

	onBothArms(
		'G-03 of a server at 127.0.0.1 and another at ::1, each at its port, one is used for all requests',
		async (arm) => {
			const places = [];
			for (const address of ['127.0.0.1', '::1']) {
				places.push(await listen({ scheme: 'tcp', address, stack: arm.stack }, { protocol: lines() }));
			}
			const asked: number[] = [];
			for (const place of places) {
				void (async () => {
					for await (const peer of place) {
						peer.onMessage(({ content }) => {
							asked.push(place.port!);
							return peer.send(`${content} at ${place.port}`);
						});
					}
				})();
			}
			const client = await initiate<string, string>(
				places.map(({ locals: [local] }) => `tcp://${local}`),
				{ protocol: lines(), local: { stack: arm.stack } },
			);
			const replies = [await client.request('one'), await client.request('two')];
			const port = Number(client.transients[0]!.remote.split(':').at(-1));
			assert.deepEqual(replies, [`one at ${port}`, `two at ${port}`]);
			assert.deepEqual(asked, [port, port]);
			await client.close();
			await client.closed;
			for (const place of places) await place.close();
		},
	);

	onBothArms('G-05 no race where there is nothing to wait for, or where none is wanted', async (arm) => {
		const { stack } = arm;
		const policy = profiles.unreliableDatagram;
		const options = { policy, protocol: lines(), local: { stack } };
		const datagram = await initiate(['udp://127.0.0.1:9', 'udp://[::1]:9'], options);
		assert.equal(datagram.race!.attempts.length, 1);
		await datagram.close();
		const gone = await arm.listen(lines());
		await gone.close();
		const listener = await arm.listen(lines());
		const remotes = [`tcp://${listener.locals[0]}`, `tcp://${gone.locals[0]}`];
		const single = await initiate(remotes, { protocol: lines(), local: { stack }, racing: 'failover' });
		assert.equal(single.race!.attempts.length, 1);
		await closeAll(single, (await listener.accept())!);
		await listener.close();
	});
});

describe('an association', () => {
	onBothArms('P-18 is that of its carriers, whose transients can be looked at', async (arm) => {
		const listener = await arm.listen(lines());
		const association = new Association({ remote: `tcp://${listener.locals[0]}`, local: { stack: arm.stack } });
		const carrier = await association.initiate({ protocol: lines() });
		assert.equal(carrier.association, association);
		const [transient] = carrier.transients;
		assert.deepEqual(
			[carrier.transients.length, transient!.transport, transient!.remote],
			[1, 'tcp', listener.locals[0]],
		);
		await closeAll(carrier, (await listener.accept())!);
		await listener.close();
	});

	onBothArms('P-55 made ahead of need, it has sessions and knows the way when the need comes', async (arm) => {
		const security = selfSigned();
		const listener = await arm.listen(lines(), { security }, 'tls');
		const association = new Association({
			remote: listener.locals[0]!,
			local: { stack: arm.stack },
			security: { pin: security.fingerprint },
		});
		const { winner } = association;
		assert.equal(winner, undefined);
		const once = async (message?: string) => {
			const carrier = await association.initiate<string, string>({ protocol: lines() });
			const server = (await listener.accept())!;
			if (message !== undefined) carrier.post(message);
			await turns(2);
			server.post('tickets come before this');
			await carrier.receive();
			const { resumed } = carrier.transients[0]!.security!;
			await closeAll(carrier, server);
			await carrier.closed;
			return resumed;
		};
		assert.equal(await once(), false);
		assert.equal(association.winner?.protocol, 'tls');
		assert.equal(await once('in need'), true);
		await listener.close();
	});

	onMemory('G-51 knows a remote by its alternatives and ports, and by whom to trust there', async (arm) => {
		const [right, wrong] = [selfSigned(), selfSigned()];
		const listener = await arm.listen(lines(), { security: right }, 'tls');
		const to = (pin: string) =>
			new Association({
				remote: { addresses: ['192.0.2.1'], port: 443, alternatives: listener.locals[0]! },
				local: { stack: arm.stack },
				security: { pin },
			});
		arm.stack.script('192.0.2.1', { connect: 'refuse' });
		const carrier = await to(right.fingerprint).initiate({ protocol: lines() });
		assert.deepEqual(
			carrier.race!.attempts.map(({ address, port, outcome }) => [address, port, outcome]),
			[
				['192.0.2.1', 443, 'failed'],
				['127.0.0.1', listener.port, 'won'],
			],
		);
		await assert.rejects(to(wrong.fingerprint).initiate({ protocol: lines() }), { name: 'EstablishmentError' });
		await closeAll(carrier, (await listener.accept())!);
		await listener.close();
	});
});

describe('transients', () => {
	onBothArms('G-31 G-36 are told of when they come and go, so that one can begin and stop with them', async (arm) => {
		const listener = await arm.listen(lines());
		const client = await arm.connect<string, string>(listener, { protocol: lines(), reconnect: {}, lazy: true });
		const told: string[] = [];
		client.observe('transient', ({ transient, up }) => {
			told.push(`${transient.transport} ${up ? 'up' : 'down'}`);
			if (up) client.post(`report ${told.length}`);
		});
		await client.activate();
		const first = (await listener.accept())!;
		assert.equal((await first.receive())!.content, 'report 1');
		first.abort();
		const second = (await listener.accept())!;
		assert.equal((await second.receive())!.content, 'report 3');
		assert.deepEqual(told, ['tcp up', 'tcp down', 'tcp up']);
		await closeAll(client, second);
		await until('the last is told', () => told.length === 4);
		await listener.close();
	});

	onBothArms('G-52 say which transport they are of, over which family, and between which ends', async (arm) => {
		const { stack } = arm;
		for (const [scheme, address, family] of [
			['tcp', '127.0.0.1', 4],
			['tcp', '::1', 6],
			['udp', '127.0.0.1', 4],
		] as const) {
			const policy = scheme === 'udp' ? profiles.unreliableDatagram : {};
			const listener = await listen({ scheme, address, stack }, { policy, protocol: lines() });
			const remote = `${scheme}://${listener.locals[0]}`;
			const client = await initiate<string, string>(remote, { policy, protocol: lines(), local: { stack } });
			await client.send('hello');
			const server = (await listener.accept())!;
			const [transient] = client.transients;
			assert.deepEqual([transient!.transport, transient!.remote], [scheme, listener.locals[0]]);
			assert.equal(client.race!.attempts[0]!.family, family);
			const port = (end: string) => end.split(':').at(-1);
			assert.equal(port(server.transients[0]!.remote), port(transient!.local));
			await closeAll(client, server, listener);
		}
	});
});

describe('choices', () => {
	test('G-54 a carrier stays until it is closed; the family, races and framing are the application’s choice', () =>
		onArm(memoryArm(), async (arm) => {
			const { stack } = arm;
			const { client, server } = await arm.pair(lines(), { racing: 'failover' });
			await arm.after(24 * 3_600_000);
			await client.send('after a day');
			assert.equal((await server.receive())!.content, 'after a day');
			await closeAll(client, server);
			stack.names.set('api.test', { AAAA: ['::1'], A: ['127.0.0.1'] });
			const listener = await listen({ scheme: 'tcp', stack });
			for (const family of [4, 6] as const) {
				const preferred = { stack, address: family === 4 ? '0.0.0.0' : '::' };
				const bare = await initiate(`tcp://api.test:${listener.port}`, { local: [preferred, { stack }] });
				assert.equal(bare.race!.attempts[0]!.family, family);
				const peer = (await listener.accept())!;
				await bare.send(Uint8Array.of(1, 2, 3));
				assert.deepEqual([...(await peer.receive())!.content], [1, 2, 3], 'nothing is added, nothing is put together');
				await closeAll(bare, peer);
			}
			await listener.close();
		}));

	onBothArms(
		'G-50 G-56 one program, plain or secured: what changes is the name, the pin and the identity',
		async (arm) => {
			const { cert, key, fingerprint } = selfSigned();
			const program = async (scheme: 'tcp://' | '', identity?: { cert: string; key: string }, pin?: string) => {
				const local = { scheme: scheme === '' ? undefined : 'tcp', address: '127.0.0.1', port: 0, stack: arm.stack };
				const listener = await listen<string, string>({ ...local, identity }, { protocol: lines() });
				const client = await initiate<string, string>(`${scheme}127.0.0.1:${listener.port}`, {
					protocol: lines(),
					local: { stack: arm.stack },
					security: { pin },
				});
				const server = (await listener.accept())!;
				server.onMessage(({ content }) => server.send(`${content}!`));
				assert.equal(await client.request('hello'), 'hello!');
				const { security } = client.transients[0]!;
				await closeAll(client, server);
				await listener.close();
				return security?.peerFingerprint;
			};
			assert.equal(await program('tcp://'), undefined);
			assert.equal(await program('', { cert, key }, fingerprint), fingerprint);
		},
	);
});
