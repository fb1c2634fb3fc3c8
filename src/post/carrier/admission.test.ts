/** Whom a listener lets in, and how many it gives out. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { PostSocketsError } from '../../base/errors.ts';
import { turns, until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { closeAll, onBothArms, onMemory } from './arms-harness.ts';
import type { Peer } from './listener.ts';

const security = selfSigned();

describe('admit', () => {
	onBothArms('P-21 sees both ends before the handshake; who is refused is reset and reported', async (arm) => {
		const peers: Peer[] = [];
		const errors: PostSocketsError[] = [];
		const listener = await arm.listen(
			lines(),
			{
				security,
				admit: async (peer) => peers.push(peer) > 1,
				onError: (error) => errors.push(error),
			},
			'tls',
		);
		const options = { scheme: 'tls', protocol: lines(), security: { pin: security.fingerprint } };
		await assert.rejects(arm.connect(listener, options), { code: 'reset' });
		assert.deepEqual([errors[0]!.code, errors[0]!.remote], ['refused', peers[0]!.remote]);
		assert.equal(peers[0]!.local, listener.locals[0]);
		assert.equal(String(peers[0]!.address), '127.0.0.1');
		const client = await arm.connect(listener, options);
		const server = (await listener.accept())!;
		assert.equal(peers[1]!.remote, client.transients[0]!.local);
		await closeAll(client, server);
		await listener.close();
	});

	onMemory('one that throws or takes too long is a no, for that peer alone', async (arm) => {
		const errors: unknown[] = [];
		let asked = 0;
		const listener = await arm.listen(lines(), {
			handshakeTimeout: 100,
			admit(): boolean | Promise<boolean> {
				asked += 1;
				if (asked === 1) throw new Error('not today');
				return asked === 2 ? new Promise(() => {}) : true;
			},
			onError: ({ message }) => errors.push(message),
		});
		for (let count = 0; count < 2; count += 1) {
			const lost = await arm.connect(listener, { protocol: lines() });
			assert.equal((await lost.closed).error?.code, 'reset');
		}
		assert.match(String(errors[0]), /not today/);
		assert.match(String(errors[1]), /100 ms/);
		const client = await arm.connect(listener, { protocol: lines() });
		await closeAll(client, (await listener.accept())!);
		await listener.close();
	});

	onMemory('T-7.2-03 a remote lets in no other address', async (arm) => {
		const errors: PostSocketsError[] = [];
		const asked: string[] = [];
		const listener = await arm.listen(lines(), {
			remote: { addresses: ['198.18.0.1'], port: 9 },
			admit: ({ remote }) => asked.push(remote) === 1,
			onError: (error) => errors.push(error),
		});
		const from = (address: string) =>
			arm.connect(listener, { protocol: lines(), local: { stack: arm.stack, address } });
		const stranger = await from('127.0.0.1');
		assert.equal((await stranger.closed).error?.code, 'reset');
		assert.equal(errors[0]!.code, 'refused');
		assert.deepEqual(asked, [], 'a stranger is not even asked about');
		asked.length = 0;
		const friend = await from('198.18.0.1');
		const refused = await from('198.18.0.1');
		assert.equal((await refused.closed).error?.code, 'reset');
		assert.equal(asked.length, 2, 'both have to agree');
		await closeAll(friend, (await listener.accept())!);
		await listener.close();
	});
});

describe('newConnectionLimit', () => {
	onBothArms('T-7.2-08 counts those that were waited for, too', async (arm) => {
		const listener = await arm.listen(lines());
		listener.newConnectionLimit = 2;
		const waiting = listener.accept();
		const client = await arm.connect(listener, { protocol: lines() });
		const server = (await waiting)!;
		assert.equal(listener.newConnectionLimit, 1);
		await closeAll(client, server);
		await listener.close();
	});

	onBothArms('T-7.2-08 counts down, and at 0 nobody is given out until it is raised', async (arm) => {
		const listener = await arm.listen(lines());
		listener.newConnectionLimit = 1;
		const clients = [];
		for (let count = 0; count < 3; count += 1) clients.push(await arm.connect(listener, { protocol: lines() }));
		const servers = [(await listener.accept())!];
		assert.equal(listener.newConnectionLimit, 0);
		const waiting = listener.accept();
		await turns(5);
		listener.newConnectionLimit = 0;
		assert.equal(await Promise.race([waiting, 'nobody']), 'nobody');
		listener.newConnectionLimit = Number.POSITIVE_INFINITY;
		servers.push((await waiting)!, (await listener.accept())!);
		await until('all are there', () => servers.every(({ state }) => state === 'active'));
		assert.throws(
			() => {
				listener.newConnectionLimit = -1;
			},
			{ code: 'bad-argument' },
		);
		await closeAll(...clients, ...servers);
		await listener.close();
	});
});
