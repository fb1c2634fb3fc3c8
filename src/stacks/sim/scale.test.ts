import assert from 'node:assert/strict';
import { test } from 'node:test';
import { network } from './network.ts';

test('a thousand hosts are partitioned, and heal', async () => {
	await using net = network();
	const nets = Array.from({ length: 20 }, (_, index) =>
		net.switch(`net${index}`, { subnets: [`10.1.${index}.0/24`], latency: 1 }),
	);
	const interfaces = Object.fromEntries(nets.map((on, index) => [`eth${index}`, { on }]));
	net.router('router', { interfaces });
	const hosts = nets.flatMap((on, index) =>
		Array.from({ length: 50 }, (_, number) => net.host(`h${index}-${number}`, { on })),
	);
	const [left, right] = [hosts.slice(0, 500), hosts.slice(500)];
	const reached = async () => {
		const answers = hosts.map((host, index) => host.ping(hosts[(index + 50) % 1000]!.addresses[0]!, { timeout: 5000 }));
		return (await Promise.all(answers)).filter((milliseconds) => milliseconds !== undefined).length;
	};
	const fault = net.partition(left, right);
	assert.equal(await reached(), 900);
	fault.heal();
	await net.sleep(60_000);
	assert.equal(await reached(), 1000);
});
