import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rejection } from '../../testing/suite.ts';
import { end, Ground, ip } from './lan-harness.ts';

for (const medium of ['ethernet', 'ip'] as const) {
	for (const offloads of [{}, { sendChecksum: true, receiveChecksum: true }]) {
		test(`two hosts talk over ${medium}${'sendChecksum' in offloads ? ' that offloads checksums' : ''}`, async () => {
			const ground = new Ground();
			const lan = ground.lan({ medium, offloads });
			const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24', '2001:db8::1/64', 'fe80::1/64'] });
			const b = ground.stack(lan.link(2), { addresses: ['192.0.2.2/24', '2001:db8::2/64', 'fe80::2/64'] });
			for (const [from, to] of [
				['192.0.2.1:1100', '192.0.2.2:2000'],
				['[2001:db8::1]:1100', '[2001:db8::2]:2000'],
				['[fe80::1%eth0]:1100', '[fe80::2%eth0]:2000'],
			] as const) {
				const asks = await ground.port('a', a, from);
				const answers = await ground.port('b', b, to);
				asks.send(new Uint8Array(5), end(to));
				await ground.pass(100);
				assert.deepEqual(ground.heard(), [`b got 5 from ${from}`]);
				answers.send(new Uint8Array(6), end(from));
				await ground.pass(100);
				assert.deepEqual(ground.heard(), [`a got 6 from ${to}`]);
			}
			assert.deepEqual(
				b
					.inspect()
					.neighbors.map(({ address, state }) => `${address} ${state}`)
					.sort(),
				medium === 'ip'
					? []
					: ['192.0.2.1 reachable', '2001:db8::1 reachable', 'fe80::1 reachable'].map((line) =>
							line.replace('reachable', 'delay'),
						),
			);
		});
	}
}

test('a connected port hears that nobody is there; an unconnected one does not', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24', '2001:db8::1/64'] });
	ground.stack(lan.link(2), { addresses: ['192.0.2.2/24', '2001:db8::2/64'] });
	for (const [from, to] of [
		['0.0.0.0:0', '192.0.2.2:9'],
		['[::]:0', '[2001:db8::2]:9'],
	] as const) {
		const connected = await ground.port('connected', a, from, { remote: end(to) });
		const plain = await ground.port('plain', a, from);
		connected.send(new Uint8Array(1), undefined);
		plain.send(new Uint8Array(1), end(to));
		await ground.pass(100);
		assert.deepEqual(ground.heard(), ['connected error refused']);
	}
});

test('a neighbour that does not answer is unreachable, and asked for again later', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24', '2001:db8::1/64'] });
	const four = await ground.port('four', a, '0.0.0.0:0', { remote: end('192.0.2.2:9') });
	const six = await ground.port('six', a, '[::]:0', { remote: end('[2001:db8::2]:9') });
	await ground.pass(5000);
	lan.frames.length = 0;
	for (const port of [four, six]) for (let index = 0; index < 20; index += 1) port.send(new Uint8Array(1), undefined);
	await ground.pass(2999);
	assert.equal(lan.frames.length, 6, 'three questions each, a second apart');
	assert.deepEqual(ground.heard(), []);
	await ground.pass(1);
	// As many as wait for one neighbour.
	assert.deepEqual(ground.heard().sort(), [
		...new Array(16).fill('four error unreachable'),
		...new Array(16).fill('six error unreachable'),
	]);
	const b = ground.stack(lan.link(2), { addresses: ['192.0.2.2/24', '2001:db8::2/64'] });
	await ground.port('b', b, '0.0.0.0:9000');
	four.send(new Uint8Array(1), undefined);
	await ground.pass(100);
	assert.deepEqual(ground.heard(), ['four error refused']);
});

test('a broadcast reaches every port at all addresses, also on the host that sends it', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24'] });
	const b = ground.stack(lan.link(2), { addresses: ['192.0.2.2/24'] });
	const sender = await ground.port('a', a, '0.0.0.0:5000');
	await ground.port('b', b, '0.0.0.0:5000');
	await ground.port('other', b, '192.0.2.2:5001');
	for (const to of ['255.255.255.255:5000', '192.0.2.255:5000']) {
		sender.send(new Uint8Array(3), end(to));
		await ground.pass(100);
		assert.deepEqual(ground.heard().sort(), ['a got 3 from 192.0.2.1:5000', 'b got 3 from 192.0.2.1:5000']);
	}
});

test('ports below 1024 are refused unless they are allowed, and addresses that are others’ too', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const { signal } = new AbortController();
	const careful = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24'] });
	await rejection(careful.bind(end('0.0.0.0:53'), { signal }), 'not-permitted');
	await rejection(careful.bind(end('192.0.2.2:5353'), { signal }), 'address-unavailable');
	const bold = ground.stack(lan.link(2), { addresses: ['192.0.2.2/24'], privilegedPorts: true });
	assert.equal((await bold.bind(end('0.0.0.0:53'), { signal })).local.port, 53);
	const small = ground.stack(lan.link(3), { limits: { sockets: 1 } });
	await small.bind(end('0.0.0.0:0'), { signal });
	await rejection(small.bind(end('0.0.0.0:0'), { signal }), 'resource-limit');
});

