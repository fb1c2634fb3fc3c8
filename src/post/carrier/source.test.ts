/** Sources: what goes one way, to one peer or to a group. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { profiles } from '../policy/profiles.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { closeAll, memoryArm, onArm, onBothArms } from './arms-harness.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';
import { sink } from './sink.ts';
import { source } from './source.ts';

const policy = profiles.unreliableDatagram;
const protocol = messages(frame.lengthPrefix(), codec.json<number>());
const security = selfSigned();

/** A port in memory that is bound to every address says just that of itself. */
const portOf = (place: string) => place.replace(/.*:/, '');

describe('source', () => {
	for (const scheme of ['udp', 'tcp', 'tls', 'unix'] as const) {
		onBothArms(`P-22 T-6.2.16b over ${scheme} it sends, and has nothing to receive by`, async (arm) => {
			const { stack } = arm;
			const place = scheme === 'unix' ? { path: arm.path() } : { scheme, address: '127.0.0.1' };
			const hearing = await sink({ ...place, stack }, { protocol, policy, security });
			const remote = scheme === 'unix' ? `unix:${arm.path()}` : `${scheme}://127.0.0.1:${hearing.port}`;
			const out = await source(remote, {
				protocol,
				policy,
				local: { stack },
				security: { pin: security.fingerprint },
			});
			assert.equal(out.transients[0]!.transport, scheme);
			assert.deepEqual([out.state, out.canSend, out.canReceive], ['active', true, false]);
			for (const member of ['receive', 'onMessage', 'request', 'fork', Symbol.asyncIterator]) {
				assert.ok(!(member in out), String(member));
			}
			for (let number = 0; number < 5; number += 1) out.post(number);
			assert.equal(await out.send(5), 'sent');
			for (let number = 0; number <= 5; number += 1) {
				const { content, from } = (await hearing.receive())!;
				assert.equal(content, number);
				assert.equal(portOf(from), portOf(out.transients[0]!.local));
			}
			await closeAll(out, hearing);
			await out.closed;
			assert.deepEqual([out.state, out.canSend], ['closed', false]);
		});
	}

	onBothArms('what the peer sends is dropped, though it be no message; its end is the end', async (arm) => {
		const server = await arm.rawServer();
		const out = await source(`tcp://127.0.0.1:${server.port}`, { protocol, local: { stack: arm.stack } });
		await until('the peer is there', () => server.peers.length === 1);
		const peer = server.peers[0]!;
		for (let count = 0; count < 32; count += 1) peer.write(new Uint8Array(65_536).fill(0xff));
		peer.write('hello');
		assert.equal(await out.send(7), 'sent');
		await until('it is heard', () => peer.received === 5);
		assert.equal(out.state, 'active');
		peer.flow.end();
		assert.equal((await out.closed).error, undefined);
		assert.equal(out.canSend, false);
		await until('the peer sees the end', () => peer.closed);
		await server.close();
	});

	onBothArms('a reset is its end, with the cause', async (arm) => {
		const server = await arm.rawServer();
		const out = await source(`tcp://127.0.0.1:${server.port}`, { protocol, local: { stack: arm.stack } });
		await until('the peer is there', () => server.peers.length === 1);
		server.peers[0]!.flow.abort();
		assert.deepEqual([(await out.closed).by, (await out.closed).error?.code], ['remote', 'reset']);
		await assert.rejects(Promise.resolve(out.send(1)), { code: 'closed' });
		await server.close();
	});

	onBothArms('back-pressure reaches who posts', async (arm) => {
		const server = await arm.rawServer((peer) => peer.flow.pause());
		const out = await source(`tcp://127.0.0.1:${server.port}`, { local: { stack: arm.stack } });
		await until('the peer is there', () => server.peers.length === 1);
		const piece = new Uint8Array(2 ** 20);
		for (let count = 0; out.post(piece); count += 1) assert.ok(count < 64, 'nobody reads, and more is welcome');
		server.peers[0]!.flow.resume();
		await out.drained();
		out.abort();
		await until('the peer sees it', () => server.peers[0]!.closed);
		await server.close();
	});

	test('what cannot be is said before anything is opened', () =>
		onArm(memoryArm(), async ({ stack }) => {
			const local = { stack };
			const bad = (remote: Parameters<typeof source>[0], options: object, message: RegExp) =>
				assert.rejects(source(remote, { policy, local, ...options }), { code: 'bad-argument', message });
			await assert.rejects(source('udp://192.0.2.1:9', { local, policy: { ...policy, direction: 'bidirectional' } }), {
				code: 'policy-contradiction',
				message: /unidirectional-send/,
			});
			await bad('tcp://192.0.2.1:9', { policy: {}, hopLimit: 3 }, /hopLimit/);
			await bad('239.255.0.1:9', {}, /udp:\/\//);
			await bad('tcp://239.255.0.1:9', {}, /udp:\/\//);
			await bad('udp://239.255.0.1:9', { local: [local, local] }, /one local/);
			await bad(['udp://239.255.0.1:9', 'udp://239.255.0.2:9'], {}, /one address/);
			await bad('udp://239.255.0.1:9', { hopLimit: 256 }, /hop limit/);
			await assert.rejects(source('udp://239.255.0.1:9', { local }), {
				code: 'no-candidates',
				message: /unreliableDatagram/,
			});
			assert.equal(stack.sockets.ports, 0);
		}));

	test('I-10.5-01 T-6.1.1-10 a group is no remote of initiate and no local of listen: the error says what to call', () =>
		onArm(memoryArm(), async ({ stack }) => {
			for (const group of ['239.255.0.1:5000', '[ff15::1]:5000']) {
				await assert.rejects(initiate(`udp://${group}`, { policy, local: { stack } }), {
					name: 'EstablishmentError',
					code: 'bad-argument',
					message: /source\(\)/,
				});
				await assert.rejects(initiate(`udp://${group}`, { policy, local: { stack }, first: new Uint8Array(1) }), {
					name: 'EstablishmentError',
					code: 'bad-argument',
				});
			}
			await assert.rejects(listen({ scheme: 'udp', address: '239.255.0.1', port: 5000, stack }, { policy }), {
				code: 'bad-argument',
				message: /sink\(\)/,
			});
			const hearing = await sink({ scheme: 'udp', address: '239.255.0.1', port: 5000, stack }, { policy });
			assert.ok(!('send' in hearing));
			await hearing.close();
		}));

	onBothArms('T-6.1.1-01 to a group: the local is of the interface, the remote the group', async (arm) => {
		const { stack } = arm;
		const [by, address] = arm.name === 'memory' ? ['memory0', '198.18.0.1'] : ['lo', '127.0.0.1'];
		const out = await source('udp://239.255.0.1:5000', {
			protocol: lines(),
			policy,
			local: { stack, interface: by },
			first: 'hello',
			loopback: false,
		});
		const [{ local, remote, features }] = out.transients as [(typeof out.transients)[0]];
		assert.match(local, new RegExp(`^${address.replaceAll('.', '\\.')}:\\d+$`));
		assert.equal(remote, '239.255.0.1:5000');
		assert.equal(features.direction, 'unidirectional-send');
		assert.deepEqual([out.canSend, out.canReceive], [true, false]);
		assert.equal(await out.send('again'), 'sent');
		await out.close();
		await assert.rejects(source('udp://239.255.0.1:5000', { policy, local: { stack, interface: 'none0' } }), {
			code: 'address-unavailable',
			message: /none0/,
		});
	});
});
