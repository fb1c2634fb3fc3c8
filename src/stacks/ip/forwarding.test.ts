import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IpConfig } from './config.ts';
import type { IpStack } from './ip-stack.ts';
import { end, Ground, ip, type Lan } from './lan-harness.ts';

const texts = {
	4: (net: number, host: number) => `10.0.${net}.${host}`,
	6: (net: number, host: number) => `2001:db8:f${net}::${host}`,
} as const;

function addresses(net: number, host: number): string[] {
	return [`${texts[4](net, host)}/24`, `${texts[6](net, host)}/64`];
}

/** Hosts a and z at the ends of four networks, with three routers between: 1 in net 0, 9 in net 3. */
function chain(options: { mtus?: number[]; router?: IpConfig } = {}) {
	const ground = new Ground();
	const lans = [0, 1, 2, 3].map((net) => ground.lan({ mtu: options.mtus?.[net] ?? 1500 }));
	const a = ground.stack(lans[0]!.link(1), {
		addresses: addresses(0, 1),
		gateways: ['10.0.0.254', '2001:db8:f0::254'],
	});
	const z = ground.stack(lans[3]!.link(9), {
		addresses: addresses(3, 9),
		gateways: ['10.0.3.253', '2001:db8:f3::253'],
	});
	const routers = [1, 2, 3].map((index) => {
		const left = lans[index - 1]!.link(100 + index, 'left');
		const right = lans[index]!.link(200 + index, 'right');
		const all = [
			{ prefix: (net: number) => `10.0.${net}.0/24`, host: texts[4] },
			{ prefix: (net: number) => `2001:db8:f${net}::/64`, host: texts[6] },
		];
		const routes = all.flatMap(({ prefix, host }) =>
			[0, 1, 2, 3]
				.filter((net) => net !== index && net !== index - 1)
				.map((net) => ({ to: prefix(net), via: net < index ? host(index - 1, 253) : host(index, 254) })),
		);
		return ground.stack([left, right], {
			forward: true,
			interfaces: {
				left: {
					dhcp: false,
					linkLocal: false,
					duplicateDetection: { transmits: 0 },
					addresses: addresses(index - 1, 254),
				},
				right: {
					dhcp: false,
					linkLocal: false,
					duplicateDetection: { transmits: 0 },
					addresses: addresses(index, 253),
				},
			},
			routes,
			...options.router,
		});
	});
	return { ground, lans: lans as Lan[], a, z, routers: routers as IpStack[] };
}

for (const family of [4, 6] as const) {
	const bracket = (text: string) => (family === 4 ? text : `[${text}]`);

	test(`IPv${family}: a datagram passes three routers, and so does its answer`, async () => {
		const { ground, a, z } = chain();
		const asks = await ground.port('a', a, `${bracket(texts[family](0, 1))}:1100`);
		const answers = await ground.port('z', z, `${bracket(texts[family](3, 9))}:2000`);
		asks.send(new Uint8Array(5), answers.local);
		await ground.pass(1000);
		answers.send(new Uint8Array(6), asks.local);
		await ground.pass(1000);
		const expected = [
			`z got 5 from ${bracket(texts[family](0, 1))}:1100`,
			`a got 6 from ${bracket(texts[family](3, 9))}:2000`,
		];
		assert.deepEqual(ground.heard(), expected);
	});

	test(`IPv${family}: traceroute names each router, then the host`, async () => {
		const { ground, a } = chain();
		const port = a.ping({ family });
		port.handler = {
			onReply: ({ from, sequence }) => ground.log.push(`${sequence} ${from} reply`),
			onProblem: ({ kind, from, sequence, to }) => ground.log.push(`${sequence} ${from} ${kind} ${to}`),
			onClose() {},
		};
		const target = texts[family](3, 9);
		for (let hopLimit = 1; hopLimit <= 4; hopLimit += 1) {
			port.send(ip(target), { sequence: hopLimit, hopLimit });
			await ground.pass(1000);
		}
		const [one, two, three] = [0, 1, 2].map((net) => texts[family](net, 254));
		assert.deepEqual(ground.heard(), [
			`1 ${one} hop-limit ${target}`,
			`2 ${two} hop-limit ${target}`,
			`3 ${three} hop-limit ${target}`,
			`4 ${target} reply`,
		]);
	});

	test(`IPv${family}: a path narrower than its links is found, remembered, and forgotten`, async () => {
		const { ground, a, z } = chain({ mtus: [1500, 1500, 1300, 1500] });
		const port = await ground.port('a', a, `${bracket(texts[family](0, 1))}:1100`);
		await ground.port('z', z, `${bracket(texts[family](3, 9))}:2000`);
		const send = async () => {
			port.send(new Uint8Array(1400), end(`${bracket(texts[family](3, 9))}:2000`));
			await ground.pass(2000);
			return ground.heard().length;
		};
		assert.equal(await send(), 0, 'the first one is lost: that is how one hears of it');
		assert.deepEqual(a.inspect().pathMtus, [{ destination: texts[family](3, 9), mtu: 1300 }]);
		assert.equal(await send(), 1, 'the next ones go in fragments');
		assert.equal(z.inspect().counters.reassembled, 1);
		await ground.pass(600_000);
		assert.deepEqual(a.inspect().pathMtus, []);
		assert.equal(await send(), 0);
		assert.equal(await send(), 1);
	});

	test(`IPv${family}: where errors are swallowed, what is large vanishes and what is small does not`, async () => {
		const { ground, lans, a, z } = chain({ mtus: [1500, 1500, 1300, 1500] });
		lans[0]!.drop = (frame) => isIcmpError(frame, family);
		const port = await ground.port('a', a, `${bracket(texts[family](0, 1))}:1100`);
		await ground.port('z', z, `${bracket(texts[family](3, 9))}:2000`);
		for (const length of [1400, 1400, 1000]) {
			port.send(new Uint8Array(length), end(`${bracket(texts[family](3, 9))}:2000`));
			await ground.pass(2000);
		}
		assert.deepEqual(
			ground.heard().map((line) => line.split(' ')[2]),
			['1000'],
		);
		assert.deepEqual(a.inspect().pathMtus, []);
	});

	test(`IPv${family}: a router says what it has no route to, and what neighbour does not answer`, async () => {
		const { ground, a } = chain();
		const nowhere = family === 4 ? '203.0.113.1' : '2001:db8:ffff::1';
		const missing = texts[family](3, 77);
		for (const target of [nowhere, missing]) {
			const port = await ground.port('it', a, `${bracket(texts[family](0, 1))}:0`, {
				remote: end(`${bracket(target)}:9`),
			});
			port.send(new Uint8Array(1), undefined);
			await ground.pass(5000);
			assert.deepEqual(ground.heard(), ['it error unreachable']);
			port.close();
			await ground.pass(10);
			ground.heard();
		}
	});
}

