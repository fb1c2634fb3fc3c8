import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../../base/address.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { initiate, lines, listen } from '../../entry/index.ts';
import { rejection } from '../../testing/suite.ts';
import type { Host } from './host.ts';
import { type NetworkOptions, network } from './network.ts';

/** Answers each line in capitals. */
async function shout(host: Host, port = 80) {
	const listener = await listen({ scheme: 'tcp', stack: host, port }, { protocol: lines() });
	void (async () => {
		for await (const carrier of listener) {
			carrier.onMessage(({ content }) => void carrier.post(content.toUpperCase()));
		}
	})();
	return listener;
}

async function ground(options: NetworkOptions = {}, latency = 10) {
	const net = network({ seed: 7, ...options });
	net.switch('net', { latency });
	const [server, client] = [net.host('server'), net.host('client')];
	await shout(server);
	const connect = (rest: object = {}) =>
		initiate('tcp://server.test:80', { local: { stack: client }, protocol: lines(), ...rest });
	return { net, server, client, connect };
}

test('a carrier comes to a host by its name', async () => {
	const { net, connect } = await ground();
	await using _ = net;
	await using carrier = await connect();
	const asked = net.clock.now();
	assert.equal(await carrier.request('hello'), 'HELLO');
	assert.equal(net.clock.now() - asked, 20, 'one round trip');
});

test('a partition stops a carrier, and it goes on when that heals', async () => {
	const { net, client, server, connect } = await ground();
	await using _ = net;
	await using carrier = await connect();
	const fault = net.partition(client, server);
	const answer = carrier.request('hello');
	await net.sleep(5000);
	fault.heal();
	await answer;
	assert.ok(net.clock.now() > 5000 && net.clock.now() < 20_000);
});

test('nobody can come through a partition, and all others can', async () => {
	const { net, client, connect } = await ground();
	await using _ = net;
	using _fault = net.partition('server', [client]);
	const error = await rejection(connect({ timeout: 5000 }), 'all-attempts-failed').catch((thrown) => thrown);
	assert.ok(error instanceof Error);
	assert.ok(net.clock.now() >= 5000);
	const other = net.host('other');
	await using _carrier = await connect({ local: { stack: other } });
});

test('one way is enough to stop an answer, and not enough to stop a question', async () => {
	const { net, server, client } = await ground();
	await using _ = net;
	const heard: string[] = [];
	const ports = [];
	for (const host of [server, client]) {
		const port = await host.bind({ address: IpAddress.any4, port: 9 }, { signal: new AbortController().signal });
		port.handler = { onDatagram: (bytes) => heard.push(`${host.name} ${bytes.length}`), onError() {}, onClose() {} };
		ports.push(port);
	}
	using _fault = net.partition(server, client, { oneWay: true });
	// The answer to the question for the hardware address must come first.
	assert.equal(await client.ping(server.addresses[0]!, { timeout: 100 }), undefined);
	const to = (host: Host) => ({ address: IpAddress.parse(host.addresses[0]!), port: 9 });
	ports[0]!.send(new Uint8Array(1), to(client));
	ports[1]!.send(new Uint8Array(2), to(server));
	await net.sleep(5000);
	assert.deepEqual(heard, []);
	_fault.heal();
	await net.sleep(5000);
	ports[0]!.send(new Uint8Array(3), to(client));
	ports[1]!.send(new Uint8Array(4), to(server));
	await net.sleep(100);
	assert.deepEqual(heard.toSorted(), ['client 3', 'server 4']);
});

test('what is held arrives when it is released', async () => {
	const { net, client, server, connect } = await ground();
	await using _ = net;
	await using carrier = await connect();
	const hold = net.hold(client, server);
	const answer = carrier.request('hello');
	await net.sleep(20_000);
	const released = net.clock.now();
	hold.release();
	await answer;
	assert.equal(net.clock.now() - released, 20);
});

test('a host that crashed is silent, and after a restart resets what it does not know', async () => {
	const { net, server, connect } = await ground();
	await using _ = net;
	await using carrier = await connect();
	const closed = carrier.closed;
	await server.crash();
	await net.sleep(10_000);
	assert.equal(carrier.state, 'active');
	carrier.post('hello');
	await net.sleep(1000);
	await server.restart();
	assert.equal(((await closed).error as PostSocketsError).code, 'reset');
	await rejection(connect(), 'refused').catch(() => {});
	await shout(server);
	await using _carrier = await connect();
});

test('a host that is closed says so to its peers; one that crashed does not, even when it is back', async () => {
	const { net, server, connect } = await ground();
	await using _ = net;
	const first = await connect();
	await first.request('hello');
	await server.crash();
	await server.restart();
	await net.sleep(1000);
	assert.equal(first.state, 'active');
	await shout(server);
	await using second = await connect();
	await server.close();
	assert.equal(((await second.closed).error as PostSocketsError).code, 'reset');
	first.abort();
});

test('a stream to a host that never comes back times out', async () => {
	const { net, server, connect } = await ground();
	await using _ = net;
	await using carrier = await connect();
	await server.crash();
	carrier.post('hello');
	assert.equal(((await carrier.closed).error as PostSocketsError).code, 'timed-out');
	assert.ok(net.clock.now() > 100_000 && net.clock.now() < 200_000);
});

