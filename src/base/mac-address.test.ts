import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MacAddress } from './mac-address.ts';

test('both ways of writing it are read, and one is written', () => {
	for (const text of ['02:00:5e:10:00:0a', '02-00-5E-10-00-0A']) {
		const address = MacAddress.parse(text);
		assert.equal(String(address), '02:00:5e:10:00:0a');
		assert.equal(JSON.stringify([address]), '["02:00:5e:10:00:0a"]');
		assert.deepEqual(address.bytes, Uint8Array.of(2, 0, 0x5e, 0x10, 0, 10));
	}
});

test('other forms are refused, with a good one named', () => {
	for (const bad of [
		'',
		'02:00:5e:10:00',
		'02:00:5e:10:00:01:02',
		'02:00:5e:10:00-01',
		'2:0:5e:10:0:1',
		'02005e100001',
		'0200.5e10.0001',
		'02:00:5e:10:00:0g',
		' 02:00:5e:10:00:01',
		'02:00:5e:10:00:01\n',
	]) {
		assert.equal(MacAddress.tryParse(bad), undefined, bad);
		assert.throws(() => MacAddress.parse(bad), { code: 'bad-argument', message: /02:00:5e:10:00:01/ });
	}
	assert.throws(() => MacAddress.from(new Uint8Array(5)), { code: 'bad-argument' });
});

test('the two bits of the first octet', () => {
	const bits = (text: string) => [MacAddress.parse(text).isMulticast, MacAddress.parse(text).isLocal];
	assert.deepEqual(bits('00:00:5e:00:00:01'), [false, false]);
	assert.deepEqual(bits('02:00:00:00:00:01'), [false, true]);
	assert.deepEqual(bits('01:00:5e:00:00:01'), [true, false]);
	assert.deepEqual(bits('ff:ff:ff:ff:ff:ff'), [true, true]);
	assert.ok(MacAddress.broadcast.isMulticast);
	assert.ok(!MacAddress.zero.isMulticast);
});

test('bytes are copied in and out, and the text is read back', () => {
	fc.assert(
		fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.nat(6), (frame, offset) => {
			const address = MacAddress.at(frame, offset);
			assert.ok(address.equalsAt(frame, offset));
			const octets = frame.slice(offset, offset + 6);
			frame.fill(0x55);
			assert.deepEqual(address.bytes, octets);
			address.bytes.fill(0);
			address.copyTo(frame, offset);
			assert.deepEqual(frame.slice(offset, offset + 6), octets);
			assert.ok(MacAddress.parse(String(address)).equals(address));
			assert.ok(!MacAddress.from(octets.with(5, octets[5]! ^ 1)).equals(address));
		}),
	);
});
