import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prefix } from '../../base/prefix.ts';
import type { PrefixInformation } from '../../wire/nd-options.ts';
import type { IpConfig } from './config.ts';
import { end, Ground, ip, macOf } from './lan-harness.ts';
import { advertise, sendIcmpv6 } from './router-twin.ts';

const hour = 3_600_000;
const automatic: IpConfig = {
	autoconfiguration: true,
	linkLocal: true,
	duplicateDetection: { transmits: 1 },
	secret: new Uint8Array(16).fill(7),
};

function place(config: IpConfig = {}) {
	const ground = new Ground();
	const lan = ground.lan();
	const link = lan.link(1);
	const stack = ground.stack(link, { ...automatic, ...config });
	const of = () => stack.inspect().interfaces[1]!;
	const addresses = () => of().addresses.map(({ address, state }) => `${address} ${state}`);
	const routes = () =>
		stack
			.inspect()
			.routes.filter(({ origin }) => origin === 'advertised')
			.map(({ to, via }) => `${to} ${via ?? 'link'}`);
	/** The kinds of ICMPv6 that the stack has sent since the last time, and when. */
	const sent = () => {
		const own = lan.frames.splice(0).filter(({ from }) => from === String(macOf(1)));
		return own.map(({ at, frame }) => `${at} ${frame[20] === 58 ? frame[54] : frame[62]}`);
	};
	return { ground, lan, link, stack, of, addresses, routes, sent };
}

function prefix(
	text: string,
	valid = 7200,
	preferred = 3600,
	more: Partial<PrefixInformation> = {},
): PrefixInformation {
	const base = { kind: 'prefix', prefix: Prefix.parse(text), onLink: true, autonomous: true } as const;
	return { ...base, validLifetime: valid, preferredLifetime: preferred, ...more };
}

test('a link-local address is tried for a second, then announced; routers are asked for', async () => {
	const { ground, addresses, sent } = place();
	const [tried] = addresses();
	assert.match(tried!, /^fe80::[\da-f:]+%eth0\/64 tentative$/);
	await ground.pass(999);
	assert.deepEqual(addresses(), [tried]);
	await ground.pass(1);
	assert.deepEqual(addresses(), [tried!.replace('tentative', 'preferred')]);
	await ground.pass(10);
	const kinds = sent().map((line) => line.split(' ')[1]);
	assert.ok(kinds.includes('135') && kinds.includes('133') && kinds.includes('136') && kinds.includes('143'));
});

test('identifiers are stable for prefix, interface and secret, and other for each', async () => {
	const [one, two] = [place(), place()];
	assert.deepEqual(one.addresses(), two.addresses());
	const other = place({ secret: new Uint8Array(16).fill(8) });
	assert.notDeepEqual(one.addresses(), other.addresses());
	for (const { lan } of [one]) advertise(lan, [prefix('2001:db8:1::/64'), prefix('2001:db8:2::/64')]);
	await one.ground.pass(10);
	const identifiers = one.addresses().map((text) => ip(text.split(/[%/]/)[0]!).bytes.subarray(8).join());
	assert.equal(new Set(identifiers).size, 3);
});

