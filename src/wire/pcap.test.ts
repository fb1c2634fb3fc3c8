import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CapturedPacket, type CaptureInterface, linkType } from './capture.ts';
import * as pcap from './pcap.ts';
import * as pcapng from './pcapng.ts';
import { some } from './wire-arbitraries-harness.ts';
import { hex, plain, toHex, whole } from './wire-harness.ts';

const time = 1_700_000_000_123_456_789n;
const packet: CapturedPacket = { time, interface: 0, bytes: hex('4500'), originalLength: 60 };

const packets = (interfaces: number) =>
	fc.array(
		fc.record({
			time: fc.bigInt({ min: 0n, max: (1n << 32n) * 1_000_000_000n - 1n }),
			interface: fc.nat(interfaces - 1),
			bytes: some,
			originalLength: fc.nat(65_535),
		}),
		{ maxLength: 8 },
	);

function pcapFile(list: readonly CapturedPacket[]): Uint8Array {
	const out = new Uint8Array(list.reduce((sum, one) => sum + pcap.lengthOf(one), pcap.lengthOfHeader()));
	let at = pcap.emitHeader({ linkType: linkType.ethernet, snapLength: 65_535 }, out, 0);
	for (const one of list) at = pcap.emit(one, out, at);
	assert.equal(at, out.length);
	return out;
}

function pcapngFile(interfaces: readonly CaptureInterface[], list: readonly CapturedPacket[]): Uint8Array {
	const descriptions = interfaces.reduce((sum, one) => sum + pcapng.lengthOfInterface(one), 0);
	const bodies = list.reduce((sum, one) => sum + pcapng.lengthOf(one), 0);
	const out = new Uint8Array(pcapng.lengthOfHeader() + descriptions + bodies).fill(0xa5);
	let at = pcapng.emitHeader(out, 0);
	for (const one of interfaces) at = pcapng.emitInterface(one, out, at);
	for (const one of list) at = pcapng.emit(one, out, at);
	assert.equal(at, out.length);
	return out;
}

test('a pcap file, byte for byte', () => {
	assert.equal(
		toHex(pcapFile([packet])),
		'a1b23c4d00020004' + '0000000000000000' + '0000ffff00000001' + '6553f100075bcd15' + '000000020000003c' + '4500',
	);
});

test('a pcapng file, byte for byte', () => {
	const file = pcapngFile([{ linkType: linkType.raw, snapLength: 0, name: 'eth0' }], [packet]);
	const blocks = [
		'0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c',
		'00000001 00000028 0065 0000 00000000 0002 0004 65746830 0009 0001 09000000 00000000 00000028',
		'00000006 00000024 00000000 17979cfe 3d85cd15 00000002 0000003c 4500 0000 00000024',
	];
	assert.equal(toHex(file), toHex(hex(blocks.join(''))));
});

test('captures are read back, nanoseconds and names included', () => {
	const interfaces = [
		{ linkType: linkType.ethernet, snapLength: 262_144, name: 'eth0' },
		{ linkType: linkType.raw, snapLength: 0, name: '' },
		{ linkType: linkType.raw, snapLength: 96, name: 'wän' },
	];
	fc.assert(
		fc.property(packets(3), (list) => {
			const capture = whole(pcapng.parse(pcapngFile(interfaces, list)));
			assert.deepEqual(plain(capture.packets), plain(list));
			assert.deepEqual(capture.interfaces, interfaces);
			assert.equal(capture.flaw, undefined);
		}),
	);
	fc.assert(
		fc.property(packets(1), (list) => {
			const capture = whole(pcap.parse(pcapFile(list)));
			assert.deepEqual(plain(capture.packets), plain(list));
			assert.equal(capture.flaw, undefined);
		}),
	);
});

test('a file cut off gives the packets that are whole, and says so', () => {
	const list = [packet, { ...packet, bytes: hex('600000') }];
	const check = (file: Uint8Array, ends: readonly number[], parse: typeof pcap.parse, head: number) => {
		for (let length = 0; length < file.length; length += 1) {
			const capture = parse(file.slice(0, length));
			if (length < head) {
				assert.ok(capture === 'truncated' || whole(capture).packets.length === 0);
				continue;
			}
			const { packets, flaw } = whole(capture);
			assert.equal(packets.length, ends.filter((end) => end <= length).length);
			assert.equal(flaw, ends.includes(length) || length === head ? undefined : 'truncated');
		}
	};
	check(pcapFile(list), [42, 61], pcap.parse, 24);
	const interfaces = [{ linkType: 1, snapLength: 0, name: '' }];
	check(pcapngFile(interfaces, list), [28 + 32 + 36, 28 + 32 + 72], pcapng.parse, 28 + 32);
});