test('ephemeral ports cannot be guessed from each other', async () => {
	const ground = new Ground();
	const stack = ground.stack(ground.lan().link(1));
	const ports: number[] = [];
	for (let index = 0; index < 50; index += 1) ports.push((await ground.port('it', stack, '0.0.0.0:0')).local.port);
	assert.ok(ports.every((port) => port >= 49_152));
	assert.equal(new Set(ports).size, 50);
	const steps = new Set(ports.slice(1).map((port, index) => port - ports[index]!));
	assert.ok(steps.size > 40);
});

test('ping: echo with data, of both families, oneself and the unknown', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24', '2001:db8::1/64'] });
	ground.stack(lan.link(2), { addresses: ['192.0.2.2/24', '2001:db8::2/64'] });
	for (const [family, to] of [
		[4, '192.0.2.2'],
		[6, '2001:db8::2'],
		[4, '127.0.0.1'],
		[6, '2001:db8::1'],
	] as const) {
		const port = a.ping({ family });
		port.handler = {
			onReply: ({ from, sequence, data, hopLimit }) => ground.log.push(`${from} ${sequence} ${data} ${hopLimit}`),
			onProblem: ({ kind }) => ground.log.push(kind),
			onClose: () => {},
		};
		assert.equal(port.send(ip(to), { sequence: 7, data: Uint8Array.of(1, 2, 3) }), undefined);
		await ground.pass(100);
		assert.deepEqual(ground.heard(), [`${to} 7 1,2,3 64`]);
		port.close();
	}
	const port = a.ping({ family: 4 });
	assert.equal(port.send(ip('203.0.113.1'), { sequence: 1 })?.code, 'unreachable');
	assert.equal(
		port.send(ip('192.0.2.2'), { sequence: 1, data: new Uint8Array(2000), dontFragment: true })?.code,
		'too-large',
	);
	port.close();
	assert.equal(port.send(ip('192.0.2.2'), { sequence: 1 })?.code, 'closed');
});

test('large datagrams cross in fragments, whatever the order', async () => {
	const ground = new Ground();
	const lan = ground.lan({ mtu: 1280 });
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24', '2001:db8::1/64'] });
	const b = ground.stack(lan.link(2), { addresses: ['192.0.2.2/24', '2001:db8::2/64'] });
	await ground.port('four', b, '0.0.0.0:2000');
	await ground.port('six', b, '[::]:2000');
	const four = await ground.port('a', a, '192.0.2.1:1100');
	const six = await ground.port('a', a, '[2001:db8::1]:1100');
	// Those that wait for the hardware address come after those that do not: resolve first.
	for (const length of [1, 20_000]) {
		four.send(new Uint8Array(length), end('192.0.2.2:2000'));
		six.send(new Uint8Array(length), end('[2001:db8::2]:2000'));
		await ground.pass(100);
		const expected = [`four got ${length} from 192.0.2.1:1100`, `six got ${length} from [2001:db8::1]:1100`];
		assert.deepEqual(ground.heard().sort(), expected);
	}
	assert.ok(lan.frames.every(({ frame }) => frame.length <= 1294));
	for (const [port, to, most] of [
		[four, '192.0.2.2:2000', 65_507],
		[six, '[2001:db8::2]:2000', 65_527],
	] as const) {
		port.send(new Uint8Array(most), end(to));
		await ground.pass(100);
		assert.equal(ground.heard()[0]?.split(' ')[2], String(most));
	}
	assert.deepEqual(b.inspect().reassembling, { bytes: 0, datagrams: 0 });
});

test('the process is held by open sockets, through the link, and by nothing else', async () => {
	const ground = new Ground();
	const link = ground.lan().link(1);
	const stack = ground.stack(link, { addresses: ['192.0.2.1/24'] });
	assert.equal(link.held, false);
	const [one, two] = [await ground.port('one', stack, '0.0.0.0:0'), await ground.port('two', stack, '0.0.0.0:0')];
	assert.equal(link.held, true);
	one.close();
	assert.equal(link.held, true);
	two.unref();
	assert.equal(link.held, false);
	two.ref();
	assert.equal(link.held, true);
	two.close();
	assert.equal(link.held, false);
});

test('a handler that throws takes nothing from the other datagrams', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24'] });
	const b = ground.stack(lan.link(2), { addresses: ['192.0.2.2/24'] });
	const port = await ground.port('b', b, '0.0.0.0:2000');
	const { onDatagram } = port.handler;
	const errors: unknown[] = [];
	const uncaught = process.listeners('uncaughtException');
	process.removeAllListeners('uncaughtException');
	process.on('uncaughtException', (error) => errors.push(error));
	try {
		port.handler.onDatagram = (bytes, from) => {
			if (bytes.length === 1) throw new Error('mine');
			onDatagram(bytes, from);
		};
		const sender = await ground.port('a', a, '192.0.2.1:1100');
		for (const length of [1, 2, 1, 3]) sender.send(new Uint8Array(length), end('192.0.2.2:2000'));
		await ground.pass(100);
	} finally {
		process.removeAllListeners('uncaughtException');
		for (const listener of uncaught) process.on('uncaughtException', listener);
	}
	assert.deepEqual(ground.heard(), ['b got 2 from 192.0.2.1:1100', 'b got 3 from 192.0.2.1:1100']);
	assert.equal(errors.length, 2);
});

