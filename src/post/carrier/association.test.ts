/** Associations: what one carrier has learnt serves the next, and nobody else. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { memory } from '../../stacks/memory/memory.ts';
import { fileStore } from '../association/file-store.ts';
import { memoryStore } from '../association/memory-store.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { type Arm, closeAll, memoryArm, onArm, onBothArms, onMemory } from './arms-harness.ts';
import { Association, type AssociationOptions } from './association.ts';
import type { Carrier } from './carrier.ts';
import { initiate } from './initiate.ts';
import type { CarrierMaking } from './options.ts';

const security = selfSigned();

/** Talks a line both ways, which is when a TLS 1.3 client gets its tickets, and says whether the session was resumed. */
async function talk(
	association: Association,
	listener: Awaited<ReturnType<Arm['listen']>>,
	options: CarrierMaking<string, string> = {},
): Promise<boolean> {
	const [client, server] = await Promise.all([
		association.initiate<string, string>({ protocol: lines(), ...options }),
		listener.accept() as ReturnType<typeof listener.accept>,
	]);
	server!.onMessage(({ content }) => server!.send(content as never));
	assert.equal(await client.request('hello'), 'hello');
	const { resumed } = client.transients[0]!.security!;
	await closeAll(client, server!);
	await client.closed;
	return resumed;
}

async function ground(arm: Arm, options: Partial<AssociationOptions> = {}) {
	const listener = (await arm.listen(lines(), { security }, 'tls')) as unknown as Awaited<ReturnType<Arm['listen']>>;
	const make = (more: Partial<AssociationOptions> = {}) =>
		new Association({
			remote: listener.locals[0]!,
			local: { stack: arm.stack },
			security: { ca: security.cert },
			...options,
			...more,
		});
	return { listener, make };
}