test('an advertisement brings addresses, routes, name servers and parameters, and they age', async () => {
	const { ground, lan, stack, addresses, routes, of } = place();
	await ground.pass(2000);
	const servers = { kind: 'name-servers', lifetime: 600, servers: [ip('2001:db8::53'), ip('fe80::53')] } as const;
	advertise(lan, [prefix('2001:db8:1::/64'), { kind: 'mtu', mtu: 1400 }, servers], {
		hopLimit: 33,
		retransmitTime: 500,
	});
	await ground.pass(1100);
	assert.match(addresses()[1]!, /^2001:db8:1:0:[\da-f:]+\/64 preferred$/);
	assert.deepEqual(routes(), ['::/0 fe80::ff', '2001:db8:1::/64 link']);
	assert.deepEqual(stack.nameServers.map(String), ['2001:db8::53', 'fe80::53%eth0']);
	assert.equal(of().mtu.ipv6, 1400);
	const port = stack.ping({ family: 6 });
	port.send(ip('2001:db8:9::9'), { sequence: 1 });
	await ground.pass(10);
	const echo = lan.frames.find(({ frame }) => frame[54] === 128)!.frame;
	assert.equal(echo[21], 33);
	assert.equal(macOf(0xff).equalsAt(echo, 0), true, 'by the router, whose hardware address it has said');
	await ground.pass(600_000);
	assert.deepEqual(stack.nameServers, []);
	await ground.pass(1200_000);
	assert.deepEqual(routes(), ['2001:db8:1::/64 link'], 'the router was one for half an hour');
	await ground.pass(1800_000);
	assert.match(addresses()[1]!, / deprecated$/);
	await ground.pass(hour);
	assert.equal(addresses().length, 1);
	assert.deepEqual(routes(), []);
});

test('a lifetime of zero takes a router away at once, an address only within two hours', async () => {
	const { ground, lan, addresses, routes } = place();
	advertise(lan, [prefix('2001:db8:1::/64', 86_400, 86_400)]);
	await ground.pass(1100);
	advertise(lan, [prefix('2001:db8:1::/64', 0, 0)], { lifetime: 0 });
	await ground.pass(100);
	assert.deepEqual(routes(), []);
	assert.match(addresses()[1]!, / deprecated$/);
	await ground.pass(2 * hour - 1000);
	assert.equal(addresses().length, 2);
	await ground.pass(2000);
	assert.equal(addresses().length, 1);
});

test('routers are chosen by preference, and one that does not answer is passed over', async () => {
	const { ground, lan, stack, routes } = place();
	advertise(lan, [prefix('2001:db8:1::/64')], { from: 'fe80::f1', preference: 'low' });
	advertise(lan, [], { from: 'fe80::f2', preference: 'high', options: [] });
	await ground.pass(1100);
	assert.deepEqual(routes().slice(0, 2), ['::/0 fe80::f2', '::/0 fe80::f1']);
	const port = await ground.port('it', stack, '[::]:0', { remote: end('[2001:db8:9::9]:9') });
	port.send(new Uint8Array(1), undefined);
	await ground.pass(4000);
	assert.deepEqual(ground.heard(), ['it error unreachable']);
	const passed = async () => {
		lan.frames.length = 0;
		port.send(new Uint8Array(1), undefined);
		await ground.pass(10);
		return lan.frames.filter(({ frame }) => frame[20] === 17).map(({ frame }) => frame[5]);
	};
	assert.deepEqual(await passed(), [0xff]);
	advertise(lan, [], { from: 'fe80::f2', preference: 'high', options: [] });
	await ground.pass(10);
	assert.deepEqual(await passed(), [0xff], 'that one did not say where it is');
	const options = [{ kind: 'source-address', address: macOf(0xfe) } as const];
	advertise(lan, [], { from: 'fe80::f2', preference: 'high', options });
	await ground.pass(10);
	assert.deepEqual(await passed(), [0xfe], 'it is there again');
});

test('advertisements from beyond the link, from nobody’s link-local address, or in the wrong size change nothing', async () => {
	const { ground, lan, addresses, routes, of, stack } = place();
	await ground.pass(1100);
	advertise(lan, [prefix('2001:db8:1::/64')], { sentHopLimit: 254 });
	advertise(lan, [prefix('2001:db8:1::/64')], { from: '2001:db8::7' });
	advertise(
		lan,
		[prefix('2001:db8:1::/80'), prefix('fe80::/64'), prefix('2001:db8:2::/64', 10, 20), { kind: 'mtu', mtu: 68 }],
		{
			lifetime: 0,
		},
	);
	await ground.pass(2000);
	assert.equal(addresses().length, 1);
	assert.deepEqual(routes(), ['2001:db8:1::/80 link', '2001:db8:2::/64 link']);
	assert.equal(of().mtu.ipv6, 1500);
	assert.equal(stack.inspect().counters.martian, 2);
});

