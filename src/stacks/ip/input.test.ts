import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as icmpv6 from '../../wire/icmpv6.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import * as ipv4 from '../../wire/ipv4.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as ipv6Extensions from '../../wire/ipv6-extensions.ts';
import * as udp from '../../wire/udp.ts';
import { end, Ground, ip, type Lan, macOf } from './lan-harness.ts';

const group4 = Uint8Array.of(1, 0, 0x5e, 1, 1, 1);
const none = new Uint8Array(0);

interface Crafted {
	from?: string;
	to?: string;
	mac?: Uint8Array;
	options?: Uint8Array;
	extensions?: readonly ipv6Extensions.Ipv6Extension[];
	protocol?: number;
	fragment?: Partial<Pick<ipv4.Ipv4Header, 'moreFragments' | 'fragmentOffset'>>;
}

/** A datagram from port 9 to port 2000, of `length` bytes, as nobody honest would send it. */
function craft4(
	lan: Lan,
	length: number,
	{ from = '192.0.2.2', to = '192.0.2.1', mac, options, protocol, fragment }: Crafted,
): void {
	const header: ipv4.Ipv4Header = {
		source: ip(from),
		destination: ip(to),
		protocol: protocol ?? ipProtocol.udp,
		hopLimit: 64,
		dscp: 0,
		ecn: 0,
		identification: 7,
		dontFragment: false,
		moreFragments: false,
		fragmentOffset: 0,
		options: options ?? none,
		payloadLength: 8 + length,
		...fragment,
	};
	const frame = frameOf(ipv4.lengthOf(header) + 8 + length, mac, 0x0800);
	const start = ipv4.emit(header, frame, 14);
	udp.emit({ sourcePort: 9, destinationPort: 2000, payloadLength: length }, frame, start);
	lan.carry(undefined, frame);
}

function craft6(
	lan: Lan,
	length: number,
	{ from = '2001:db8::2', to = '2001:db8::1', mac, extensions = [], protocol = 17 }: Crafted,
): void {
	const payloadLength = ipv6Extensions.lengthOf(extensions) + 8 + length;
	const frame = frameOf(40 + payloadLength, mac, 0x86dd);
	const nextHeader = ipv6Extensions.firstHeader(extensions, protocol);
	const fixed = { source: ip(from), destination: ip(to), nextHeader, hopLimit: 64, dscp: 0, ecn: 0, flowLabel: 0 };
	const start = ipv6Extensions.emit(extensions, protocol, frame, ipv6.emit({ ...fixed, payloadLength }, frame, 14));
	udp.emit({ sourcePort: 9, destinationPort: 2000, payloadLength: length }, frame, start);
	udp.seal(frame, start, frame.length, new ipv6.Ipv6View(frame, 14, frame.length).pseudoSum(17));
	lan.carry(undefined, frame);
}

function frameOf(length: number, mac: Uint8Array = macOf(1).bytes, type: number): Uint8Array {
	const frame = new Uint8Array(14 + length);
	frame.set(mac);
	frame.set(macOf(2).bytes, 6);
	frame.set([type >> 8, type & 0xff], 12);
	return frame;
}

async function place() {
	const ground = new Ground();
	const [lan, other] = [ground.lan(), ground.lan()];
	const stack = ground.stack([lan.link(1), other.link(11, 'eth1')], {
		interfaces: {
			eth0: {
				dhcp: false,
				linkLocal: false,
				autoconfiguration: false,
				duplicateDetection: { transmits: 0 },
				addresses: ['192.0.2.1/24', '2001:db8::1/64'],
			},
			eth1: {
				dhcp: false,
				linkLocal: false,
				autoconfiguration: false,
				duplicateDetection: { transmits: 0 },
				addresses: ['198.51.100.1/24', '2001:db8:1::1/64'],
			},
		},
	});
	ground.stack(lan.link(2), { addresses: ['192.0.2.2/24', '2001:db8::2/64'] });
	await ground.port('four', stack, '0.0.0.0:2000');
	await ground.port('six', stack, '[::]:2000');
	await ground.pass(5000);
	lan.frames.length = 0;
	const lost = (name: string) => (stack.inspect().counters as Record<string, number>)[name] ?? 0;
	return { ground, lan, stack, lost };
}

