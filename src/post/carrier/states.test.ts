/** The state machine of RFC 9622 §11: which states follow which, and what is told at, before and after each change. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { turns, until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { type Arm, closeAll, memoryArm, onArm, onBothArms, onMemory } from './arms-harness.ts';
import type { Carrier } from './carrier.ts';
import type { CarrierEvents } from './events.ts';

const eventNames = ['active', 'dormant', 'transient', 'path', 'sent', 'sendError', 'softError', 'closed'] as const;

/** Everything that a carrier tells of itself, and every message, in the order in which it comes. */
function journal(carrier: Carrier<string>): string[] {
	const told: string[] = [];
	for (const name of eventNames) {
		carrier.observe(name, (event: CarrierEvents[typeof name]) => {
			told.push(name === 'transient' ? `transient ${(event as CarrierEvents['transient']).up ? 'up' : 'down'}` : name);
		});
	}
	carrier.onMessage(({ content }) => void told.push(`message ${content}`));
	return told;
}

/** The states of a carrier, by the names of the RFC, as they are seen in every turn until it is closed. */
async function statesOf(carrier: Carrier<string>): Promise<string[]> {
	const seen: string[] = [];
	const look = () => {
		const state = carrier.get('connState') as string;
		if (seen.at(-1) !== state) seen.push(state);
		return state;
	};
	while (look() !== 'closed') await turns(1);
	return seen;
}

/** A lazy carrier, to be watched from its first moment. */
async function lazily(arm: Arm) {
	const listener = await arm.listen(lines());
	const client = await arm.connect(listener, { protocol: lines(), lazy: true });
	return { listener, client };
}

describe('states', () => {
	onBothArms('T-11-01 P-03 establishing, established, closing, closed, and no way back', async (arm) => {
		const { listener, client } = await lazily(arm);
		const seen = statesOf(client);
		assert.notEqual(client.state, 'active');
		await client.send('hello');
		assert.equal(client.state, 'active');
		const server = (await listener.accept())!;
		const other = statesOf(server);
		assert.equal((await server.receive())!.content, 'hello');
		await turns(3);
		await closeAll(client, server);
		assert.deepEqual(await seen, ['establishing', 'established', 'closing', 'closed']);
		assert.deepEqual((await other).slice(0, 1), ['established'], 'who is accepted has been established');
		assert.notEqual(client.state, 'active');
		await assert.rejects(client.activate(), { code: 'closed' });
		await listener.close();
	});

	onBothArms('T-11-01 from establishing to closed only by an establishment that failed', async (arm) => {
		const { listener, client } = await lazily(arm);
		await listener.close();
		const seen = statesOf(client);
		await assert.rejects(client.activate(), { name: 'EstablishmentError' });
		assert.deepEqual(await seen, ['establishing', 'closed']);
		assert.equal((await client.closed).error?.name, 'EstablishmentError');
	});

	onBothArms('T-11-01 a reset of the peer and an abort of ours pass closing in no time', async (arm) => {
		for (const who of ['client', 'server'] as const) {
			const pair = await arm.pair(lines());
			const seen = statesOf(pair.client);
			await turns(2);
			pair[who].abort();
			assert.deepEqual(await seen, ['established', 'closed']);
			await Promise.all([pair.client.closed, pair.server.closed]);
		}
	});

	onBothArms(
		'P-04 T-7.1-01 T-7.1-05 a carrier is there at once, establishing, and is told once that it is ready',
		async (arm) => {
			const { listener, client } = await lazily(arm);
			assert.deepEqual([client.state, client.get('connState')], ['dormant', 'establishing']);
			const told = journal(client);
			const ready = client.activate();
			assert.deepEqual([client.state, client.transients.length], ['establishing', 0]);
			await ready;
			await client.activate();
			assert.deepEqual([client.state, client.transients.length], ['active', 1]);
			await until('it is told', () => told.includes('active'));
			await turns(5);
			assert.equal(told.filter((name) => name === 'active').length, 1);
			await closeAll(client, (await listener.accept())!);
			await listener.close();
		},
	);
});