test('a paused host does nothing, and goes on where it was', async () => {
	const { net, server, connect } = await ground();
	await using _ = net;
	await using carrier = await connect();
	server.pause();
	const answer = carrier.request('hello');
	await net.sleep(5000);
	assert.equal(server.state, 'paused');
	server.resume();
	assert.equal(await answer, 'HELLO');
	assert.ok(net.clock.now() < 5100);
});

test('S-11 the clock of a host may be wrong', async () => {
	await using net = network();
	const host = net.host('fast', { skew: { offset: 1000, rate: 2 } });
	const started = host.clock.now();
	assert.equal(started, 1000);
	await new Promise<void>((resolve) => void host.clock.after(500, resolve));
	assert.equal(net.clock.now(), 250);
	assert.equal(host.clock.now(), 1500);
	assert.throws(() => net.host('odd', { skew: { rate: 0 } }), { code: 'bad-argument' });
});

test('S-07 rules judge packets and streams, the first verdict counts, until they are disposed of', async () => {
	const { net, client, server, connect } = await ground();
	await using _ = net;
	const address = server.addresses[0]!;
	await client.ping(address);
	{
		using _late = net.rule(({ protocol, to }) => (protocol === 'icmp' && to === 'server' ? { delay: 500 } : 'pass'));
		using _never = net.rule(({ protocol }) => (protocol === 'icmp' ? { delay: 900 } : undefined));
		assert.equal(await client.ping(address, { timeout: 5000 }), 20 + 500 + 900);
	}
	{
		using _rule = net.rule(({ protocol }) => (protocol === 'icmp' ? 'drop' : 'pass'));
		assert.equal(await client.ping(address), undefined);
	}
	{
		using _rule = net.rule(({ protocol }) => (protocol === 'icmp' ? { corrupt: true } : 'pass'));
		assert.equal(await client.ping(address), undefined);
	}
	assert.equal(await client.ping(address), 20);
	let left = 0;
	using _rule = net.rule(({ protocol, to, length }) =>
		protocol === 'tcp' && to === 'server' && length > 0 && (left -= 1) >= 0 ? 'drop' : 'pass',
	);
	await using carrier = await connect();
	await carrier.request('hello');
	const asked = net.clock.now();
	left = 3;
	assert.equal(await carrier.request('hello'), 'HELLO');
	assert.equal(net.clock.now() - asked, 20 + 200 + 400 + 800, 'sent again twice as late each time');
});

test('what is too slow takes its time', async () => {
	await using net = network();
	const lan = net.switch('slow', { rate: 8000, latency: 5 });
	const [server, client] = [net.host('server', { on: lan }), net.host('client', { on: lan })];
	await shout(server);
	const options = { local: { stack: client }, protocol: lines() };
	await using carrier = await initiate('tcp://server.test:80', options);
	const asked = net.clock.now();
	await carrier.request('x'.repeat(999));
	assert.equal(net.clock.now() - asked, 2 * (5 + 1000));
});

test('S-01 equal seeds give equal traces, a hundred times, and others do not', async () => {
	async function run(seed: number): Promise<string> {
		const { net, server, connect } = await ground({ seed }, 10);
		await using _ = net;
		using _rule = net.rule(({ protocol }) => (protocol === 'udp' && net.random.below(3) === 0 ? 'drop' : 'pass'));
		await using carrier = await connect({ timeout: 60_000 });
		for (let count = 0; count < 3; count += 1) await carrier.request('hello');
		await server.restart();
		await net.sleep(1000);
		return net.trace.hash;
	}
	const hash = await run(7);
	assert.match(hash, /^[0-9a-f]{16}$/);
	for (let times = 0; times < 100; times += 1) assert.equal(await run(7), hash);
	assert.notEqual(await run(8), hash);
});

test('time can be moved by hand', async () => {
	const clock = virtualClock({ auto: false });
	const net = network({ clock });
	let woken = false;
	void net.sleep(100).then(() => (woken = true));
	await clock.advance(99);
	assert.equal(woken, false);
	await clock.advance(1);
	assert.equal(woken, true);
	await net.close();
});

test('S-03 two hours of keep-alives cost nothing', async () => {
	const { net, connect } = await ground();
	await using _ = net;
	await using carrier = await connect();
	for (let minutes = 0; minutes < 120; minutes += 1) {
		assert.equal(await carrier.request('ping'), 'PING');
		await net.sleep(60_000);
	}
	assert.ok(net.clock.now() >= 7_200_000);
});

test('what a run of a host throws, the network throws when it closes; it runs again after a restart', async () => {
	const net = network();
	let runs = 0;
	const host = net.host('one', {
		run: () => {
			runs += 1;
			if (runs === 2) throw new Error('no');
		},
	});
	await net.sleep(1);
	await host.restart();
	await net.sleep(1);
	assert.equal(runs, 2);
	await assert.rejects(net.close(), /no/);
});

test('mistakes throw at once', async () => {
	await using net = network();
	const bad = { code: 'bad-argument' };
	net.host('one');
	assert.throws(() => network({ seed: 1.5 }), bad);
	assert.throws(() => net.host('one', {}), bad);
	assert.throws(() => net.host('no name'), bad);
	assert.throws(() => net.partition('two'), bad);
	assert.throws(() => net.host('one').plug('eth9', true), bad);
	const cable = net.link('cable');
	net.host('left', { on: cable });
	net.host('right', { on: cable });
	assert.throws(() => net.host('third', { on: cable }), bad);
});