test('what is in order is heard', async () => {
	const { ground, lan } = await place();
	craft4(lan, 1, {});
	craft6(lan, 2, {});
	craft4(lan, 3, { options: Uint8Array.of(1, 7, 3, 4) });
	craft6(lan, 4, { extensions: [{ kind: 'destination-options', options: [{ type: 0x1e, data: new Uint8Array(3) }] }] });
	await ground.pass(10);
	assert.deepEqual(
		ground.heard(),
		[1, 2, 3, 4].map((length) =>
			length % 2 ? `four got ${length} from 192.0.2.2:9` : `six got ${length} from [2001:db8::2]:9`,
		),
	);
});

test('martians are dropped, and nobody is told', async () => {
	const { ground, lan, lost } = await place();
	const four: Crafted[] = [
		...['127.0.0.1', '224.0.0.1', '255.255.255.255', '0.0.0.0', '0.1.2.3', '240.0.0.1', '192.0.2.1', '192.0.2.255'].map(
			(from) => ({ from }),
		),
		{ to: '127.0.0.1' },
		{ mac: macOf(0).bytes.fill(0xff) },
		{ mac: group4 },
	];
	const six: Crafted[] = [
		...['::1', 'ff02::1', '2001:db8::1', '::ffff:192.0.2.2', '::192.0.2.2'].map((from) => ({ from })),
		{ to: '::1' },
		{ to: '::ffff:192.0.2.1' },
		{ to: 'ff01::1' },
		{ to: 'ff00::1' },
	];
	for (const each of four) craft4(lan, 1, each);
	for (const each of six) craft6(lan, 1, each);
	await ground.pass(10);
	assert.deepEqual(ground.heard(), []);
	assert.equal(lost('martian'), four.length + six.length);
	assert.equal(lost('icmp-errors-sent'), 0);
});

test('source routes are refused', async () => {
	const { ground, lan, lost } = await place();
	for (const type of [131, 137]) craft4(lan, 1, { options: Uint8Array.of(1, type, 7, 4, 198, 51, 100, 7) });
	craft6(lan, 1, { extensions: [{ kind: 'routing', type: 0, segmentsLeft: 1, data: new Uint8Array(20) }] });
	craft6(lan, 2, { extensions: [{ kind: 'routing', type: 0, segmentsLeft: 0, data: new Uint8Array(20) }] });
	await ground.pass(10);
	assert.deepEqual(ground.heard(), ['six got 2 from [2001:db8::2]:9']);
	assert.equal(lost('source-routed'), 2);
});

test('a host takes by an interface only what is for that interface', async () => {
	const { ground, lan, stack, lost } = await place();
	const before = lost('not-for-us');
	craft4(lan, 1, { to: '198.51.100.1' });
	craft6(lan, 1, { to: '2001:db8:1::1' });
	await ground.pass(10);
	assert.deepEqual(ground.heard(), []);
	assert.equal(lost('not-for-us') - before, 2);
	// But it is itself by every one of its addresses.
	const port = await ground.port('own', stack, '192.0.2.1:2001');
	port.send(new Uint8Array(1), end('198.51.100.1:2000'));
	await ground.pass(10);
	assert.deepEqual(ground.heard(), ['four got 1 from 192.0.2.1:2001']);
});

