import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MacAddress } from '../base/mac-address.ts';
import * as ethernet from './ethernet.ts';
import { mac, word } from './wire-arbitraries-harness.ts';
import { codecProperties, emitted, hex, toHex, whole } from './wire-harness.ts';

const header = {
	destination: MacAddress.broadcast,
	source: MacAddress.parse('02:00:00:00:00:01'),
	type: ethernet.etherType.arp,
};

codecProperties<ethernet.EthernetHeader>('ethernet', {
	...ethernet,
	values: fc.record({ destination: mac, source: mac, type: word }),
});

test('a frame is destination, source, type, payload', () => {
	assert.equal(toHex(emitted(ethernet, header)), 'ffffffffffff0200000000010806');
	const frame = whole(ethernet.parse(hex('ffffffffffff 020000000001 0806 abcd')));
	assert.equal(String(frame.source), '02:00:00:00:00:01');
	assert.deepEqual([frame.payloadStart, frame.end], [14, 16]);
});

test('a check sequence is verified and left out of the payload', () => {
	const request = hex('ffffffffffff0200000000010806 0001080006040001 020000000001 c0000201 000000000000 c0000202');
	const frame = new Uint8Array(64);
	frame.set(request);
	assert.equal(ethernet.seal(frame, 0, 60), 64);
	// What zlib computes for this request for an address, padded to 60 bytes.
	assert.equal(toHex(frame.subarray(60)), '51a78d1c');
	assert.equal(whole(ethernet.parse(frame, 0, 64, 'checked')).end, 60);
	for (let bit = 0; bit < 8 * 64; bit += 1) {
		frame[bit >> 3]! ^= 1 << (bit & 7);
		assert.equal(ethernet.parse(frame, 0, 64, 'checked'), 'checksum');
		frame[bit >> 3]! ^= 1 << (bit & 7);
	}
	assert.equal(ethernet.parse(frame, 0, 17, 'checked'), 'truncated');
	assert.throws(() => ethernet.seal(frame, 0, 61), { code: 'bad-argument' });
});
