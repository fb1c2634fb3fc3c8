import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeTcpInfo, tcpInfoLength } from './tcp-info.ts';

/** What a Linux 6.18 on x86-64 gave, after 300,000 bytes over the loopback; lost and total_retrans made 2 and 7. */
const given = new Uint8Array(
	Buffer.from(
		[
			'010000000007aa00e01c03000000000000d60000180200000000000000000000',
			'020000000000000000000000c800000000000000c8000000c8000000ffff0000',
			'd7ff0000d202000029010000ffffff7f12000000cbff00000300000000000000',
			'd7ff0000070000004624c85f0a000000ffffffffffffffffe193040000000000',
			'00000000000000000b0000000800000010270000050000000000000009000000',
			'0080138d02000000',
		].join(''),
		'hex',
	),
);

const metrics = {
	roundTrip: 0.722,
	roundTripVariation: 0.297,
	pathMtu: 65_535,
	maxSegmentSize: 54_784,
	retransmissions: 7,
	lost: 2,
	congestionWindow: 18 * 54_784,
	unacknowledged: 2_000,
	notSent: 10_000,
	bytesAcked: 300_001,
	deliveryRate: 10_956_800_000 * 8,
};

test('a tcp_info is read, also one that has grown, and one inside a larger buffer', () => {
	assert.equal(given.length, tcpInfoLength);
	assert.deepEqual(decodeTcpInfo(given, 12_000, true), metrics);
	const longer = new Uint8Array(300);
	longer.set(given, 3);
	assert.deepEqual(decodeTcpInfo(longer.subarray(3), 12_000, true), metrics);
});

test('the other byte order', () => {
	const swapped = given.slice();
	for (let offset = 8; offset < 104; offset += 4) swapped.subarray(offset, offset + 4).reverse();
	for (const offset of [120, 160]) swapped.subarray(offset, offset + 8).reverse();
	for (const offset of [136, 140, 144]) swapped.subarray(offset, offset + 4).reverse();
	assert.deepEqual(decodeTcpInfo(swapped, 12_000, false), metrics);
});

test('an older kernel gives less: what it does not have is undefined', () => {
	const { roundTrip, roundTripVariation, pathMtu, maxSegmentSize, retransmissions, lost, congestionWindow } = metrics;
	// Linux 2.6 to 3.14.
	assert.deepEqual(decodeTcpInfo(given.subarray(0, 104), 12_000, true), {
		roundTrip,
		roundTripVariation,
		pathMtu,
		maxSegmentSize,
		retransmissions,
		lost,
		congestionWindow,
		unacknowledged: undefined,
		notSent: undefined,
		bytesAcked: undefined,
		deliveryRate: undefined,
	});
});

test('without a sample there is no time and no rate', () => {
	const fresh = given.slice();
	fresh.fill(0, 68, 72).fill(0, 160);
	const { roundTrip, roundTripVariation, deliveryRate } = decodeTcpInfo(fresh, 0, true);
	assert.deepEqual([roundTrip, roundTripVariation, deliveryRate], [undefined, undefined, undefined]);
});

test('bytes under way are unknown without the queue, and never negative', () => {
	assert.equal(decodeTcpInfo(given, undefined, true).unacknowledged, undefined);
	assert.equal(decodeTcpInfo(given, 9_999, true).unacknowledged, 0);
});

test('whatever bytes there are, each figure is a number from 0 or undefined', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 400 }), fc.option(fc.nat(), { nil: undefined }), (bytes, outgoing) => {
			for (const value of Object.values(decodeTcpInfo(bytes, outgoing))) {
				assert.ok(value === undefined || (Number.isFinite(value) && value >= 0));
			}
		}),
	);
});