describe('events', () => {
	onBothArms('T-7.1-06 T-11-04 T-11-02 no message before it is ready, though it was there before', async (arm) => {
		const listener = await arm.listen(lines());
		const greeting = listener.accept().then((server) => {
			for (const line of ['220', '221']) server!.post(line);
			return server!;
		});
		const client = await arm.connect<string, string>(listener, { protocol: lines(), lazy: true });
		const told = journal(client);
		await client.activate();
		const server = await greeting;
		await until('both came', () => told.length >= 4);
		assert.deepEqual(told, ['transient up', 'active', 'message 220', 'message 221']);
		await closeAll(client, server);
		await until('it is closed', () => told.at(-1) === 'closed');
		assert.equal(told.filter((name) => name === 'closed').length, 1);
		await listener.close();
	});

	onBothArms('T-11-02 however it ends, it is told once, and last of all', async (arm) => {
		const ends: Readonly<Record<string, (client: Carrier<string>, server: Carrier<string>) => unknown>> = {
			close: closeAll,
			abort: (client) => client.abort(),
			reset: (_, server) => server.abort(),
			'close, then abort': (client) => {
				void client.close();
				client.abort();
			},
			'abort twice': (client) => {
				client.abort();
				client.abort();
			},
		};
		for (const [how, end] of Object.entries(ends)) {
			const { client, server } = await arm.pair(lines());
			const told = journal(client);
			client.send('on its way').catch(() => {});
			await end(client, server);
			await Promise.all([client.closed, server.closed, server.close()]);
			await turns(5);
			assert.equal(told.at(-1), 'closed', how);
			assert.equal(told.filter((name) => name === 'closed').length, 1, how);
		}
	});

	onBothArms('T-10-09 the end of the peer is told as ours is, and frees nothing before we end too', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const closing = server.close();
		assert.equal(await client.receive(), undefined);
		assert.equal(client.state, 'active');
		await client.close();
		await closing;
		assert.equal((await client.closed).error, undefined);
		assert.equal((await server.closed).error, undefined);
	});

	onMemory('T-11-02 an establishment that fails ends it as well', async (arm) => {
		const client = await arm.connect(9, { protocol: lines(), lazy: true });
		const told = journal(client);
		await assert.rejects(client.activate(), { code: 'refused' });
		await until('it is told', () => told.length > 0);
		await turns(5);
		assert.deepEqual(told, ['closed']);
	});

	test('T-11-04 T-11-05 whatever both ends do, nothing is told before it is ready or after it has ended (memory)', async () => {
		const action = fc.constantFrom('send', 'post', 'end', 'close', 'abort', 'wait', 'interface', 'request');
		const script = fc.array(fc.tuple(fc.constantFrom('client', 'server'), action), { maxLength: 14 });
		await fc.assert(
			fc.asyncProperty(script, (steps) =>
				onArm(memoryArm(), async (arm) => {
					const listener = await arm.listen(lines());
					const client = await arm.connect<string, string>(listener, { protocol: lines(), lazy: true });
					const journals = [journal(client)];
					await client.activate();
					const server = (await listener.accept())!;
					journals.push(journal(server));
					const ends = { client, server };
					for (const [who, what] of steps) {
						const carrier = ends[who as 'client'];
						await act(arm, carrier, what);
					}
					await closeAll(client, server, listener);
					await Promise.all([client.closed, server.closed]);
					await turns(8);
					for (const told of journals) {
						assert.equal(told.indexOf('closed'), told.length - 1, told.join(', '));
						assert.ok(told.every((line, index) => !line.startsWith('message') || index > told.indexOf('active')));
					}
				}),
			),
			{ numRuns: 60 },
		);
	});
});

async function act(arm: Arm, carrier: Carrier<string>, what: string): Promise<void> {
	if (what === 'send') carrier.send('sent').catch(() => {});
	else if (what === 'post') carrier.post('posted');
	else if (what === 'end') carrier.send('last', { final: true }).catch(() => {});
	else if (what === 'request') carrier.request('asked', { timeout: 30 }).catch(() => {});
	else if (what === 'close') void carrier.close();
	else if (what === 'abort') carrier.abort();
	else if (what === 'wait') await arm.after(15);
	else (arm as ReturnType<typeof memoryArm>).stack.devices.set({ name: 'wlan0', addresses: ['192.0.2.9'] });
}
