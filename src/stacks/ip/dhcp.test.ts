import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prefix } from '../../base/prefix.ts';
import type { DhcpOptions } from '../../wire/dhcp-options.ts';
import type { IpConfig } from './config.ts';
import { dhcpServer } from './dhcp-server-twin.ts';
import { end, Ground, ip } from './lan-harness.ts';

const hour = 3_600_000;

async function place(options: DhcpOptions = {}, config: IpConfig = {}) {
	const ground = new Ground();
	const lan = ground.lan();
	const server = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24'], privilegedPorts: true });
	const served = await dhcpServer(server, '192.0.2.1', () => ground.clock.now());
	served.pool = ['192.0.2.10', '192.0.2.11', '192.0.2.12'];
	served.options = {
		leaseTime: 24 * 3600,
		routers: [ip('192.0.2.1')],
		nameServers: [ip('192.0.2.53')],
		mtu: 1400,
		...options,
	};
	const link = lan.link(2);
	const client = ground.stack(link, { dhcp: true, duplicateDetection: { transmits: 1 }, ...config });
	const addresses = () =>
		client
			.interfaces()
			.find(({ name }) => name === 'eth0')
			?.addresses.join(' ');
	return { ground, lan, link, server, served, client, addresses };
}

test('a lease is got, and everything that comes with it', async () => {
	const { ground, client, addresses, served } = await place();
	let ready = -1;
	void client.ready().then(() => (ready = ground.clock.now()));
	await ground.pass(3000);
	assert.deepEqual(
		served.log.map((line) => line.split(' ').slice(1).join(' ')),
		['discover from 0.0.0.0', 'request from 0.0.0.0'],
	);
	assert.equal(addresses(), '192.0.2.10');
	assert.ok(ready >= 1000 && ready < 1100, 'after a second in which nobody else claimed the address');
	assert.deepEqual(client.nameServers.map(String), ['192.0.2.53']);
	const { routes, interfaces } = client.inspect();
	assert.deepEqual(
		routes.filter(({ interface: name }) => name === 'eth0').map(({ to, via }) => `${to} ${via}`),
		['0.0.0.0/0 192.0.2.1', '192.0.2.0/24 undefined'],
	);
	assert.equal(interfaces[1]!.mtu.ipv4, 1400);
	assert.equal(interfaces[1]!.dhcp, 'bound');
});

test('a lease is renewed for days, always before it ends, and the address never falters', async () => {
	const { ground, client, addresses, served } = await place();
	await ground.pass(3000);
	const port = await ground.port('it', client, '0.0.0.0:0');
	let lost = 0;
	using _ = client.watch(() => (lost += 1));
	await ground.pass(7 * 24 * hour);
	assert.equal(addresses(), '192.0.2.10');
	assert.equal(lost, 0);
	const renewals = served.log.slice(2);
	assert.ok(renewals.every((line) => line.endsWith('request from 192.0.2.10')));
	assert.equal(renewals.length, 14, 'twice a day: at half of the lease');
	assert.deepEqual(ground.heard(), []);
	port.close();
});

test('a server that is gone: renewed in vain, then rebound with another, or the address is given up', async () => {
	const { ground, lan, server, addresses, served } = await place();
	await ground.pass(3000);
	served.answers = false;
	await ground.pass(23 * hour);
	assert.equal(addresses(), '192.0.2.10');
	const asked = served.log.slice(2).map((line) => line.split(' '));
	assert.ok(asked.length > 3 && asked.length < 40, `${asked.length} requests`);
	await server.close();
	const other = ground.stack(lan.link(3), { addresses: ['192.0.2.3/24'], privilegedPorts: true });
	const helps = await dhcpServer(other, '192.0.2.3', () => ground.clock.now());
	helps.pool = ['192.0.2.10'];
	helps.options = { leaseTime: 24 * 3600 };
	await ground.pass(hour);
	assert.equal(addresses(), '192.0.2.10');
	assert.ok(helps.log.some((line) => line.endsWith('request from 192.0.2.10')));
	helps.answers = false;
	await ground.pass(25 * hour);
	assert.equal(addresses(), '');
});

test('the last lease ends at its time when nobody prolongs it', async () => {
	const { ground, client, addresses, served } = await place({ leaseTime: 3600 });
	await ground.pass(3000);
	served.answers = false;
	await ground.pass(hour - 3100);
	assert.equal(addresses(), '192.0.2.10');
	await ground.pass(200);
	assert.equal(addresses(), '');
	assert.deepEqual(
		client.inspect().routes.filter(({ origin }) => origin === 'dhcp'),
		[],
	);
	served.answers = true;
	await ground.pass(100_000);
	assert.equal(addresses(), '192.0.2.10');
});

