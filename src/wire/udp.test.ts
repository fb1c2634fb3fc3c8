import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { offloaded, pseudoSum } from './checksum.ts';
import { ipProtocol } from './ip-protocol.ts';
import * as udp from './udp.ts';
import { word } from './wire-arbitraries-harness.ts';
import { codecProperties, whole } from './wire-harness.ts';

codecProperties<udp.UdpHeader>('udp', {
	...udp,
	parse: (bytes, start, end) => udp.parse(bytes, start, end, offloaded, 6),
	values: fc.record({ sourcePort: word, destinationPort: word, payloadLength: fc.nat(200) }),
	payloadOf: (header) => header.payloadLength,
});

const sum = pseudoSum(IpAddress.parse('192.0.2.1'), IpAddress.parse('192.0.2.2'), ipProtocol.udp);

/** A datagram of two bytes of payload; padding lies behind it. */
function datagram(payload: number): Uint8Array {
	const bytes = new Uint8Array(16).fill(0x77);
	const at = udp.emit({ sourcePort: 1, destinationPort: 2, payloadLength: 2 }, bytes, 0);
	bytes.set([payload >> 8, payload & 0xff], at);
	return bytes;
}

test('a sealed datagram is whole, and what a link padded it with is left out', () => {
	const bytes = datagram(0x1234);
	udp.seal(bytes, 0, 10, sum);
	const header = whole(udp.parse(bytes, 0, 16, sum, 4));
	assert.deepEqual([header.payloadStart, header.end], [8, 10]);
	assert.equal(udp.parse(bytes, 0, 16, sum + 1, 4), 'checksum');
});

test('no checksum is accepted over IPv4 and refused over IPv6, unless the link vouches', () => {
	const bytes = datagram(0x1234);
	assert.equal(whole(udp.parse(bytes, 0, 16, sum, 4)).payloadLength, 2);
	assert.equal(udp.parse(bytes, 0, 16, sum, 6), 'checksum');
	assert.equal(whole(udp.parse(bytes, 0, 16, offloaded, 6)).payloadLength, 2);
});

test('a checksum that comes out as zero is sent as all ones', () => {
	const seen = new Set<number>();
	for (let payload = 0; payload <= 0xffff; payload += 1) {
		const bytes = datagram(payload);
		udp.seal(bytes, 0, 10, sum);
		const checksum = (bytes[6]! << 8) | bytes[7]!;
		assert.notEqual(checksum, 0);
		if (checksum === 0xffff) seen.add(payload);
		assert.ok(typeof udp.parse(bytes, 0, 10, sum, 6) === 'object');
	}
	assert.equal(seen.size, 1);
});

test('a length below the header is malformed, one beyond the packet truncated', () => {
	assert.equal(udp.parse(datagram(0).with(5, 7), 0, 16, sum, 4), 'malformed');
	assert.equal(udp.parse(datagram(0).with(5, 17), 0, 16, sum, 4), 'truncated');
	assert.throws(() => udp.emit({ sourcePort: 1, destinationPort: 2, payloadLength: 65_528 }, new Uint8Array(8), 0), {
		code: 'bad-argument',
	});
});
