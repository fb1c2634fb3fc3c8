import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { offloaded } from './checksum.ts';
import * as igmp from './igmp.ts';
import { decodeTime, encodeTime } from './membership.ts';
import { bit, ip4 } from './wire-arbitraries-harness.ts';
import { codecProperties, emitted, hex, plain, toHex } from './wire-harness.ts';

codecProperties<igmp.IgmpMessage>('igmp', {
	...igmp,
	parse: (bytes, start, end) => igmp.parse(bytes, start, end, offloaded),
	openEnded: true,
	values: fc.oneof(
		fc.record({
			kind: fc.constant('query' as const),
			maxResponseTime: fc.nat(127).map((tenths) => 100 * tenths),
			group: ip4,
			details: fc.option(
				fc.record({
					suppress: bit,
					robustness: fc.nat(7),
					interval: fc.nat(127),
					sources: fc.array(ip4, { maxLength: 3 }),
				}),
				{ nil: undefined },
			),
		}),
		fc.record({ kind: fc.constantFrom('report-1' as const, 'report-2' as const, 'leave' as const), group: ip4 }),
		fc.record({
			kind: fc.constant('records' as const),
			records: fc.array(
				fc.record({
					type: fc.constantFrom('include' as const, 'exclude' as const, 'allow' as const, 'block' as const),
					group: ip4,
					sources: fc.array(ip4, { maxLength: 3 }),
				}),
				{ maxLength: 4 },
			),
		}),
	),
});

test('the general queries of the three versions', () => {
	const query = { kind: 'query' as const, maxResponseTime: 10_000, group: IpAddress.any4 };
	const details = { suppress: false, robustness: 2, interval: 125, sources: [] };
	assert.equal(toHex(emitted(igmp, { ...query, maxResponseTime: 0, details: undefined })), '1100eeff00000000');
	assert.equal(toHex(emitted(igmp, { ...query, details: undefined })), '1164ee9b00000000');
	assert.equal(toHex(emitted(igmp, { ...query, details })), '1164ec1e00000000027d0000');
});

test('records of unknown types and auxiliary data are passed over (RFC 3376 §4.2)', () => {
	const report = hex(
		'2200 0000 0000 0003  0900 0000 e0000009  0401 0000 ef010101 aabbccdd  0600 0001 ef010102 c0000201',
	);
	assert.deepEqual(plain(igmp.parse(report, 0, report.length, offloaded)), {
		kind: 'records',
		records: [
			{ group: '239.1.1.1', sources: [], type: 'to-exclude' },
			{ group: '239.1.1.2', sources: ['192.0.2.1'], type: 'block' },
		],
	});
	assert.equal(igmp.parse(report.with(7, 4), 0, report.length, offloaded), 'truncated');
	assert.equal(igmp.parse(hex('13000000e0000001'), 0, 8, offloaded), 'unsupported');
	assert.equal(igmp.parse(hex('1164ee9c00000000')), 'checksum');
});

test('every code stands for a time, which is told by the same code; others are rounded down', () => {
	for (const [width, last, largest] of [
		[8, 0xff, 31_744],
		[16, 0xffff, 8_387_584],
	] as const) {
		for (let code = 0; code <= last; code += 1) {
			assert.equal(encodeTime(decodeTime(code, width), width), code);
			if (code > 0) assert.equal(encodeTime(decodeTime(code, width) - 1, width), code - 1);
		}
		assert.equal(decodeTime(last, width), largest);
		assert.equal(encodeTime(largest * 9, width), last);
	}
});
