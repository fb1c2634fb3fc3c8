import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from './address.ts';
import { PostSocketsError } from './errors.ts';

const runs = { numRuns: 2_000 };

const { parse, tryParse, from } = IpAddress;

/** Bytes with many zeros, so that runs of them and ties are common. */
const octet = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));
const bytes4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const mapped = bytes4.map((bytes) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes));
const bytes6 = fc.oneof(
	fc.array(octet, { minLength: 16, maxLength: 16 }).map((octets) => Uint8Array.from(octets)),
	fc
		.array(fc.constantFrom([0, 0], [0, 1], [0x20, 0]), { minLength: 8, maxLength: 8 })
		.map((groups) => Uint8Array.from(groups.flat())),
	mapped,
);
const zone = fc.option(fc.constantFrom('eth0', '2', 'en0', 'wlan0.5', 'br-1f:2', 'Ethernet\u20ac'), { nil: undefined });
const address = fc.oneof(
	bytes4.map((bytes) => from(bytes)),
	fc.tuple(bytes6, zone).map(([bytes, name]) => from(bytes, name)),
);

const valid = [
	'0.0.0.0',
	'192.0.2.1',
	'255.255.255.255',
	'::',
	'::1',
	'1::',
	'2001:DB8:0:0:8:800:200C:417A',
	'2001:db8::8:800:200c:417a',
	'1:2:3:4:5:6:7::',
	'::2:3:4:5:6:7:8',
	'0:0:0:0:0:FFFF:129.144.52.38',
	'::ffff:129.144.52.38',
	'1:2:3:4:5:6:1.2.3.4',
	'1::5:6:1.2.3.4',
];

/** A valid text with a few characters put in, taken out, doubled or replaced. */
const mutated = fc
	.tuple(
		fc.oneof(fc.constantFrom(...valid), address.map(String)),
		fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 3 }), fc.constantFrom(...'0123456789afAFgx:.:.- %/[]\n')), {
			maxLength: 4,
		}),
	)
	.map(([text, edits]) => {
		for (const [seed, removed, added] of edits) {
			const at = seed % (text.length + 1);
			text = text.slice(0, at) + (removed === 3 ? '::' : added) + text.slice(at + (removed % 3));
		}
		return text;
	});

test('IPv4 text is four decimal octets and nothing else', () => {
	assert.equal(parse('192.0.2.1').toString(), '192.0.2.1');
	assert.equal(parse('192.0.2.1').family, 4);
	assert.deepEqual(parse('192.0.2.1').bytes, Uint8Array.of(192, 0, 2, 1));
	for (const text of [
		'',
		'1',
		'1.2.3',
		'1.2.3.',
		'.1.2.3',
		'1..2.3',
		'1.2.3.4.',
		'1.2.3.4.5',
		'256.1.1.1',
		'1.2.3.1000',
		'01.2.3.4',
		'1.2.3.00',
		'0x7f.0.0.1',
		'0x7f000001',
		'2130706433',
		'127.1',
		'1.2.3.-4',
		'+1.2.3.4',
		'1.2.3.4e0',
		' 1.2.3.4',
		'1.2.3.4 ',
		'1.2.3.4\n',
		'1.2.3.4:80',
		'1.2.3.4/8',
		'1.2.3.4%eth0',
		'\u0661.2.3.4',
	]) {
		assert.equal(tryParse(text), undefined, JSON.stringify(text));
	}
});

