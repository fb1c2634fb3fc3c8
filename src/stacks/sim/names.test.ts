import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordType } from '../../stack/resolver.ts';
import { resolverSuite } from '../../testing/resolver-suite.ts';
import type { NameServerOptions } from './name-server.ts';
import { network } from './network.ts';

const { signal } = new AbortController();

function ground(options: NameServerOptions, hosts: Record<string, string[]> = {}) {
	const net = network();
	net.switch('net', { latency: 5 });
	net.nameServer('dns', options);
	const client = net.host('client', { hosts });
	async function ask(name: string, type: RecordType = 'A') {
		const start = net.clock.now();
		const { status, records } = await client.resolver.resolve(name, type, signal);
		return [status, ...records.map(({ address }) => String(address)), net.clock.now() - start];
	}
	return { net, client, ask };
}

const both = { name: 'both.example', A: ['192.0.2.1'], AAAA: ['2001:db8::1'] };
const onlyA = { name: 'four.example', A: ['192.0.2.4'] };

resolverSuite('sim', async () => {
	const { net, client } = ground({
		names: {
			[both.name]: both,
			[onlyA.name]: onlyA,
			'silent.example': { A: ['192.0.2.9'], delay: 1e9 },
		},
	});
	return {
		resolver: client.resolver,
		both,
		onlyA,
		missing: 'missing.test',
		close: () => net.close(),
	};
});

test('hosts have names, and a name may have an alias and records of any type', async () => {
	const strings = [new TextEncoder().encode('hello')];
	const { net, client, ask } = ground({
		names: {
			'www.example': { CNAME: 'host.example' },
			'host.example': { A: ['192.0.2.7'], records: [{ name: '', class: 1, ttl: 9, type: 'TXT', strings }] },
		},
	});
	await using _ = net;
	assert.deepEqual((await ask('client.test'))[1], client.addresses[0]);
	assert.deepEqual((await ask('client')).slice(0, 2), ['found', client.addresses[0]]);
	assert.deepEqual((await ask('www.example')).slice(0, 2), ['found', '192.0.2.7']);
	assert.equal((await ask('nobody.test'))[0], 'not-found');
	const { records } = await client.resolver.records('host.example', 'TXT', signal);
	assert.deepEqual(records[0]?.strings, strings);
});

test('each type has its own delay', async () => {
	const { net, ask } = ground({ delay: { AAAA: 300 }, names: { 'slow.example': { ...both, delay: { A: 50 } } } });
	await using _ = net;
	await ask('client.test');
	const answers = await Promise.all([ask('slow.example', 'A'), ask('slow.example', 'AAAA')]);
	assert.deepEqual(answers, [
		['found', '192.0.2.1', 60],
		['found', '2001:db8::1', 310],
	]);
});

for (const [behaviour, status] of [
	['silent', 'timed-out'],
	['lame', 'failed'],
	['failing', 'failed'],
	['truncating', 'found'],
] as const) {
	test(`a name server that is ${behaviour} makes questions end as ${status}`, async () => {
		const { net, ask } = ground({ behaviour });
		await using _ = net;
		assert.equal((await ask('client.test'))[0], status);
	});
}

test('a hosts file has the last word, and a name server answers again after a restart', async () => {
	const { net, ask } = ground({}, { 'other.test': ['192.0.2.99'] });
	await using _ = net;
	assert.deepEqual(await ask('other.test'), ['found', '192.0.2.99', 0]);
	const dns = net.host('dns');
	await dns.crash();
	assert.equal((await ask('client.test'))[0], 'failed', 'the neighbour is not there');
	await dns.restart();
	await net.sleep(400_000);
	assert.equal((await ask('client.test'))[0], 'found');
});