test('microseconds and little-endian files are read', () => {
	const header = 'd4c3b2a1 02000400 00000000 00000000 ffff0000 01000000';
	const capture = whole(pcap.parse(hex(`${header} 01000000 02000000 01000000 3c000000 45`)));
	assert.deepEqual(plain(capture.packets), [{ bytes: '45', interface: 0, originalLength: 60, time: 1_000_002_000n }]);
	assert.equal(capture.interfaces[0]!.snapLength, 65_535);
	const nanoseconds = whole(pcap.parse(hex(`4d3cb2a1${header.slice(8)} 01000000 02000000 00000000 00000000`)));
	assert.equal(nanoseconds.packets[0]!.time, 1_000_000_002n);
	assert.equal(pcap.parse(hex(header).with(0, 1)), 'unsupported');
	assert.equal(pcap.parse(hex(header).with(4, 3)), 'unsupported');
});

test('little-endian sections, other resolutions, simple packets and unknown blocks are read', () => {
	const file = hex(
		'0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000' +
			// In 2⁻¹⁰ seconds, an hour later than it says.
			'01000000 2c000000 0100 0000 04000000 0900 0100 8a000000 0e00 0800 100e000000000000 00000000 2c000000' +
			'01000000 14000000 6500 0000 00000000 14000000' +
			'0b000000 0c000000 0c000000' +
			'06000000 24000000 00000000 00000000 00020000 02000000 02000000 aabb0000 24000000' +
			'06000000 24000000 01000000 00000000 40420f00 01000000 01000000 cc000000 24000000' +
			'03000000 14000000 09000000 01020304 14000000' +
			'0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c' +
			'00000001 00000014 0001 0000 00000000 00000014' +
			'00000006 00000020 00000000 00000000 00000001 00000000 00000000 00000020',
	);
	const capture = whole(pcapng.parse(file));
	assert.equal(capture.flaw, undefined);
	assert.deepEqual(
		capture.interfaces.map((one) => one.linkType),
		[1, 101, 1],
	);
	assert.deepEqual(plain(capture.packets), [
		{ bytes: 'aabb', interface: 0, originalLength: 2, time: 3_600_500_000_000n },
		{ bytes: 'cc', interface: 1, originalLength: 1, time: 1_000_000_000n },
		{ bytes: '01020304', interface: 0, originalLength: 9, time: 0n },
		{ bytes: '', interface: 2, originalLength: 0, time: 1000n },
	]);
});

test('blocks that contradict themselves end a capture as malformed', () => {
	const whole = pcapngFile([{ linkType: 1, snapLength: 0, name: '' }], [packet]);
	const flawOf = (at: number, byte: number) => {
		const capture = pcapng.parse(whole.with(at, byte));
		return typeof capture === 'string' ? capture : capture.flaw;
	};
	assert.equal(flawOf(35, 11), 'malformed', 'a length that is no multiple of four');
	assert.equal(flawOf(59, 0), 'malformed', 'two lengths');
	assert.equal(flawOf(71, 1), 'malformed', 'an interface that was not described');
	assert.equal(flawOf(83, 9), 'malformed', 'more bytes than the block has');
	assert.equal(flawOf(13, 2), 'unsupported', 'another version');
	assert.equal(flawOf(8, 2), 'unsupported', 'no byte order');
	assert.equal(flawOf(0, 1), 'unsupported', 'no section');
});

test('any bytes give a capture or a flaw, and packets lie within the file', () => {
	const files = fc.oneof(
		fc.uint8Array({ maxLength: 100 }),
		packets(1).map(pcapFile),
		packets(2).map((list) =>
			pcapngFile(
				[
					{ linkType: 1, snapLength: 0, name: 'a' },
					{ linkType: 1, snapLength: 4, name: '' },
				],
				list,
			),
		),
	);
	const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 });
	fc.assert(
		fc.property(files, changes, (file, list) => {
			for (const [at, byte] of list) if (file.length > 0) file[at % file.length] = byte;
			for (const parse of [pcap.parse, pcapng.parse]) {
				const capture = parse(file);
				if (typeof capture === 'string') continue;
				assert.ok(capture.packets.reduce((sum, { bytes }) => sum + bytes.length, 0) <= file.length);
				for (const one of capture.packets) assert.ok(capture.interfaces[one.interface] !== undefined);
			}
		}),
		{ numRuns: 5_000 },
	);
});