test('IPv6 text has the three forms of RFC 4291 §2.2', () => {
	const forms: [text: string, canonical: string][] = [
		['ABCD:EF01:2345:6789:ABCD:EF01:2345:6789', 'abcd:ef01:2345:6789:abcd:ef01:2345:6789'],
		['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
		['FF01:0:0:0:0:0:0:101', 'ff01::101'],
		['0:0:0:0:0:0:0:1', '::1'],
		['0:0:0:0:0:0:0:0', '::'],
		['::', '::'],
		['1::', '1::'],
		['0:0:0:0:0:0:13.1.68.3', '::d01:4403'],
		['::13.1.68.3', '::d01:4403'],
		['0:0:0:0:0:FFFF:129.144.52.38', '::ffff:129.144.52.38'],
		['::ffff:8190:3426', '::ffff:129.144.52.38'],
		['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
		['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
	];
	for (const [text, canonical] of forms) assert.equal(parse(text).toString(), canonical, text);
	for (const text of [
		':',
		':::',
		'::::',
		'1:',
		':1',
		'1::2::3',
		'1:::2',
		'1:2:3:4:5:6:7',
		'1:2:3:4:5:6:7:',
		'1:2:3:4:5:6:7:8:9',
		'1:2:3:4:5:6:7:8::',
		'::1:2:3:4:5:6:7:8',
		'1:2:3:4::5:6:7:8',
		'12345::',
		'00001::',
		'g::',
		'-1::',
		'1.2.3.4::',
		'::1.2.3.4:5',
		'::1.2.3',
		'::1.2.3.04',
		'::1.2.3.256',
		'1:2:3:4:5:6:7:1.2.3.4',
		'[::1]',
		'[::1]:80',
		'::1/128',
		' ::1',
		'::1 ',
		'::\n',
	]) {
		assert.equal(tryParse(text), undefined, JSON.stringify(text));
	}
});

test('the canonical form is that of RFC 5952', () => {
	const forms: [text: string, canonical: string][] = [
		['2001:0db8::0001', '2001:db8::1'], // §4.1
		['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'], // §4.2.1
		['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // §4.2.2
		['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // §4.2.3, the longest
		['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // §4.2.3, the leftmost
		['2001:DB8::ABCD', '2001:db8::abcd'], // §4.3
		['1:0:0:4:5:6:0:0', '1::4:5:6:0:0'],
		['0:2:0:4:0:6:0:8', '0:2:0:4:0:6:0:8'],
	];
	for (const [text, canonical] of forms) {
		assert.equal(parse(text).toString(), canonical, text);
		assert.equal(JSON.stringify({ at: parse(text) }), `{"at":"${canonical}"}`);
	}
});

test('a zone belongs to IPv6 and is kept as written', () => {
	const scoped = parse('FE80::1%Eth0');
	assert.equal(scoped.zone, 'Eth0');
	assert.equal(scoped.toString(), 'fe80::1%Eth0');
	assert.equal(scoped.withZone(undefined).toString(), 'fe80::1');
	assert.equal(scoped.withZone('2').toString(), 'fe80::1%2');
	assert.equal(scoped.withZone('Eth0'), scoped);
	assert.ok(!scoped.equals(parse('fe80::1')));
	assert.ok(!scoped.equals(parse('fe80::1%eth0')));
	assert.equal(IpAddress.loopback4.withZone(undefined), IpAddress.loopback4);
	for (const zone of ['', ' ', 'a b', 'a/64', 'a]', '[a', 'a%b', 'a\0', 'a\n']) {
		assert.equal(tryParse(`fe80::1%${zone}`), undefined, JSON.stringify(zone));
		assert.throws(() => parse('fe80::1').withZone(zone), { code: 'bad-argument' });
		assert.throws(() => from(new Uint8Array(16), zone), { code: 'bad-argument' });
	}
	assert.throws(() => IpAddress.loopback4.withZone('eth0'), { code: 'bad-argument' });
	assert.throws(() => from(new Uint8Array(4), 'eth0'), { code: 'bad-argument' });
});

test('parse says which forms are valid', () => {
	const said = (error: unknown) =>
		error instanceof PostSocketsError &&
		error.code === 'bad-argument' &&
		/"\[::1\]".*192\.0\.2\.1.*fe80::1%eth0/.test(error.message);
	assert.throws(() => parse('[::1]'), said);
});

test('bytes are copied on the way in and on the way out', () => {
	for (const bytes of [new Uint8Array(4), Buffer.alloc(4)]) {
		const it = from(bytes);
		bytes.fill(9);
		it.bytes.fill(7);
		assert.deepEqual(it.bytes, new Uint8Array(4));
		assert.equal(it.toString(), '0.0.0.0');
	}
	for (const length of [0, 3, 5, 15, 17]) {
		assert.throws(() => from(new Uint8Array(length)), { code: 'bad-argument' });
	}
});

test('deepEqual sees the value and not the cache', () => {
	const [a, b] = [parse('::1'), parse('::1')];
	a.toString();
	assert.deepEqual(a, b);
	assert.notDeepEqual(a, parse('::2'));
	assert.notDeepEqual(a, parse('::1%2'));
});

test('the named addresses', () => {
	const { any4, any6, loopback4, loopback6 } = IpAddress;
	assert.equal([any4, any6, loopback4, loopback6].join(' '), '0.0.0.0 :: 127.0.0.1 ::1');
});

type Question = 'isUnspecified' | 'isLoopback' | 'isLinkLocal' | 'isMulticast' | 'isPrivate' | 'isV4Mapped';

test('each question at both edges of its ranges', () => {
	const cases: Record<Question, [yes: string, no: string]> = {
		isUnspecified: ['0.0.0.0 :: ::%lo ::ffff:0.0.0.0', '0.0.0.1 ::1 1.0.0.0 1:: ::ffff:0:1'],
		isLoopback: [
			'127.0.0.0 127.0.0.1 127.255.255.255 ::1 ::1%lo ::ffff:127.0.0.1',
			'126.255.255.255 128.0.0.0 :: ::2 1::1 ::ffff:128.0.0.1 7f00::',
		],
		isLinkLocal: [
			'169.254.0.0 169.254.255.255 fe80:: fe80::1%eth0 febf:ffff:: ::ffff:169.254.1.1',
			'169.253.255.255 169.255.0.0 168.254.0.0 fe7f:: fec0:: ff02::1 224.0.0.1',
		],
		isMulticast: [
			'224.0.0.0 239.255.255.255 ff00:: ff02::1%2 ffff:: ::ffff:224.0.0.1',
			'223.255.255.255 240.0.0.0 255.255.255.255 feff:: e000::',
		],
		isPrivate: [
			'10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255 fc00:: fdff:ffff:: ::ffff:10.1.2.3',
			'9.255.255.255 11.0.0.0 172.15.255.255 172.32.0.0 192.167.0.0 192.169.0.0 100.64.0.1 fbff:: fe00:: fe80::1 ::1 a00::',
		],
		isV4Mapped: [
			'::ffff:0.0.0.0 ::ffff:255.255.255.255 ::ffff:1:2',
			'1.2.3.4 ::1.2.3.4 ::fffe:1.2.3.4 1::ffff:1.2.3.4',
		],
	};
	for (const [question, [yes, no]] of Object.entries(cases)) {
		for (const text of yes.split(' ')) assert.equal(parse(text)[question as Question], true, `${text} ${question}`);
		for (const text of no.split(' ')) assert.equal(parse(text)[question as Question], false, `${text} not ${question}`);
	}
});

test('unmapped takes the IPv4 address out, and leaves every other alone', () => {
	assert.deepEqual(parse('::ffff:192.0.2.1%2').unmapped(), parse('192.0.2.1'));
	for (const text of ['192.0.2.1', '::192.0.2.1', '64:ff9b::192.0.2.1', 'fe80::1%2']) {
		const it = parse(text);
		assert.equal(it.unmapped(), it);
	}
});

test('the order is IPv4, then IPv6, by number, then by zone', () => {
	const sorted = [
		'0.0.0.0',
		'9.255.0.0',
		'10.0.0.0',
		'255.0.0.0',
		'::',
		'::1',
		'::1%a',
		'::1%b',
		'::ffff:1.2.3.4',
		'2::',
	];
	const shuffled = sorted.map(parse).reverse();
	assert.deepEqual(shuffled.sort((a, b) => a.compare(b)).map(String), sorted);
});

test('the common prefix is counted in bits', () => {
	assert.equal(parse('10.0.0.0').commonPrefixLength(parse('10.0.0.0')), 32);
	assert.equal(parse('10.0.0.0').commonPrefixLength(parse('138.0.0.0')), 0);
	assert.equal(parse('10.0.0.4').commonPrefixLength(parse('10.0.0.7')), 30);
	assert.equal(parse('2001:db8::1').commonPrefixLength(parse('2001:db8::1%2')), 128);
	assert.equal(parse('2001:db8::').commonPrefixLength(parse('2001:db9::')), 31);
	assert.equal(parse('0.0.0.0').commonPrefixLength(parse('::')), 0);
});

test('any bytes and zone survive the text, which is canonical', () => {
	fc.assert(
		fc.property(address, (it) => {
			const again = parse(it.toString());
			assert.deepEqual(again, it);
			assert.ok(again.equals(it));
			assert.equal(again.toString(), it.toString());
			assert.deepEqual(from(it.bytes, it.zone), it);
		}),
		runs,
	);
});

test('compare is a total order that agrees with equals and with the text', () => {
	// Few distinct values, so that equal ones meet.
	const few = fc.oneof(address, fc.constantFrom(...['::1', '::1%a', '::1%b', '0.0.0.1', '1.0.0.0', '::'].map(parse)));
	fc.assert(
		fc.property(few, few, few, (a, b, c) => {
			assert.ok(a.equals(a));
			assert.equal(Math.sign(a.compare(b)) + Math.sign(b.compare(a)), 0);
			assert.equal(a.equals(b), a.toString() === b.toString());
			const [x, y, z] = [a, b, c].sort((left, right) => left.compare(right)) as [IpAddress, IpAddress, IpAddress];
			assert.ok(x.compare(y) <= 0 && y.compare(z) <= 0 && x.compare(z) <= 0);
		}),
		runs,
	);
});

test('no text makes tryParse throw, and what it takes it can write', () => {
	fc.assert(
		fc.property(fc.oneof(fc.string({ unit: 'binary' }), mutated), (text) => {
			const it = tryParse(text);
			if (it !== undefined) assert.ok(parse(it.toString()).equals(it));
		}),
		runs,
	);
	assert.equal(tryParse('1:'.repeat(1_000_000)), undefined);
	assert.equal(tryParse('1.'.repeat(1_000_000)), undefined);
});

test('text without a zone is valid exactly when node:net says so', () => {
	const zoneless = mutated.filter((text) => !text.includes('%'));
	let taken = 0;
	fc.assert(
		fc.property(fc.oneof({ weight: 9, arbitrary: zoneless }, { weight: 1, arbitrary: fc.string() }), (text) => {
			const family = tryParse(text)?.family ?? 0;
			if (family !== 0) taken++;
			assert.equal(family, isIP(text), JSON.stringify(text));
		}),
		{ numRuns: 10_000, examples: valid.map((text) => [text]) },
	);
	assert.ok(taken > 1_000 && taken < 9_000, `${taken} of 10000 were valid: the mutations say little`);
});

test('the canonical form is that of the WHATWG URL parser, but for mapped addresses', () => {
	const hostOf = (text: string) => new URL(`http://[${text}]`).hostname.slice(1, -1);
	fc.assert(
		fc.property(bytes6, (bytes) => {
			const it = from(bytes);
			const full = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16)).join(
				':',
			);
			if (it.isV4Mapped) assert.ok(parse(hostOf(full)).equals(it));
			else assert.equal(it.toString(), hostOf(full));
		}),
		runs,
	);
});

test('an address in a packet is read, compared and written in place', () => {
	fc.assert(
		fc.property(
			fc.uint8Array({ minLength: 24, maxLength: 24 }),
			fc.nat(8),
			fc.constantFrom(4, 6),
			(packet, at, family) => {
				const address = IpAddress.at(packet, at, family);
				const octets = packet.slice(at, at + (family === 4 ? 4 : 16));
				assert.ok(address.equals(IpAddress.from(octets)));
				assert.ok(address.equalsAt(packet, at));
				assert.equal(
					octets
						.map((_, i) => Number(`0b${[0, 1, 2, 3, 4, 5, 6, 7].map((j) => address.bit(8 * i + j)).join('')}`))
						.join(),
					octets.join(),
				);
				packet.fill(0x55);
				address.copyTo(packet, at);
				assert.deepEqual(packet.slice(at, at + octets.length), octets);
				packet[at + octets.length - 1]! ^= 1;
				assert.ok(!address.equalsAt(packet, at));
			},
		),
	);
});
