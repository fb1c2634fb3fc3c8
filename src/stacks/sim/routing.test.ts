import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../../base/address.ts';
import { formatSocketAddress, type IpEndpoint, parseSocketAddress } from '../../base/socket-address.ts';
import { initiate, lines, listen } from '../../entry/index.ts';
import type { Port } from '../../stack/port.ts';
import { rejection } from '../../testing/suite.ts';
import type { Host } from './host.ts';
import { network } from './network.ts';
import type { NatOptions } from './translation.ts';

const { signal } = new AbortController();

async function hear(host: Host, port: number, log: string[] = []): Promise<{ port: Port; log: string[] }> {
	const opened = await host.bind({ address: IpAddress.any4, port }, { signal });
	opened.handler = {
		onDatagram: (bytes, from) => log.push(`${bytes.length} ${formatSocketAddress(from)}`),
		onError: (error) => log.push(error.code),
		onClose() {},
	};
	return { port: opened, log };
}

function at(text: string): IpEndpoint {
	return parseSocketAddress(text) as IpEndpoint;
}

/** Two networks with two routers between them. */
function routed() {
	const net = network();
	const subnets = (text: string) => ({ subnets: [text], latency: 1 });
	const [left, middle, right] = [
		net.switch('left', subnets('10.1.0.0/24')),
		net.link('middle', subnets('10.2.0.0/24')),
		net.switch('right', subnets('10.3.0.0/24')),
	];
	net.router('r1', {
		interfaces: {
			eth0: { on: left, addresses: ['10.1.0.1/24'] },
			eth1: { on: middle, addresses: ['10.2.0.1/24'] },
		},
		routes: [{ to: '10.3.0.0/24', via: '10.2.0.2' }],
	});
	net.router('r2', {
		interfaces: {
			eth0: { on: right, addresses: ['10.3.0.1/24'] },
			eth1: { on: middle, addresses: ['10.2.0.2/24'] },
		},
		routes: [{ to: '10.1.0.0/24', via: '10.2.0.1' }],
	});
	const client = net.host('client', { on: left });
	const server = net.host('server', { on: right, nameServers: ['10.1.0.2'] });
	return { net, client, server };
}

test('packets and streams go by the routes, and traceroute shows them', async () => {
	const { net, client, server } = routed();
	await using _ = net;
	const address = server.addresses[0]!;
	await client.ping(address, { timeout: 5000 });
	const hops = await client.traceroute(address);
	assert.deepEqual(
		hops.map(({ from, milliseconds, reached }) => `${from} ${milliseconds} ${reached}`),
		['10.1.0.1 2 false', '10.2.0.2 4 false', '10.3.0.10 6 true'],
	);
	await using _listener = await listen({ scheme: 'tcp', stack: server, port: 80 }, { protocol: lines() });
	const start = net.clock.now();
	await using carrier = await initiate('tcp://server.test:80', { local: { stack: client }, protocol: lines() });
	assert.ok(net.clock.now() - start < 20);
	assert.equal(carrier.paths[0] !== undefined, true);
});

test('an address that nobody has is unreachable, as is one without a route', async () => {
	const { net, client } = routed();
	await using _ = net;
	const connect = (text: string) => client.connect(at(text), { signal });
	const start = net.clock.now();
	await rejection(connect('10.3.0.99:80'), 'unreachable');
	assert.ok(net.clock.now() - start >= 3000);
	await rejection(connect('10.9.0.1:80'), 'unreachable');
	await rejection(connect('[2001:db8::1]:80'), 'unreachable');
	await rejection(connect('10.3.0.1:80'), 'refused');
});

test('a cable that is pulled out stops all, and plugged in again nothing is lost of a stream', async () => {
	const { net, client, server } = routed();
	await using _ = net;
	const heard: string[] = [];
	await using listener = await listen({ scheme: 'tcp', stack: server, port: 80 }, { protocol: lines() });
	void (async () => {
		for await (const carrier of listener) carrier.onMessage(({ content }) => void heard.push(content));
	})();
	await using carrier = await initiate('tcp://server.test:80', { local: { stack: client }, protocol: lines() });
	net.host('r1').plug('eth1', false);
	carrier.post('hello');
	await net.sleep(3000);
	assert.deepEqual(heard, []);
	net.host('r1').plug('eth1', true);
	await net.sleep(10_000);
	assert.deepEqual(heard, ['hello']);
});

test('hosts get addresses by DHCP and from router advertisements, and keep them over a restart', async () => {
	await using net = network();
	const lan = net.switch('lan', { subnets: ['192.168.1.0/24', '2001:db8:1::/64'], latency: 1 });
	net.router('gateway', {
		on: lan,
		linkLocal: true,
		dhcpServer: { pool: ['192.168.1.100', '192.168.1.101'], nameServers: ['192.168.1.2'] },
		advertise: { nameServers: ['2001:db8:1::2'] },
	});
	net.nameServer('dns', { on: lan });
	const one = net.host('one', { on: lan, dhcp: true, autoconfiguration: true });
	const two = net.host('two', { on: lan, dhcp: true });
	await Promise.all([one.ready(), two.ready()]);
	await net.sleep(10_000);
	const four = (host: Host) => host.addresses.find((text) => !text.includes(':'));
	assert.deepEqual([one, two].map(four).toSorted(), ['192.168.1.100', '192.168.1.101']);
	assert.equal(
		one.addresses.some((text) => /^2001:db8:1:/.test(text)),
		true,
	);
	const { status } = await two.resolver.resolve('one.test', 'AAAA', signal);
	assert.equal(status, 'found');
	const before = four(two);
	await two.restart();
	await two.ready();
	assert.equal(four(two), before);
	assert.match(two.netstat(), /dhcp/);
});