test('what comes from an address leaves by its interface', async () => {
	const ground = new Ground();
	const [lan, other] = [ground.lan(), ground.lan()];
	const common = { dhcp: false, linkLocal: false, autoconfiguration: false, duplicateDetection: { transmits: 0 } };
	const stack = ground.stack([lan.link(1), other.link(11, 'eth1')], {
		interfaces: {
			eth0: { ...common, addresses: ['192.0.2.1/24'], gateways: ['192.0.2.254'] },
			eth1: { ...common, addresses: ['198.51.100.1/24'], gateways: ['198.51.100.254'] },
		},
	});
	await ground.pass(100);
	for (const [local, expected] of [
		['192.0.2.1:2000', [1, 0]],
		['198.51.100.1:2000', [0, 1]],
		['0.0.0.0:2001', [1, 0]],
	] as const) {
		const port = await ground.port('it', stack, local);
		for (const each of [lan, other]) each.frames.length = 0;
		port.send(new Uint8Array(1), end('203.0.113.9:9'));
		await ground.pass(500);
		assert.deepEqual([lan.frames.length, other.frames.length], expected, local);
		await ground.pass(5000);
	}
});

test('options and headers that nobody knows: passed over, dropped, or told', async () => {
	const { ground, lan } = await place();
	const told = async (crafted: Crafted) => {
		lan.frames.length = 0;
		craft6(lan, 5, crafted);
		await ground.pass(50);
		const errors = lan.frames
			.filter(({ frame, from }) => from === String(macOf(1)) && frame[20] === 58 && frame[54] === 4)
			.map(({ frame }) =>
				icmpv6.parse(frame, 54, frame.length, new ipv6.Ipv6View(frame, 14, frame.length).pseudoSum(58)),
			);
		const [error] = errors;
		assert.ok(typeof error !== 'string');
		const text =
			error === undefined ? '' : error.kind === 'parameter-problem' ? `${error.code} at ${error.pointer}` : error.kind;
		return [ground.heard().length, text];
	};
	const option = (type: number) => ({
		extensions: [{ kind: 'destination-options', options: [{ type, data: new Uint8Array(4) }] } as const],
	});
	assert.deepEqual(await told(option(0x1e)), [1, '']);
	assert.deepEqual(await told(option(0x5e)), [0, '']);
	assert.deepEqual(await told(option(0x9e)), [0, '2 at 42']);
	assert.deepEqual(await told(option(0xde)), [0, '2 at 42']);
	assert.deepEqual(await told({ protocol: 200 }), [0, '1 at 6']);
	assert.deepEqual(await told({ extensions: option(0x1e).extensions, protocol: 200 }), [0, '1 at 40']);
	assert.deepEqual(
		await told({ extensions: [{ kind: 'fragment', offset: 0, more: false, identification: 1 }] }),
		[1, ''],
		'an atomic one',
	);
	assert.deepEqual(await told({ extensions: [{ kind: 'fragment', offset: 0, more: true, identification: 2 }] }), [
		0,
		'0 at 4',
	]);
});

test('fragments that never become whole are told of after a minute, if the first one came', async () => {
	const { ground, lan, lost } = await place();
	craft4(lan, 8, { fragment: { moreFragments: true } });
	craft6(lan, 8, { extensions: [{ kind: 'fragment', offset: 0, more: true, identification: 3 }] });
	craft4(lan, 8, { fragment: { moreFragments: true, fragmentOffset: 800 }, from: '192.0.2.3' });
	await ground.pass(59_000);
	assert.equal(lost('icmp-errors-sent'), 0);
	await ground.pass(2000);
	assert.deepEqual([lost('icmp-errors-sent'), lost('reassembly-timeout')], [2, 3]);
});

test('padding behind a packet is not part of it, and a checksum that is wrong is none', async () => {
	const { ground, lan, lost } = await place();
	craft4(lan, 1, {});
	const { frame } = lan.frames.at(-1)!;
	const padded = new Uint8Array(60);
	padded.set(frame);
	lan.carry(undefined, padded);
	const damaged = frame.slice();
	damaged[40] = 1;
	lan.carry(undefined, damaged);
	await ground.pass(10);
	assert.deepEqual(ground.heard(), ['four got 1 from 192.0.2.2:9', 'four got 1 from 192.0.2.2:9']);
	assert.equal(lost('checksum'), 1);
});
