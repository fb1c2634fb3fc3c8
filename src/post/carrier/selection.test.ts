/** What a policy chooses among the transports there are, and what their carriers then are like. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { PostSocketsError } from '../../base/errors.ts';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import { profiles } from '../policy/profiles.ts';
import { closeAll, memoryArm, onArm, onBothArms, onMemory } from './arms-harness.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';

const remotes = {
	tls: '192.0.2.1:443',
	tcp: 'tcp://192.0.2.1:80',
	unix: 'unix:/run/x',
	udp: 'udp://192.0.2.1:53',
} as const;
const streams = ['tls', 'tcp', 'unix'];

/** Nothing required that any transport lacks. */
const easy: Policy = { reliability: 'none', preserveOrder: 'none', congestionControl: 'none', safelyReplayable: true };

/** Names the transports that may serve under `policy`: of a lazy carrier that is decided before anything is opened. */
async function serving(policy: Policy): Promise<string[]> {
	const found: string[] = [];
	await onArm(memoryArm(), async ({ stack }) => {
		for (const [name, remote] of Object.entries(remotes)) {
			try {
				const carrier = await initiate(remote, { policy, lazy: true, protocol: lines(), local: { stack } });
				found.push(name);
				await carrier.close();
			} catch (error) {
				assert.equal((error as PostSocketsError).code, 'no-candidates');
			}
		}
	});
	return found;
}

describe('the transports that may serve', () => {
	const cases: readonly [row: string, policy: Policy, transports: readonly string[]][] = [
		['T-6.2.1 T-6.2.4 T-6.2.9 the defaults', {}, streams],
		['nothing required', easy, [...streams, 'udp']],
		['T-6.2.1 reliability required', { ...easy, reliability: 'require' }, streams],
		['T-6.2.1 reliability prohibited', { ...easy, reliability: 'prohibit' }, ['udp']],
		['T-6.2.3 reliability per message required', { ...easy, perMsgReliability: 'require' }, []],
		['T-6.2.4 order required', { ...easy, preserveOrder: 'require' }, streams],
		['T-6.2.4 order avoided', { ...easy, preserveOrder: 'avoid' }, [...streams, 'udp']],
		['T-6.2.4 order prohibited', { ...easy, preserveOrder: 'prohibit' }, ['udp']],
		['T-6.2.5 early messages required', { ...easy, zeroRttMsg: 'require' }, ['udp']],
		['T-6.2.9 congestion control required', { ...easy, congestionControl: 'require' }, streams],
		['T-6.2.9 congestion control prohibited', { ...easy, congestionControl: 'prohibit' }, ['udp']],
		['T-6.2.9 reliability without congestion control', { congestionControl: 'prohibit' }, []],
		['T-6.2.17 soft errors required', { ...easy, softErrorNotify: 'require' }, ['udp']],
		['T-6.2.18 reading first required', { ...easy, activeReadBeforeSend: 'require' }, streams],
		['T-6.2.16b one way only', { ...easy, direction: 'unidirectional-send' }, [...streams, 'udp']],
	];
	for (const [row, policy, expected] of cases) {
		test(`${row}: ${expected.join(', ') || 'none'}`, async () => assert.deepEqual(await serving(policy), expected));
	}

	test('T-6.2.1 T-6.2.3 T-6.2.4 T-6.2.5 T-6.2.9 T-6.2.17 T-6.2.18 T-6.2.15 their defaults', () => {
		const { selection } = settle('initiate');
		const required = ['reliability', 'preserveOrder', 'congestionControl'] as const;
		const none = ['perMsgReliability', 'zeroRttMsg', 'softErrorNotify', 'activeReadBeforeSend'] as const;
		for (const name of required) assert.equal(selection[name], 'require', name);
		for (const name of none) assert.equal(selection[name], 'none', name);
		assert.equal(selection.advertisesAltaddr, false);
	});
});

describe('what their carriers are like', () => {
	onBothArms('T-6.2.1 reliable: everything comes, once and in order, and either end is told of', async (arm) => {
		const numbers = messages(frame.lengthPrefix(), codec.json<number>());
		for (const end of ['close', 'abort'] as const) {
			const { client, server } = await arm.pair(numbers);
			const sent = Array.from({ length: 2_000 }, (_, index) => index);
			for (const number of sent) client.post(number);
			const got: number[] = [];
			while (got.length < sent.length) got.push((await server.receive())!.content);
			assert.deepEqual(got, sent);
			const next = server.receive();
			const ended = end === 'close' ? client.close() : client.abort();
			if (end === 'close') assert.equal(await next, undefined);
			else await assert.rejects(next, { code: 'reset' });
			await server.close();
			await ended;
		}
	});

	onBothArms('T-6.2.17 soft errors are told, and end nothing', async (arm) => {
		const { stack } = arm;
		const policy: Policy = { ...profiles.unreliableDatagram, softErrorNotify: 'require' };
		const gone = await listen({ scheme: 'udp', address: '127.0.0.1', stack }, { policy });
		await gone.close();
		const client = await initiate(`udp://127.0.0.1:${gone.port}`, { policy, local: { stack } });
		const soft: string[] = [];
		client.observe('softError', ({ code }) => void soft.push(code));
		await client.send(Uint8Array.of(1));
		await until('it is told', () => soft.length > 0);
		assert.deepEqual([soft[0], client.state, client.properties.softErrorNotify], ['refused', 'active', true]);
		await client.close();
	});

	onBothArms('T-6.2.18 who accepts may write first', async (arm) => {
		const { client, server } = await arm.pair(lines(), {
			policy: { activeReadBeforeSend: 'require' },
			server: { policy: { activeReadBeforeSend: 'require' } },
		});
		await server.send('220 ready');
		assert.equal((await client.receive())!.content, '220 ready');
		await closeAll(client, server);
	});

	onBothArms('T-6.2.5 over UDP a message goes out with the establishment, and nothing before it', async (arm) => {
		const { stack } = arm;
		const policy: Policy = { ...profiles.unreliableDatagram, zeroRttMsg: 'require' };
		const listener = await listen({ scheme: 'udp', address: '127.0.0.1', stack }, { policy, protocol: lines() });
		const client = await initiate(`udp://127.0.0.1:${listener.port}`, {
			policy,
			protocol: lines(),
			local: { stack },
			first: 'early',
		});
		const server = (await listener.accept())!;
		assert.equal((await server.receive())!.content, 'early');
		assert.equal(client.properties.zeroRttMsg, true);
		await closeAll(client, server, listener);
	});

	onMemory('T-6.2.15 to tell the peer of no other address keeps nobody from using it', async (arm) => {
		const raw = await arm.rawServer();
		const client = await arm.connect<string, string>(raw.port, {
			protocol: lines(),
			local: [
				{ stack: arm.stack, interface: 'wlan9' },
				{ stack: arm.stack, address: '198.18.0.1' },
			],
			policy: { advertisesAltaddr: false },
		});
		assert.match(client.paths[0]!.local, /^198\.18\.0\.1:/);
		client.send('all there is', { final: true });
		await until('the end', () => raw.peers[0]?.ended === true);
		assert.equal(raw.peers[0]!.text, 'all there is\n');
		raw.peers[0]!.flow.end();
		await client.close();
		await raw.close();
	});
});

test('T-6.2.9b T-6.2.14b T-6.2.11c what an application has to know of a wish stands on the page of policies', () => {
	const page = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
	assert.match(page, /over UDP the application must limit itself/);
	assert.match(page, /Active use may link a user across paths/);
	assert.match(page, /A type says nothing of cost/);
});