test('interfaces are watched: a link that goes and comes, and addresses with it', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const link = lan.link(1);
	const stack = ground.stack(link, { addresses: ['192.0.2.1/24'], duplicateDetection: { transmits: 1 } });
	const changes: string[] = [];
	using _ = stack.watch(({ added, removed, changed }) => {
		for (const [what, list] of Object.entries({ added, removed, changed })) {
			for (const { name, addresses } of list) changes.push(`${ground.clock.now()} ${what} ${name} ${addresses}`);
		}
	});
	assert.deepEqual(
		stack.interfaces().map(({ name, addresses, mtu, loopback }) => [name, addresses.join(' '), mtu, loopback]),
		[
			['lo', '127.0.0.1 ::1', 65_575, true],
			['eth0', '', 1500, false],
		],
	);
	await ground.pass(2000);
	link.plug(false);
	await ground.pass(1000);
	link.plug(true);
	await ground.pass(5000);
	assert.deepEqual(changes, [
		'1000 changed eth0 192.0.2.1',
		'2000 removed eth0 192.0.2.1',
		'3000 added eth0 ',
		'4000 changed eth0 192.0.2.1',
	]);
});

test('closing ends sockets, watchers, waits and links, and nothing starts any more', async () => {
	const ground = new Ground();
	const link = ground.lan().link(1);
	const stack = ground.stack(link, { dhcp: true });
	await ground.port('it', stack, '0.0.0.0:0');
	const ready = rejection(stack.ready(), 'closed');
	await stack.close();
	await ready;
	await stack.close();
	assert.deepEqual(ground.heard(), ['it close closed']);
	assert.equal(link.closed, true);
	assert.equal(ground.clock.pending, 0);
	await rejection(stack.bind(end('0.0.0.0:0'), { signal: new AbortController().signal }), 'closed');
	assert.throws(() => stack.watch(() => {}), { code: 'closed' });
	assert.throws(() => stack.ping({ family: 4 }), { code: 'closed' });
	await rejection(stack.ready(), 'closed');
});

test('a host that changes its hardware is followed, by what it announces', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24', '2001:db8::1/64'] });
	const old = ground.stack(lan.link(2), { addresses: ['192.0.2.2/24', '2001:db8::2/64'] });
	for (const [family, to] of [
		[4, '192.0.2.2'],
		[6, '2001:db8::2'],
	] as const) {
		a.ping({ family }).send(ip(to), { sequence: 1 });
	}
	await ground.pass(100);
	await old.close();
	const next = ground.stack(lan.link(3), { addresses: ['192.0.2.2/24', '2001:db8::2/64'] });
	await ground.pass(100);
	assert.deepEqual(
		a.inspect().neighbors.map(({ address, mac, state }) => `${address} ${mac?.slice(-2)} ${state}`),
		['192.0.2.2 03 stale', '2001:db8::2 03 stale'],
	);
	await ground.port('next', next, '0.0.0.0:2000');
	(await ground.port('a', a, '192.0.2.1:1100')).send(new Uint8Array(1), end('192.0.2.2:2000'));
	await ground.pass(100);
	assert.deepEqual(ground.heard(), ['next got 1 from 192.0.2.1:1100']);
});

test('what makes no sense in a configuration is a bad argument', () => {
	const ground = new Ground();
	const lan = ground.lan();
	const bad = (config: Parameters<typeof ground.stack>[1], links = [lan.link(1)]) =>
		assert.throws(() => ground.stack(links, config), { code: 'bad-argument' });
	bad({ addresses: ['192.0.2.1'] });
	bad({ addresses: ['224.0.0.1/4'] });
	bad({ addresses: ['127.0.0.1/8'] });
	bad({ gateways: ['192.0.2.1', '192.0.2.2'] });
	bad({ interfaces: { eth7: {} } });
	bad({ mtu: 67 });
	bad({ secret: new Uint8Array(3) });
	bad({ routes: [{ to: '10.0.0.0/8', via: '192.0.2.1' }] });
	bad({ routes: [{ to: '10.0.0.0/8', interface: 'eth7' }] });
	bad({}, [lan.link(1), lan.link(2)]);
	bad({}, [lan.link(1, 'lo')]);
	bad({ addresses: ['192.0.2.1/24'] }, [lan.link(1), lan.link(2, 'eth1')]);
	bad({ dhcp: true }, [ground.lan({ medium: 'ip' }).link(1)]);
});