/** Two hosts behind a NAT, two outside. */
async function translated(nat: Partial<NatOptions>) {
	const net = network();
	const outside = net.switch('outside', { subnets: ['203.0.113.0/24'], latency: 1 });
	const inside = net.switch('inside', { subnets: ['192.168.1.0/24'], latency: 1 });
	const interfaces = { wan: { on: outside, addresses: ['203.0.113.1/24'] }, lan: { on: inside } };
	net.router('nat', { interfaces, nat: { outside: 'wan', ...nat } });
	const hosts = { on: outside, gateways: [] };
	const [a, b] = [net.host('a', hosts), net.host('b', hosts)];
	const [one, two] = [net.host('one', { on: inside }), net.host('two', { on: inside })];
	const [atA, atB, atOne] = [await hear(a, 1000), await hear(b, 1000), await hear(one, 5000)];
	await Promise.all([a.ping('203.0.113.1'), b.ping('203.0.113.1'), one.ping('192.168.1.1'), two.ping('192.168.1.1')]);
	return { net, a, b, one, two, atA, atB, atOne, addresses: [a, b].map(({ addresses }) => addresses[0]!) };
}

for (const [type, others] of [
	['full-cone', ['1 a', '3 a other', '4 b']],
	['restricted', ['1 a', '3 a other']],
	['port-restricted', ['1 a']],
	['symmetric', ['1 a']],
] as const) {
	test(`through a NAT that is ${type}, those may answer that it says`, async () => {
		const { net, a, atA, atB, atOne, addresses } = await translated({ type });
		await using _ = net;
		const [first, second] = addresses;
		atOne.port.send(new Uint8Array(9), at(`${first}:1000`));
		await net.sleep(100);
		assert.deepEqual(atA.log, ['9 203.0.113.1:5000']);
		const other = await hear(a, 2000);
		const mapped = at('203.0.113.1:5000');
		atA.port.send(new Uint8Array(1), mapped);
		other.port.send(new Uint8Array(3), mapped);
		atB.port.send(new Uint8Array(4), mapped);
		await net.sleep(100);
		const named = { [`${first}:1000`]: 'a', [`${first}:2000`]: 'a other', [`${second}:1000`]: 'b' };
		assert.deepEqual(
			atOne.log.map((line) => line.replace(/ (.*)/, (_, from: string) => ` ${named[from]}`)),
			others,
		);
		atOne.port.send(new Uint8Array(9), at(`${second}:1000`));
		await net.sleep(100);
		assert.deepEqual(atB.log, [type === 'symmetric' ? '9 203.0.113.1:5001' : '9 203.0.113.1:5000']);
	});
}

test('a mapping ends when it is not used, and another host has another port', async () => {
	const { net, two, atA, atOne, addresses } = await translated({ timeout: 30_000 });
	await using _ = net;
	const atTwo = await hear(two, 5000);
	for (const { port } of [atOne, atTwo]) port.send(new Uint8Array(1), at(`${addresses[0]}:1000`));
	await net.sleep(100);
	assert.deepEqual(atA.log, ['1 203.0.113.1:5000', '1 203.0.113.1:5001']);
	await net.sleep(31_000);
	atA.port.send(new Uint8Array(1), at('203.0.113.1:5000'));
	await net.sleep(100);
	assert.deepEqual(atOne.log, []);
});

test('hosts behind one NAT reach each other by the outside address, if it is a hairpin', async () => {
	for (const hairpin of [true, false]) {
		const { net, two, atOne, addresses } = await translated({ hairpin, type: 'full-cone' });
		await using _ = net;
		atOne.port.send(new Uint8Array(1), at(`${addresses[0]}:1000`));
		await net.sleep(100);
		const atTwo = await hear(two, 6000);
		atTwo.port.send(new Uint8Array(2), at('203.0.113.1:5000'));
		await net.sleep(100);
		assert.deepEqual(atOne.log, hairpin ? ['2 203.0.113.1:6000'] : []);
		atOne.port.send(new Uint8Array(3), at('203.0.113.1:6000'));
		await net.sleep(100);
		assert.deepEqual(atTwo.log, hairpin ? ['3 203.0.113.1:5000'] : []);
	}
});

test('ping and traceroute pass a NAT, and a stream is seen from outside', async () => {
	const { net, a, one, addresses } = await translated({});
	await using _ = net;
	assert.equal(await one.ping(addresses[0]!), 4);
	const hops = await one.traceroute(addresses[0]!);
	assert.deepEqual(
		hops.map(({ from }) => String(from)),
		['192.168.1.1', addresses[0]],
	);
	const seen = Promise.withResolvers<string>();
	await a.listen(at('0.0.0.0:80'), {
		signal,
		handler: { onFlow: (flow) => seen.resolve(formatSocketAddress(flow.remote)), onClose() {} },
	});
	await one.connect(at(`${addresses[0]}:80`), { signal });
	assert.match(await seen.promise, /^203\.0\.113\.1:/);
});
