import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { offloaded, pseudoSum } from './checksum.ts';
import { ipProtocol } from './ip-protocol.ts';
import * as tcp from './tcp.ts';
import * as tcpOptions from './tcp-options.ts';
import { byte, doubleWord, word } from './wire-arbitraries-harness.ts';
import { codecProperties, hex, plain, toHex, whole } from './wire-harness.ts';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const options: fc.Arbitrary<tcpOptions.TcpOptions> = fc
	.record({
		maximumSegmentSize: optional(word),
		windowScale: optional(byte),
		sackPermitted: optional(fc.constant(true)),
		sack: optional(fc.array(fc.record({ left: doubleWord, right: doubleWord }), { minLength: 1, maxLength: 4 })),
		timestamps: optional(fc.record({ value: doubleWord, echo: doubleWord })),
		unknown: optional(
			fc.array(fc.record({ kind: fc.integer({ min: 9, max: 255 }), data: fc.uint8Array({ maxLength: 8 }) }), {
				minLength: 1,
				maxLength: 3,
			}),
		),
	})
	.filter((it) => tcpOptions.lengthOf(it) <= 40);

codecProperties<tcp.TcpHeader>('tcp', {
	...tcp,
	parse: (bytes, start, end) => tcp.parse(bytes, start, end, offloaded),
	fits: (header) => tcpOptions.lengthOf(header.options) <= 40,
	values: fc.record({
		sourcePort: word,
		destinationPort: word,
		sequence: doubleWord,
		acknowledgment: doubleWord,
		flags: fc.nat(0x1ff),
		window: word,
		urgentPointer: word,
		options,
	}),
});

const read = (text: string) => {
	const bytes = hex(text);
	return plain(tcpOptions.parse(bytes, 0, bytes.length));
};

test('the checksum covers header, payload, addresses and length', () => {
	const [source, destination] = [IpAddress.parse('192.0.2.1'), IpAddress.parse('192.0.2.2')];
	const sum = pseudoSum(source, destination, ipProtocol.tcp);
	const header: tcp.TcpHeader = {
		sourcePort: 1,
		destinationPort: 2,
		sequence: 0xffff_ffff,
		acknowledgment: 0x8000_0000,
		flags: tcp.tcpFlag.ack | tcp.tcpFlag.psh | tcp.tcpFlag.ae,
		window: 0xffff,
		urgentPointer: 0,
		options: tcpOptions.noOptions,
	};
	const bytes = new Uint8Array(23);
	bytes.set(hex('616263'), tcp.emit(header, bytes, 0));
	tcp.seal(bytes, 0, 23, sum);
	const segment = whole(tcp.parse(bytes, 0, 23, sum));
	assert.equal(segment.sequence, 0xffff_ffff);
	assert.equal(segment.flags, 0x118);
	assert.equal(toHex(segment.bytes.subarray(segment.payloadStart, segment.end)), '616263');
	assert.equal(segment.options, tcpOptions.noOptions);
	assert.equal(tcp.parse(bytes, 0, 22, sum), 'checksum');
	assert.equal(tcp.parse(bytes, 0, 23, sum + 1), 'checksum');
	assert.equal(whole(tcp.parse(bytes, 0, 22, offloaded)).payloadLength, 2);
	assert.equal(tcp.parse(bytes.with(12, 0x40), 0, 23, offloaded), 'malformed');
	assert.equal(tcp.parse(bytes.with(12, 0x60), 0, 23, offloaded), 'truncated');
});

test('options in any order and without alignment are read', () => {
	assert.deepEqual(read('080a 00000001 00000002 0101 03 03 07 0204 05b4 0402 00'), {
		maximumSegmentSize: 1460,
		sackPermitted: true,
		timestamps: { echo: 2, value: 1 },
		windowScale: 7,
	});
});

test('an option whose length cannot be ends the list, and what came before it counts', () => {
	for (const bad of ['0500', '0501', '05', '05ff', '080a0000']) {
		assert.deepEqual(read(`020405b4 ${bad}`), { maximumSegmentSize: 1460 });
	}
	assert.deepEqual(read('00 020405b4'), {});
});

test('a known option of another length is kept as unknown, and so is what is new', () => {
	assert.deepEqual(read('0203ff 0402 220a 0102030405060708'), {
		sackPermitted: true,
		unknown: [
			{ data: 'ff', kind: 2 },
			{ data: '0102030405060708', kind: 34 },
		],
	});
});

test('four SACK blocks leave no room for timestamps', () => {
	const sack = new Array(4).fill({ left: 1, right: 2 });
	assert.equal(tcpOptions.lengthOf({ sack }), 36);
	const out = new Uint8Array(60);
	assert.throws(() => tcpOptions.emit({ sack, timestamps: { value: 1, echo: 2 } }, out, 0), { code: 'bad-argument' });
	assert.equal(tcpOptions.emit({ sack: sack.slice(1), timestamps: { value: 1, echo: 2 } }, out, 0), 40);
});
