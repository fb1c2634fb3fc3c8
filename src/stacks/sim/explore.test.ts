import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore, type Scenario } from './explore.ts';

/** Fails if the server was cut off when it was asked, which one of three faults does. */
const scenario: Scenario = async (net, fault) => {
	const [client, server] = [net.host('client'), net.host('server')];
	fault('a slow ping', () => net.rule(({ protocol }) => (protocol === 'icmp' ? { delay: 10 } : 'pass')), 0.5);
	fault('a partition', () => net.partition(client, server), 0.2);
	fault('a pause', () => net.host('dns').pause(), 0.5);
	const milliseconds = await client.ping(server.addresses[0]!);
	assert.ok(milliseconds !== undefined, 'no answer');
};

test('S-12 the first seed that fails is told, replayed, and needs no more faults than it must', async () => {
	const printed: string[] = [];
	const failing = await explore(100, scenario, { print: (line) => printed.push(line) });
	assert.ok(failing);
	assert.deepEqual(failing.faults, ['a partition']);
	assert.equal(failing.repeatable, true);
	assert.equal(printed[0], `seed ${failing.seed} fails: no answer`);
	assert.ok(printed.length > 3);
	await assert.rejects(failing.replay(), /no answer/);
	const again = await explore([failing.seed], scenario);
	assert.equal(again?.hash, failing.hash);
});

test('nothing is told where all pass', async () => {
	assert.equal(await explore(3, async (net) => void (await net.sleep(1000))), undefined);
});

test('a scenario that depends on something else is said not to be repeatable', async () => {
	let runs = 0;
	const failing = await explore(1, async (net) => {
		runs += 1;
		await net.sleep(runs);
		await net.host('one').ping('10.0.0.1');
		throw new Error('no');
	});
	assert.equal(failing?.repeatable, false);
});