describe('associations', () => {
	onBothArms('P-51 P-54 X-14 the second carrier resumes the TLS session of the first', async (arm) => {
		const { listener, make } = await ground(arm);
		const association = make();
		assert.equal(association.carriers.size, 0);
		assert.equal(await talk(association, listener), false);
		assert.equal(await talk(association, listener), true);
		assert.equal(association.carriers.size, 0);
		association.forget();
		assert.equal(await talk(association, listener), false);
		await listener.close();
	});

	onBothArms('T-8.1.10-02 an isolated carrier of an association neither takes from it nor gives', async (arm) => {
		const { listener, make } = await ground(arm);
		const association = make();
		const isolated = { policy: { isolateSession: true } };
		assert.equal(await talk(association, listener, isolated), false);
		assert.equal(await talk(association, listener), false);
		assert.equal(await talk(association, listener, isolated), false);
		assert.equal(await talk(association, listener), true);
		await listener.close();
	});

	onBothArms('a TLS 1.2 session is resumed as often as one likes', async (arm) => {
		const { listener, make } = await ground(arm, {
			security: { ca: security.cert, allowedSecurityProtocols: ['tls_1_2'] },
		});
		const association = make();
		const resumed: boolean[] = [];
		for (let count = 0; count < 4; count += 1) resumed.push(await talk(association, listener));
		assert.deepEqual(resumed, [false, true, true, true]);
		await listener.close();
	});

	onBothArms('T-8.1.10-01 partitions of one store share nothing, associations of one partition do', async (arm) => {
		const store = memoryStore();
		const { listener, make } = await ground(arm, { store });
		assert.equal(await talk(make({ partition: 'a' }), listener), false);
		assert.equal(await talk(make({ partition: 'b' }), listener), false);
		assert.equal(await talk(make({ partition: 'a' }), listener), true);
		assert.equal(await talk(make({ partition: 'a', security: { pin: security.fingerprint } }), listener), false);
		await listener.close();
	});

	onBothArms('P-57 a file store carries the session to another association, if it may hold secrets', async (arm) => {
		const folder = mkdtempSync(join(tmpdir(), 'post-sockets-association-'));
		const path = join(folder, 'store');
		const { listener, make } = await ground(arm);
		for (const expected of [false, true]) {
			const store = await fileStore(path, { secrets: 'plain' });
			assert.equal(await talk(make({ store }), listener), expected);
			await store.flush();
			await store.close();
		}
		await listener.close();
		rmSync(folder, { recursive: true });
	});

	onMemory('P-50 it keeps whom to trust, sessions, names and paths, for whoever comes next', async (arm) => {
		arm.stack.names.set('api.test', { A: ['127.0.0.1'] });
		const { listener, make } = await ground(arm, { security: { pin: security.fingerprint } });
		const association = make({ remote: `api.test:${listener.port}` });
		const talked: unknown[] = [];
		association.observe('active', ({ security: secured }, { race }) => {
			const { server } = race!.dns.find(({ type }) => type === 'A')!;
			talked.push([secured!.resumed, server!.startsWith('memory of')]);
		});
		await talk(association, listener);
		assert.equal(association.winner?.address, '127.0.0.1');
		await talk(association, listener);
		assert.deepEqual(talked, [
			[false, false],
			[true, true],
		]);
		await listener.close();
	});

	test('P-56 I-4.1.1-08 what won is tried first the next time', () =>
		onArm(
			memoryArm({
				names: { 'api.test': { AAAA: ['2001:db8::1'], A: ['192.0.2.7'] } },
				script: { '2001:db8::1': { connect: 'black-hole' } },
			}),
			async (arm) => {
				const { stack } = arm;
				const place = await stack.listen(
					{
						address: (await stack.resolver.resolve('api.test', 'A', new AbortController().signal)).records[0]!.address,
						port: 80,
					},
					{ handler: { onFlow: (flow) => flow.abort(), onClose() {} }, signal: new AbortController().signal },
				);
				const times: number[] = [];
				// One race in twenty ignores what is known; six associations do not all draw that lot.
				for (let count = 0; count < 6; count += 1) {
					const association = new Association({ remote: 'tcp://api.test:80', local: { stack } });
					for (let race = 0; race < 2; race += 1) {
						const carrier = await association.initiate();
						times.push(carrier.race!.milliseconds);
						await carrier.closed;
					}
				}
				assert.deepEqual(new Set(times.filter((_, index) => index % 2 === 0)), new Set([270]));
				assert.ok(times.includes(20), `first and second races took ${times}`);
				await place.close();
			},
		));

	describe('names', () => {
		/** Who answered a new carrier for `A` of its name, and that the carrier could be had. */
		async function asked(
			listener: { accept(): Promise<Carrier<string, string> | undefined> },
			making: Promise<Carrier<string, string>>,
		) {
			const client = await making;
			await closeAll(client, (await listener.accept())!);
			return client.race!.dns.find(({ type }) => type === 'A')!.server;
		}

		onMemory('G-53 the answers of DNS serve later carriers as long as they hold', async (arm) => {
			const { stack } = arm;
			stack.names.set('api.test', { A: { addresses: ['127.0.0.1'], ttl: 60, after: 10 } });
			const listener = await arm.listen(lines());
			const open = (remote = 'api.test') =>
				asked(listener, initiate(`tcp://${remote}:${listener.port}`, { protocol: lines(), local: { stack } }));
			const fresh = await open();
			stack.names.set('api.test', { A: { status: 'timed-out' } });
			assert.equal(await open(), `memory of ${fresh}`);
			assert.equal(await open('API.test'), `memory of ${fresh}`, 'of another association on this stack');
			await arm.after(60_000);
			await assert.rejects(open(), { code: 'dns-timeout' });
			await listener.close();
		});

		onMemory('they are flushed when the network changes, and by forget()', async (arm) => {
			const { stack } = arm;
			stack.names.set('api.test', { A: ['127.0.0.1'] });
			const listener = await arm.listen(lines());
			const association = new Association({ remote: `tcp://api.test:${listener.port}`, local: { stack } });
			const open = () => asked(listener, association.initiate({ protocol: lines() }));
			const fresh = await open();
			assert.notEqual(await open(), fresh);
			stack.devices.set({ name: 'wlan0', addresses: ['192.0.2.9'] });
			await arm.after(1_000);
			assert.equal(await open(), fresh);
			assert.notEqual(await open(), fresh);
			association.forget();
			assert.equal(await open(), fresh);
			await listener.close();
		});

		onMemory('with isolateSession nothing is told and nothing used', async (arm) => {
			const { stack } = arm;
			stack.names.set('api.test', { A: ['127.0.0.1'] });
			const listener = await arm.listen(lines());
			const association = new Association({ remote: `tcp://api.test:${listener.port}`, local: { stack } });
			const open = (isolateSession: boolean) =>
				asked(listener, association.initiate({ protocol: lines(), policy: { isolateSession } }));
			const fresh = await open(true);
			assert.equal(await open(true), fresh);
			assert.equal(await open(false), fresh);
			assert.notEqual(await open(false), fresh);
			assert.equal(await open(true), fresh);
			await listener.close();
		});

		onMemory('what led nowhere is asked for anew', async (arm) => {
			const { stack } = arm;
			stack.names.set('api.test', { A: ['192.0.2.1'] });
			stack.script('192.0.2.1', { connect: 'refuse' });
			const listener = await arm.listen(lines());
			const open = () =>
				asked(listener, initiate(`tcp://api.test:${listener.port}`, { protocol: lines(), local: { stack } }));
			await assert.rejects(open(), { code: 'refused' });
			stack.names.set('api.test', { A: ['127.0.0.1'] });
			assert.doesNotMatch((await open())!, /memory of/);
			await listener.close();
		});

		onMemory('another stack has names of its own', async (arm) => {
			const other = memory({ clock: arm.stack.clock, names: { 'api.test': { A: ['192.0.2.2'] } } });
			arm.stack.names.set('api.test', { A: ['192.0.2.1'] });
			arm.stack.script('192.0.2.1', { connect: 'refuse' });
			other.script('192.0.2.2', { flow: 'silence' });
			const local = [{ stack: arm.stack }, { stack: other }];
			const association = new Association({ remote: 'tcp://api.test:80', local });
			for (const _ of 'ab') {
				const carrier = await association.initiate();
				assert.deepEqual(
					carrier.race!.attempts.map(({ address }) => address),
					['192.0.2.1', '192.0.2.2'],
				);
				carrier.abort();
			}
			await other.close();
		});
	});

	test('I-4.1.3-05 another carrier takes the way that one beside it has taken', () =>
		onArm(
			memoryArm({
				names: { 'api.test': { AAAA: ['2001:db8::1'], A: ['127.0.0.1'] } },
				script: { '2001:db8::1': { connect: 'black-hole' } },
			}),
			async (arm) => {
				const listener = await arm.listen(lines());
				const ways: string[][] = [];
				// One race in twenty ignores what is known; six associations do not all draw that lot.
				for (let count = 0; count < 6; count += 1) {
					const remote = `tcp://api.test:${listener.port}`;
					const association = new Association({ remote, local: { stack: arm.stack } });
					const carriers = [
						await association.initiate({ protocol: lines() }),
						await association.initiate({ protocol: lines() }),
					];
					ways.push(carriers[1]!.race!.attempts.map(({ address }) => address));
					for (const carrier of carriers) await closeAll(carrier, (await listener.accept())!);
				}
				assert.ok(
					ways.some((way) => way.length === 1 && way[0] === '127.0.0.1'),
					`the second took ${ways.join(' | ')}`,
				);
				await listener.close();
			},
		));

	test('mistakes are told when it is made', () => {
		assert.throws(() => new Association({ remote: 'nowhere' }), { code: 'bad-argument' });
		assert.throws(() => new Association({ remote: 'a.test:1', policy: { reliabilty: 'require' } as never }), {
			code: 'bad-argument',
		});
	});
});