test('a router divides what may be divided', async () => {
	const { ground, lans, a, z } = chain({ mtus: [1500, 1500, 600, 1500] });
	const port = await ground.port('a', a, '10.0.0.1:1100');
	await ground.port('z', z, '10.0.3.9:2000');
	// Larger than the first link takes: the sender divides, and what it has divided may be divided again.
	port.send(new Uint8Array(4000), end('10.0.3.9:2000'));
	await ground.pass(2000);
	assert.deepEqual(ground.heard(), ['z got 4000 from 10.0.0.1:1100']);
	assert.ok(lans[2]!.frames.every(({ frame }) => frame.length <= 614));
});

test('what means nothing beyond its link, and broadcasts of a network, are not forwarded', async () => {
	const { ground, routers, lans, a } = chain();
	const port = await ground.port('a', a, '10.0.0.1:1100');
	port.send(new Uint8Array(1), end('10.0.1.255:9'));
	port.send(new Uint8Array(1), end('169.254.9.9:9'));
	await ground.pass(5000);
	assert.equal(routers[0]!.inspect().counters.forwarded, undefined);
	assert.ok(lans[1]!.frames.every(({ frame }) => frame[14]! >> 4 !== 4 || frame[23] !== 17));
});

test('private addresses do not pass where they are refused', async () => {
	const refuse = { dhcp: false, linkLocal: false, duplicateDetection: { transmits: 0 } };
	const { ground, a, routers } = chain({
		router: {
			interfaces: {
				left: { ...refuse, addresses: addresses(0, 254) },
				right: { ...refuse, addresses: addresses(1, 253), refusePrivate: true },
			},
			routes: [{ to: '198.51.100.0/24', via: '10.0.1.254' }],
		},
	});
	const port = await ground.port('it', a, '10.0.0.1:0', { remote: end('198.51.100.7:9') });
	port.send(new Uint8Array(1), undefined);
	await ground.pass(1000);
	assert.deepEqual(ground.heard(), ['it error unreachable']);
	assert.equal(routers[0]!.inspect().counters['refused-private'], 1);
});

test('a host forwards nothing', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['10.0.0.1/24'], gateways: ['10.0.0.2'] });
	const b = ground.stack(lan.link(2), { addresses: ['10.0.0.2/24'], gateways: ['10.0.0.1'] });
	const port = await ground.port('it', a, '10.0.0.1:0', { remote: end('198.51.100.7:9') });
	port.send(new Uint8Array(1), undefined);
	await ground.pass(1000);
	assert.deepEqual(ground.heard(), []);
	assert.equal(b.inspect().counters['not-for-us'], 1);
});

function isIcmpError(frame: Uint8Array, family: 4 | 6): boolean {
	const [protocol, type] = family === 4 ? [frame[23], frame[34]!] : [frame[20], frame[54]!];
	return family === 4 ? protocol === 1 && type !== 0 && type !== 8 : protocol === 58 && type < 128;
}
