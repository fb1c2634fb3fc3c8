import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { offloaded, pseudoSum } from './checksum.ts';
import * as ipv4 from './ipv4.ts';
import { bit, byte, ip4, multiple, word } from './wire-arbitraries-harness.ts';
import { codecProperties, emitted, hex, toHex, whole } from './wire-harness.ts';

codecProperties<ipv4.Ipv4Header>('ipv4', {
	...ipv4,
	parse: (bytes, start, end) => ipv4.parse(bytes, start, end, offloaded),
	values: fc.record({
		source: ip4,
		destination: ip4,
		protocol: byte,
		hopLimit: byte,
		dscp: fc.nat(63),
		ecn: fc.nat(3),
		identification: word,
		dontFragment: bit,
		moreFragments: bit,
		fragmentOffset: fc.nat(0x1fff).map((units) => 8 * units),
		options: multiple(4, 0, 10),
		payloadLength: fc.nat(200),
	}),
	payloadOf: (header) => header.payloadLength,
});

/** The header that textbooks take as their example: 192.168.0.1 to 192.168.0.199, UDP, checksum b861. */
const textbook = hex('4500 0073 0000 4000 4011 b861 c0a80001 c0a800c7');

function packet(): Uint8Array {
	const bytes = new Uint8Array(0x73 + 3);
	bytes.set(textbook);
	return bytes;
}

test('the textbook header is read and written', () => {
	const header = whole(ipv4.parse(packet()));
	assert.equal(String(header.source), '192.168.0.1');
	assert.equal(String(header.destination), '192.168.0.199');
	assert.equal(header.protocol, 17);
	assert.equal(header.hopLimit, 64);
	assert.equal(header.dontFragment, true);
	assert.equal(header.isFragment, false);
	assert.deepEqual([header.payloadStart, header.payloadLength, header.end], [20, 95, 115]);
	assert.equal(header.pseudoSum(17), pseudoSum(header.source, header.destination, 17));
	assert.ok(header.source.equalsAt(header.bytes, header.sourceAt));
	assert.equal(toHex(emitted(ipv4, header)), toHex(textbook));
});

test('a wrong checksum is a flaw unless the link vouches', () => {
	const bytes = packet();
	bytes[8]! -= 1;
	assert.equal(ipv4.parse(bytes), 'checksum');
	assert.equal(whole(ipv4.parse(bytes, 0, bytes.length, offloaded)).hopLimit, 63);
});

test('lengths that cannot be are malformed, another version is unsupported', () => {
	const change = (at: number, value: number) => {
		const bytes = packet();
		bytes[at] = value;
		return ipv4.parse(bytes, 0, bytes.length, offloaded);
	};
	assert.equal(change(0, 0x44), 'malformed');
	assert.equal(change(3, 19), 'malformed');
	assert.equal(change(3, 0x77), 'truncated');
	assert.equal(change(0, 0x65), 'unsupported');
});

test('fragments say where they belong, and options are padded', () => {
	const value: ipv4.Ipv4Header = {
		source: IpAddress.parse('192.0.2.1'),
		destination: IpAddress.parse('192.0.2.2'),
		protocol: 17,
		hopLimit: 64,
		dscp: 46,
		ecn: 1,
		identification: 0xbeef,
		dontFragment: false,
		moreFragments: true,
		fragmentOffset: 1480,
		options: hex('940400'),
		payloadLength: 8,
	};
	const bytes = new Uint8Array(32);
	assert.equal(ipv4.emit(value, bytes, 0), 24);
	assert.equal(toHex(bytes.subarray(0, 10)), '46b90020beef20b94011');
	assert.equal(toHex(bytes.subarray(20, 24)), '94040000');
	const header = whole(ipv4.parse(bytes));
	assert.ok(header.isFragment && header.moreFragments);
	assert.equal(header.fragmentOffset, 1480);
	assert.throws(() => ipv4.emit({ ...value, options: new Uint8Array(41) }, new Uint8Array(99), 0), {
		code: 'bad-argument',
	});
	assert.throws(() => ipv4.emit({ ...value, payloadLength: 65_512 }, new Uint8Array(99), 0), { code: 'bad-argument' });
});
