/** What carriers share of which nobody said that they belong together, and what they do not. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { type Arm, closeAll, onBothArms, onMemory } from './arms-harness.ts';
import type { InitiateOptions } from './options.ts';

const security = selfSigned();
const trusting = { ca: security.cert };

type Listening = Awaited<ReturnType<typeof ground>>;

async function ground(arm: Arm) {
	return arm.listen(lines(), { security }, 'tls');
}

/** One carrier, used and closed, and whether its TLS session was resumed. */
async function talk(arm: Arm, listener: Listening, options: InitiateOptions<string, string> = {}) {
	const { client, server } = await connect(arm, listener, options);
	await closeAll(client, server);
	await client.closed;
	return client.transients[0]!.security!.resumed;
}

async function connect(arm: Arm, listener: Listening, options: InitiateOptions<string, string> = {}) {
	const [client, accepted] = await Promise.all([
		arm.connect<string, string>(listener, { scheme: 'tls', protocol: lines(), security: trusting, ...options }),
		listener.accept(),
	]);
	const server = accepted!;
	server.onMessage(({ content }) => server.send(content));
	assert.equal(await client.request('hello'), 'hello');
	return { client, server };
}

describe('implicit associations', () => {
	onBothArms('P-51 carriers of one remote, local, security and policy share one, and its TLS sessions', async (arm) => {
		const listener = await ground(arm);
		assert.equal(await talk(arm, listener), false);
		assert.equal(await talk(arm, listener), true);
		assert.equal(await talk(arm, listener, { security: { ...trusting } }), true);
		const [one, other] = [await connect(arm, listener), await connect(arm, listener)];
		assert.equal(one.client.association, other.client.association);
		assert.deepEqual([...one.client.association!.carriers], [one.client, other.client]);
		assert.equal(one.server.association, undefined);
		await closeAll(one.client, other.client, one.server, other.server);
		await listener.close();
	});

	onBothArms('P-70 another security or policy is another association', async (arm) => {
		const listener = await ground(arm);
		const others: InitiateOptions<string, string>[] = [
			{},
			{ security: { pin: security.fingerprint } },
			{ policy: { keepAlive: 'avoid' } },
			{ local: { stack: arm.stack, address: '127.0.0.1' } },
		];
		const made = [];
		for (const options of others) made.push(await connect(arm, listener, options));
		const associations = new Set(made.map(({ client }) => client.association));
		assert.equal(associations.size, others.length);
		assert.deepEqual(
			made.map(({ client }) => client.transients[0]!.security!.resumed),
			[false, false, true, true],
		);
		await closeAll(...made.flatMap(({ client, server }) => [client, server]));
		await listener.close();
	});

	onBothArms(
		'T-8.1.10-01 T-8.1.10-02 isolateSession neither takes from others nor gives, but forks share',
		async (arm) => {
			const listener = await ground(arm);
			const isolated = { policy: { isolateSession: true } };
			assert.equal(await talk(arm, listener), false);
			assert.equal(await talk(arm, listener, isolated), false);
			assert.equal(await talk(arm, listener, isolated), false);
			const parent = await connect(arm, listener, isolated);
			const [fork, peer] = await Promise.all([parent.client.fork(), listener.accept()]);
			assert.equal(parent.client.transients[0]!.security!.resumed, false);
			assert.equal(fork.transients[0]!.security!.resumed, true);
			await closeAll(parent.client, parent.server, fork, peer!);
			await listener.close();
		},
	);

	onMemory('H-70 on another network what was learnt on the last one counts no more', async (arm) => {
		const { devices, clock } = arm.stack;
		const listener = await arm.listen(lines(), {}, 'tcp');
		const once = async () => {
			const carrier = await arm.connect(listener, { protocol: lines() });
			await closeAll(carrier, (await listener.accept())!);
		};
		await once();
		const { association } = await arm.connect(listener, { protocol: lines(), lazy: true });
		const known = () => association!.winner !== undefined;
		assert.equal(known(), true);
		devices.set({ name: 'wlan0', addresses: ['192.0.2.77'] });
		await new Promise<void>((resolve) => void clock.after(1_000, resolve));
		assert.equal(known(), false);
		await once();
		assert.equal(known(), true);
		devices.delete('wlan0');
		await new Promise<void>((resolve) => void clock.after(1_000, resolve));
		assert.equal(known(), false);
		await listener.close();
	});
});