test('a flood of prefixes, routers and servers stops at the limit', async () => {
	const { ground, lan, stack, addresses, routes } = place();
	for (let index = 0; index < 200; index += 1) {
		const servers = { kind: 'name-servers', lifetime: 600, servers: [ip(`2001:db8::${index + 1}`)] } as const;
		advertise(lan, [prefix(`2001:db8:${index}::/64`), servers], { from: `fe80::${index + 1}` });
	}
	await ground.pass(3000);
	assert.ok(addresses().length <= 32);
	assert.equal(routes().length, 32);
	assert.equal(stack.nameServers.length, 16);
});

test('an address that somebody has is not taken: another identifier is tried, three times', async () => {
	const { ground, lan, addresses } = place();
	const tried: string[] = [];
	for (let round = 0; round < 5; round += 1) {
		const current = addresses()[0]!;
		if (!current.endsWith('tentative')) break;
		const target = ip(current.split('%')[0]!);
		tried.push(String(target));
		const options = [{ kind: 'target-address', address: macOf(9) } as const];
		const claim = { kind: 'neighbor-advertisement', router: false, solicited: false, override: true, target } as const;
		sendIcmpv6(lan, { ...claim, options }, { from: String(target), mac: macOf(9) });
		await ground.pass(500);
	}
	assert.equal(new Set(tried).size, 4);
	assert.match(addresses()[0]!, /duplicate$/);
	await ground.pass(60_000);
	assert.match(addresses()[0]!, /duplicate$/);
});

test('two hosts that try the same address at once: neither gets it', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const config = {
		linkLocal: true,
		duplicateDetection: { transmits: 1 },
		addresses: ['2001:db8::1/64', '192.0.2.1/24'],
	};
	const [a, b] = [1, 2].map((number) =>
		ground.stack(lan.link(number), { ...config, secret: new Uint8Array(16).fill(number) }),
	);
	await ground.pass(5000);
	for (const stack of [a!, b!]) {
		assert.deepEqual(
			stack.inspect().interfaces[1]!.addresses.map(({ state }) => state),
			['preferred', 'duplicate', 'duplicate'],
		);
		assert.equal(stack.interfaces()[1]!.addresses.length, 1);
	}
});

test('an address in use is defended, and a duplicate that comes later does not get it', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const config = { duplicateDetection: { transmits: 1 }, addresses: ['2001:db8::1/64', '192.0.2.1/24'] };
	const a = ground.stack(lan.link(1), config);
	await ground.pass(2000);
	const b = ground.stack(lan.link(2), config);
	await ground.pass(5000);
	const states = [a, b].map((stack) => stack.inspect().interfaces[1]!.addresses.map(({ state }) => state));
	assert.deepEqual(states, [
		['preferred', 'preferred'],
		['duplicate', 'duplicate'],
	]);
});

test('without a router it asks ever more rarely; with one not at all', async () => {
	const { ground, lan, sent } = place();
	await ground.pass(2 * hour);
	const times = sent()
		.filter((line) => line.endsWith(' 133'))
		.map((line) => Number(line.split(' ')[0]));
	assert.ok(times.length > 8 && times.length < 14, String(times));
	advertise(lan, []);
	await ground.pass(1000);
	sent();
	await ground.pass(1000_000);
	assert.deepEqual(
		sent().filter((line) => line.endsWith(' 133')),
		[],
	);
});

test('redirects are refused', async () => {
	const { ground, lan, stack, routes } = place();
	advertise(lan, [prefix('2001:db8:1::/64')]);
	await ground.pass(2000);
	const before = routes();
	const [target, destination] = [ip('fe80::66'), ip('2001:db8:9::9')];
	sendIcmpv6(lan, { kind: 'neighbor-redirect', target, destination, options: [] });
	await ground.pass(100);
	assert.deepEqual(routes(), before);
	assert.equal(stack.inspect().counters['redirect-refused'], 1);
});
