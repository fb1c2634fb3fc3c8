/** What was given to an action is the action's from then on, and what is to come may be given many times. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { closeAll, onBothArms, onMemory } from './arms-harness.ts';
import { Association } from './association.ts';
import type { Carrier } from './carrier.ts';

const security = selfSigned();

describe('what is given to initiate', () => {
	onBothArms('T-7-01 T-7.1-03 T-6-08 may be changed afterwards, and nothing comes of it', async (arm) => {
		const listener = await arm.listen(lines());
		const policy: Record<string, unknown> = { connPriority: 7, interface: {} };
		const options = { protocol: lines(), policy, lazy: true };
		const remote = { scheme: 'tcp', addresses: ['127.0.0.1'], port: listener.port! };
		const local = { stack: arm.stack, address: '127.0.0.1' };
		const association = new Association({ remote, local, policy });
		const carrier = await association.initiate<string, string>(options);
		remote.port = 9;
		remote.addresses[0] = '192.0.2.1';
		local.address = '192.0.2.2';
		policy.connPriority = 1;
		policy.reliability = 'prohibit';
		(policy.interface as Record<string, string>).nowhere = 'require';
		options.protocol = messages(frame.lengthPrefix(), codec.text()) as never;
		await carrier.send('as a line');
		const server = (await listener.accept())!;
		assert.equal((await server.receive())!.content, 'as a line');
		assert.deepEqual([carrier.get('connPriority'), carrier.get('interface')], [7, {}]);
		const again = await association.initiate({ protocol: lines() });
		assert.equal(again.get('connPriority'), 7);
		await closeAll(carrier, server, again, (await listener.accept())!);
		await listener.close();
	});

	onBothArms('T-6.3-10 its security too: a fork long after is made by what was given', async (arm) => {
		const listener = await arm.listen(lines(), { security }, 'tls');
		const mine = { pin: [security.fingerprint], alpn: ['chat/1'], maxCachedSessions: 0 };
		const carrier = await arm.connect(listener, { scheme: 'tls', protocol: lines(), security: mine });
		const servers = [(await listener.accept())!];
		mine.pin[0] = '00'.repeat(32);
		mine.alpn.push('chat/2');
		(mine as { ca?: string }).ca = 'nonsense';
		const fork = await carrier.fork();
		servers.push((await listener.accept())!);
		assert.equal(fork.transients[0]!.security!.peerFingerprint, carrier.transients[0]!.security!.peerFingerprint);
		await closeAll(carrier, fork, ...servers);
		await listener.close();
	});

	onBothArms('T-6.3-09 a fork asks the same trust, and shows the same certificate', async (arm) => {
		const client = selfSigned();
		const asked: string[] = [];
		const listener = await arm.listen(
			lines(),
			{ security: { ...security, clientCertificates: 'require', pin: client.fingerprint } },
			'tls',
		);
		const trust = ({ peerFingerprint }: { peerFingerprint: string | undefined }) => {
			asked.push(peerFingerprint!);
			return asked.length < 3;
		};
		const options = { scheme: 'tls', protocol: lines(), security: { ...client, pin: security.fingerprint, trust } };
		const carrier = await arm.connect(listener, options);
		const fork = await carrier.fork();
		const servers = [(await listener.accept())!, (await listener.accept())!];
		const shown = servers.map(({ transients }) => transients[0]!.security!.peerFingerprint);
		assert.deepEqual(new Set(shown).size, 1);
		assert.deepEqual(new Set(asked).size, 1);
		assert.equal(asked.length, 2);
		await assert.rejects(carrier.fork(), { code: 'certificate-untrusted' });
		await closeAll(carrier, fork, ...servers);
		await listener.close();
	});
});

describe('what is given to listen', () => {
	onBothArms('T-7.2-02 I-2-04 may be changed afterwards, and nothing comes of it', async (arm) => {
		const mine = { ...security, alpn: ['chat/1'] };
		const options = { security: mine, policy: { connPriority: 7 }, remote: '127.0.0.1:1' as string, admit: () => true };
		const listener = await arm.listen(lines(), options, 'tls');
		mine.key = 'nonsense';
		mine.alpn[0] = 'other';
		options.policy.connPriority = 1;
		options.remote = '192.0.2.1:1';
		options.admit = () => false;
		const client = await arm.connect(listener, {
			scheme: 'tls',
			protocol: lines(),
			security: { pin: security.fingerprint, alpn: ['chat/1'] },
		});
		const server = (await listener.accept())!;
		assert.deepEqual([server.get('connPriority'), client.transients[0]!.security!.alpn], [7, 'chat/1']);
		await closeAll(client, server);
		await listener.close();
	});
});

describe('an association', () => {
	onMemory(
		'T-6-01 P-52 is made without a socket, a question or a carrier, and says what it was made of',
		async (arm) => {
			const { stack } = arm;
			stack.names.set('api.test', { A: ['127.0.0.1'] });
			const nothing = { ...stack.sockets };
			const listener = await arm.listen(lines());
			const before = { ...stack.sockets };
			const association = new Association({
				remote: `tcp://api.test:${listener.port}`,
				local: { stack },
				policy: { connPriority: 5 },
				security: { alpn: ['chat/1'] },
			});
			await arm.after(1_000);
			assert.deepEqual({ ...stack.sockets }, before);
			assert.deepEqual([association.carriers.size, association.paths, association.winner], [0, [], undefined]);
			assert.equal(String(association.remote), `tcp://api.test:${listener.port}`);
			assert.equal(association.locals[0]!.stack, stack);
			assert.deepEqual(association.policy, { connPriority: 5 });
			const carrier = await association.initiate({ protocol: lines() });
			assert.deepEqual([...association.carriers], [carrier]);
			assert.deepEqual(association.paths, carrier.paths);
			await closeAll(carrier, (await listener.accept())!);
			await listener.close();
			await carrier.closed;
			assert.deepEqual({ ...stack.sockets }, nothing);
		},
	);

	onBothArms('T-6-09 I-4.5-01 initiates as often as one likes, each over a connection of its own', async (arm) => {
		const listener = await arm.listen(lines());
		const association = new Association({ remote: `tcp://${listener.locals[0]}`, local: { stack: arm.stack } });
		const initiate = () => association.initiate<string, string>({ protocol: lines() });
		const first = await initiate();
		const second = await initiate();
		const servers = [(await listener.accept())!, (await listener.accept())!];
		assert.notEqual(first.transients[0]!.local, second.transients[0]!.local);
		assert.deepEqual([first.group, second.group], [[first], [second]], 'and in a group of its own');
		await closeAll(first, second, ...servers);
		await Promise.all([first.closed, second.closed]);
		const third = await initiate();
		const last = (await listener.accept())!;
		await third.send('still');
		assert.equal((await last.receive())!.content, 'still');
		await closeAll(third, last);
		await listener.close();
	});
});

describe('connection properties', () => {
	onBothArms('T-4-03 T-6.2-13 come of the association, of the carrier, of its fork or of set()', async (arm) => {
		const listener = await arm.listen(lines());
		const association = new Association({
			remote: `tcp://${listener.locals[0]}`,
			local: { stack: arm.stack },
			policy: { connTimeout: 60_000, keepAliveTimeout: 30_000, reliability: 'prefer' },
		});
		const carrier = await association.initiate({ protocol: lines(), policy: { keepAliveTimeout: 20_000 } });
		const read = (one: Carrier<string>) => [one.get('connTimeout'), one.get('keepAliveTimeout')];
		assert.deepEqual(read(carrier), [60_000, 20_000]);
		const fork = await carrier.fork();
		assert.deepEqual(read(fork), [60_000, 20_000], 'a fork has those of its parent');
		carrier.set('connTimeout', 50_000);
		assert.deepEqual(
			[read(carrier), read(fork)],
			[
				[50_000, 20_000],
				[50_000, 20_000],
			],
		);
		assert.equal(carrier.get('reliability'), true, 'a selection property was settled before');
		const servers = [(await listener.accept())!, (await listener.accept())!];
		await closeAll(carrier, fork, ...servers);
		await listener.close();
	});
});
