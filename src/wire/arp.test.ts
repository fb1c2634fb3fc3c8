import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { MacAddress } from '../base/mac-address.ts';
import * as arp from './arp.ts';
import { ip4, mac } from './wire-arbitraries-harness.ts';
import { codecProperties, emitted, hex, toHex } from './wire-harness.ts';

codecProperties<arp.ArpPacket>('arp', {
	...arp,
	values: fc.record({
		operation: fc.constantFrom('request' as const, 'reply' as const),
		senderHardware: mac,
		senderAddress: ip4,
		targetHardware: mac,
		targetAddress: ip4,
	}),
});

test('who has 192.0.2.2, tell 192.0.2.1', () => {
	const request: arp.ArpPacket = {
		operation: 'request',
		senderHardware: MacAddress.parse('02:00:00:00:00:01'),
		senderAddress: IpAddress.parse('192.0.2.1'),
		targetHardware: MacAddress.zero,
		targetAddress: IpAddress.parse('192.0.2.2'),
	};
	const bytes = hex('0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202');
	assert.equal(toHex(emitted(arp, request)), toHex(bytes));
	assert.deepEqual(arp.parse(bytes), request);
	// The padding of a short frame lies behind.
	const padded = new Uint8Array(46);
	padded.set(bytes);
	assert.deepEqual(arp.parse(padded), request);
});

test('other hardware, protocols and operations are unsupported, other lengths malformed', () => {
	const change = (at: number, byte: number) => {
		const bytes = hex('0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202');
		bytes[at] = byte;
		return arp.parse(bytes);
	};
	assert.equal(change(1, 6), 'unsupported');
	assert.equal(change(2, 0x86), 'unsupported');
	assert.equal(change(7, 8), 'unsupported');
	assert.equal(change(4, 8), 'malformed');
});
