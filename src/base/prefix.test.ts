import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from './address.ts';
import { PostSocketsError } from './errors.ts';
import { Prefix } from './prefix.ts';

const runs = { numRuns: 2_000 };

const ip = (text: string) => IpAddress.parse(text);
const prefix = (text: string) => Prefix.parse(text);
const text = (value: IpAddress | Prefix | undefined) => value?.toString();

const addressOf = (bytes: 4 | 16) =>
	fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((octets) => IpAddress.from(octets));
const prefixOf = (bytes: 4 | 16) =>
	fc
		.tuple(addressOf(bytes), fc.integer({ min: 0, max: 8 * bytes }))
		.map(([address, length]) => Prefix.of(address, length));
const anyAddress = fc.oneof(addressOf(4), addressOf(16));
const anyPrefix = fc.oneof(prefixOf(4), prefixOf(16));

/** The bits as text: slow, and plainly right. */
const bitsOf = (address: IpAddress) => Array.from(address.bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');

test('192.168.122.5/27 is host 5 of 192.168.122.0, whose broadcast address is 192.168.122.31', () => {
	for (const it of [prefix('192.168.122.5/27'), prefix('192.168.122.5/255.255.255.224')]) {
		assert.equal(text(it.address), '192.168.122.5');
		assert.equal(it.length, 27);
		assert.equal(text(it.network), '192.168.122.0');
		assert.equal(text(it.broadcast), '192.168.122.31');
		assert.equal(text(it.netmask), '255.255.255.224');
		assert.equal(it.host, 5n);
		assert.equal(it.size, 32n);
		assert.equal(JSON.stringify([it]), '["192.168.122.5/27"]');
	}
});

test('a /26 holds 64 addresses', () => {
	assert.equal(prefix('192.168.1.0/26').size, 64n);
	assert.equal(prefix('0.0.0.0/0').size, 1n << 32n);
	assert.equal(prefix('2001:db8::/64').size, 1n << 64n);
	assert.equal(prefix('::/0').size, 1n << 128n);
	assert.equal(prefix('::1/128').size, 1n);
});

test('the longest match of 192.168.1.33 wins', () => {
	const table = [
		'0.0.0.0/0',
		'192.168.0.0/16',
		'192.168.1.0/24',
		'192.168.1.32/27',
		'192.168.1.64/26',
		'192.168.1.32/32',
	];
	const routes = table.map(prefix);
	const matches = routes.filter((route) => route.contains(ip('192.168.1.33')));
	assert.deepEqual(matches.map(String), ['0.0.0.0/0', '192.168.0.0/16', '192.168.1.0/24', '192.168.1.32/27']);
	assert.equal(text(matches.sort((a, b) => b.length - a.length)[0]), '192.168.1.32/27');
});

test('IPv6 has a network and hosts, no netmask and no broadcast', () => {
	const it = prefix('2001:DB8:0:cd30:123:4567:89ab:cdef/60');
	assert.equal(text(it), '2001:db8:0:cd30:123:4567:89ab:cdef/60');
	assert.equal(text(it.network), '2001:db8:0:cd30::');
	assert.equal(it.host, 0x0123_4567_89ab_cdefn);
	assert.equal(it.netmask, undefined);
	assert.equal(it.broadcast, undefined);
});

test('a /31 and a /32 have no broadcast address (RFC 3021)', () => {
	assert.equal(text(prefix('192.0.2.1/30').broadcast), '192.0.2.3');
	assert.equal(prefix('192.0.2.1/31').broadcast, undefined);
	assert.equal(prefix('192.0.2.1/31').host, 1n);
	assert.equal(prefix('192.0.2.1/32').broadcast, undefined);
	assert.equal(prefix('192.0.2.1/32').host, 0n);
	assert.equal(text(prefix('192.0.2.1/0').broadcast), '255.255.255.255');
});

test('a zone stays with the address and the network, and does not matter to contains', () => {
	const it = prefix('fe80::1%eth0/64');
	assert.equal(text(it), 'fe80::1%eth0/64');
	assert.equal(text(it.network), 'fe80::%eth0');
	assert.ok(it.contains(ip('fe80::2')));
	assert.ok(it.contains(ip('fe80::2%eth1')));
	assert.ok(!it.equals(prefix('fe80::1/64')));
});

test('families do not contain one another, mapped or not', () => {
	assert.ok(!prefix('0.0.0.0/0').contains(ip('::')));
	assert.ok(!prefix('::/0').contains(ip('0.0.0.0')));
	assert.ok(!prefix('10.0.0.0/8').contains(ip('::ffff:10.0.0.1')));
	assert.ok(prefix('10.0.0.0/8').contains(ip('::ffff:10.0.0.1').unmapped()));
	assert.ok(prefix('::ffff:10.0.0.0/104').contains(ip('::ffff:10.0.0.1')));
});

test('equals compares the host bits too', () => {
	assert.ok(prefix('10.0.0.1/8').equals(prefix('10.0.0.1/255.0.0.0')));
	assert.ok(!prefix('10.0.0.1/8').equals(prefix('10.0.0.0/8')));
	assert.ok(!prefix('10.0.0.0/8').equals(prefix('10.0.0.0/9')));
	assert.ok(!prefix('0.0.0.0/0').equals(prefix('::/0')));
});

test('every contiguous netmask is a length, and no other mask is', () => {
	for (let length = 0; length <= 32; length++) {
		const { netmask } = prefix(`10.1.2.3/${length}`);
		assert.equal(bitsOf(netmask!), '1'.repeat(length).padEnd(32, '0'));
		assert.equal(text(prefix(`10.1.2.3/${netmask}`)), `10.1.2.3/${length}`);
	}
	for (const mask of [
		'255.0.255.0',
		'0.0.0.255',
		'255.255.255.1',
		'0.255.0.0',
		'254.255.0.0',
		'255.255.0',
		'::',
		'ffff::',
	]) {
		assert.equal(Prefix.tryParse(`10.1.2.3/${mask}`), undefined, mask);
	}
	assert.equal(Prefix.tryParse('2001:db8::/255.255.0.0'), undefined);
	assert.equal(Prefix.tryParse('2001:db8::/ffff::'), undefined);
});

test('bad forms are refused, with the good ones named', () => {
	for (const bad of [
		'',
		'/',
		'/8',
		'10.0.0.0',
		'10.0.0.0/',
		'10.0.0.0/33',
		'10.0.0.0/08',
		'10.0.0.0/-1',
		'10.0.0.0/+8',
		'10.0.0.0/8.0',
		'10.0.0.0/1e1',
		'10.0.0.0/0x8',
		'10.0.0.0/ 8',
		'10.0.0.0/8 ',
		'10.0.0.0 /8',
		'10.0.0.0//8',
		'10.0.0.0/8/8',
		'10/8',
		'::/129',
		'::/1000',
		'[::]/0',
		'fe80::1/64%eth0',
		'::ffff:10.0.0.0/255.0.0.0',
	]) {
		assert.equal(Prefix.tryParse(bad), undefined, JSON.stringify(bad));
		assert.throws(
			() => Prefix.parse(bad),
			(error) =>
				error instanceof PostSocketsError && error.code === 'bad-argument' && /192\.0\.2\.0\/24/.test(error.message),
		);
	}
	for (const length of [-1, 33, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
		assert.throws(() => Prefix.of(ip('10.0.0.0'), length), { code: 'bad-argument', message: /0 to 32/ });
	}
	assert.throws(() => Prefix.of(ip('::'), 129), { code: 'bad-argument', message: /0 to 128/ });
});

test('the text is read back, and network and host together are the address', () => {
	fc.assert(
		fc.property(anyPrefix, (it) => {
			assert.deepEqual(prefix(it.toString()), it);
			assert.ok(prefix(it.toString()).equals(it));
			const width = 8 * it.address.bytes.length;
			assert.equal(bitsOf(it.network), bitsOf(it.address).slice(0, it.length).padEnd(width, '0'));
			assert.equal(BigInt(`0b${bitsOf(it.network)}`) + it.host, BigInt(`0b${bitsOf(it.address)}`));
			assert.ok(it.host < it.size);
			assert.ok(it.contains(it.address) && it.contains(it.network));
			if (it.broadcast) assert.equal(bitsOf(it.broadcast), bitsOf(it.address).slice(0, it.length).padEnd(32, '1'));
		}),
		runs,
	);
});

test('contains agrees with a comparison bit by bit and with net.BlockList', () => {
	// An address that leaves the network at a chosen bit, or is far away.
	const pair = fc.oneof(
		fc.tuple(anyPrefix, anyAddress),
		fc.tuple(anyPrefix, fc.nat()).map(([it, seed]): [Prefix, IpAddress] => {
			const { bytes } = it.address;
			const bit = seed % (8 * bytes.length);
			bytes[bit >> 3]! ^= 0x80 >> (bit & 7);
			return [it, IpAddress.from(bytes)];
		}),
	);
	let inside = 0;
	fc.assert(
		fc.property(pair, ([it, address]) => {
			const [a, b] = [bitsOf(it.address), bitsOf(address)];
			const expected = a.length === b.length && a.slice(0, it.length) === b.slice(0, it.length);
			assert.equal(it.contains(address), expected);
			if (expected) inside++;
			if (a.length !== b.length || it.length === 0) return;
			const family = address.family === 4 ? 'ipv4' : 'ipv6';
			const list = new BlockList();
			list.addSubnet(it.network.toString(), it.length, family);
			assert.equal(list.check(address.toString(), family), expected);
		}),
		runs,
	);
	assert.ok(inside > 200, `only ${inside} were inside`);
});

test('no text makes tryParse throw', () => {
	const mutated = fc.tuple(anyPrefix, fc.nat(), fc.constantFrom(...'/.:%0123456789f ')).map(([it, seed, added]) => {
		const whole = it.toString();
		const at = seed % (whole.length + 1);
		return whole.slice(0, at) + added + whole.slice(at + (seed & 1));
	});
	fc.assert(
		fc.property(fc.oneof(fc.string({ unit: 'binary' }), mutated), (any) => {
			const it = Prefix.tryParse(any);
			if (it !== undefined) assert.deepEqual(prefix(it.toString()), it);
		}),
		runs,
	);
});