test('an address that another host has is declined, and another one taken', async () => {
	const { ground, lan, addresses, served, client } = await place();
	ground.stack(lan.link(9), { addresses: ['192.0.2.10/24'] });
	await ground.pass(5000);
	assert.equal(addresses(), '');
	assert.match(served.log.at(-1)!, /decline from 0\.0\.0\.0/);
	await ground.pass(15_000);
	assert.equal(addresses(), '192.0.2.11');
	assert.equal(client.inspect().interfaces[1]!.dhcp, 'bound');
});

test('a refusal begins all over, but not at once', async () => {
	const { ground, addresses, served } = await place();
	served.refuses = true;
	await ground.pass(60_000);
	assert.equal(addresses(), '');
	assert.ok(served.log.length <= 14, `${served.log.length} messages in a minute`);
	served.refuses = false;
	await ground.pass(20_000);
	assert.equal(addresses(), '192.0.2.10');
});

test('without a server it asks ever more rarely, about once a minute, for ever', async () => {
	const { ground, client, served } = await place();
	served.answers = false;
	const waits = client.ready();
	const failed = assert.rejects(waits, { code: 'timed-out', message: /eth0 had no address after 30000 ms/ });
	const controller = new AbortController();
	const aborted = assert.rejects(client.ready({ signal: controller.signal }), { code: 'aborted' });
	controller.abort();
	await aborted;
	await ground.pass(10 * 60_000);
	await failed;
	const times = served.log.map((line) => Number(line.split(' ')[0]));
	const steps = times.slice(1).map((time, index) => time - times[index]!);
	for (const [index, most] of [4000, 8000, 16_000, 32_000, 64_000, 64_000].entries()) {
		assert.ok(Math.abs(steps[index]! - most) <= 1000, `${steps}`);
	}
});

test('classless routes take the place of the routers', async () => {
	const { ground, client } = await place({
		routes: [
			{ prefix: Prefix.parse('10.0.0.0/8'), router: ip('192.0.2.7') },
			{ prefix: Prefix.parse('198.51.100.0/24'), router: ip('0.0.0.0') },
		],
	});
	await ground.pass(3000);
	const learned = client.inspect().routes.filter(({ origin }) => origin === 'dhcp');
	assert.deepEqual(
		learned.map(({ to, via }) => `${to} ${via}`),
		['10.0.0.0/8 192.0.2.7', '198.51.100.0/24 undefined'],
	);
});

test('a link that comes back keeps its lease if the server agrees, and closing gives it back', async () => {
	const { ground, link, client, addresses, served } = await place();
	await ground.pass(3000);
	link.plug(false);
	await ground.pass(1000);
	link.plug(true);
	await ground.pass(3000);
	assert.equal(addresses(), '192.0.2.10');
	assert.match(served.log.at(-1)!, /request/);
	await client.close();
	await ground.pass(10);
	assert.match(served.log.at(-1)!, /release from 192\.0\.2\.10/);
	assert.equal(ground.clock.pending <= 2, true);
});

test('leases that make no sense do no harm', async () => {
	const { ground, client, served } = await place({
		leaseTime: 1,
		renewalTime: 1,
		rebindingTime: 1,
		subnetMask: ip('255.0.255.0'),
		mtu: 1,
	});
	await ground.pass(10 * 60_000);
	assert.ok(served.log.length < 40, `${served.log.length} messages in ten minutes`);
	assert.equal(client.inspect().interfaces[1]!.mtu.ipv4, 576);
	assert.equal(client.inspect().interfaces[1]!.addresses[0]!.address, '192.0.2.10/32');
	served.pool = ['224.0.0.1', '127.0.0.1', '0.0.0.0'];
	await client.close();
	const next = ground.stack(ground.lan().link(5), { dhcp: true });
	await ground.pass(1000);
	assert.deepEqual(next.inspect().interfaces[1]!.addresses, []);
});

test('what is sent while the lease is new leaves from it', async () => {
	const { ground, client, server } = await place();
	await ground.pass(3000);
	await ground.port('server', server, '0.0.0.0:2000');
	const port = await ground.port('client', client, '0.0.0.0:3000');
	port.send(new Uint8Array(3), end('192.0.2.1:2000'));
	await ground.pass(100);
	assert.deepEqual(ground.heard(), ['server got 3 from 192.0.2.10:3000']);
});
