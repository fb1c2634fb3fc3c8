/** The older format of captures, one interface, with nanoseconds when written. draft-ietf-opsawg-pcap */

import type { Capture, CapturedPacket, CaptureInterface } from './capture.ts';
import { type Flaw, reserve } from './codec.ts';

export type PcapHeader = Omit<CaptureInterface, 'name'>;

export type PcapRecord = Omit<CapturedPacket, 'interface'>;

/** Any byte order, microseconds or nanoseconds. A file cut off in the middle gives the packets that are whole. */
export function parse(file: Uint8Array): Capture | Flaw {
	if (file.length < headerLength) return 'truncated';
	const view = new DataView(file.buffer, file.byteOffset, file.length);
	const littleEndian = view.getUint8(0) !== 0xa1;
	const magic = view.getUint32(0, littleEndian);
	if (magic !== microseconds && magic !== nanoseconds) return 'unsupported';
	if (view.getUint16(4, littleEndian) !== 2) return 'unsupported';
	const unit = magic === nanoseconds ? 1n : 1000n;
	const snapLength = view.getUint32(16, littleEndian);
	// The upper half may say how long a check sequence is.
	const linkType = view.getUint32(20, littleEndian) & 0xffff;
	const packets: CapturedPacket[] = [];
	let at = headerLength;
	while (file.length - at >= recordHeaderLength) {
		const length = view.getUint32(at + 8, littleEndian);
		const start = at + recordHeaderLength;
		if (file.length - start < length) break;
		packets.push({
			time: BigInt(view.getUint32(at, littleEndian)) * second + BigInt(view.getUint32(at + 4, littleEndian)) * unit,
			interface: 0,
			bytes: file.subarray(start, start + length),
			originalLength: view.getUint32(at + 12, littleEndian),
		});
		at = start + length;
	}
	const flaw = at === file.length ? undefined : 'truncated';
	return { interfaces: [{ linkType, snapLength, name: '' }], packets, flaw };
}

export function lengthOfHeader(): number {
	return headerLength;
}

/** What a file begins with. */
export function emitHeader(header: PcapHeader, out: Uint8Array, offset: number): number {
	const end = reserve(out, offset, headerLength);
	const view = new DataView(out.buffer, out.byteOffset + offset, headerLength);
	view.setUint32(0, nanoseconds);
	view.setUint16(4, 2);
	view.setUint16(6, 4);
	view.setUint32(8, 0);
	view.setUint32(12, 0);
	view.setUint32(16, header.snapLength || unlimited);
	view.setUint32(20, header.linkType);
	return end;
}

export function lengthOf(record: Pick<PcapRecord, 'bytes'>): number {
	return recordHeaderLength + record.bytes.length;
}

/** One packet; the format ends in 2106. */
export function emit(record: PcapRecord, out: Uint8Array, offset: number): number {
	const { time, bytes } = record;
	const end = reserve(out, offset, lengthOf(record));
	const view = new DataView(out.buffer, out.byteOffset + offset, recordHeaderLength);
	view.setUint32(0, Number(BigInt.asUintN(32, time / second)));
	view.setUint32(4, Number(time % second));
	view.setUint32(8, bytes.length);
	view.setUint32(12, record.originalLength);
	out.set(bytes, offset + recordHeaderLength);
	return end;
}

const headerLength = 24;
const recordHeaderLength = 16;
const microseconds = 0xa1b2_c3d4;
const nanoseconds = 0xa1b2_3c4d;
const second = 1_000_000_000n;
/** Readers take 0 for a mistake; this is the largest that they all take. */
const unlimited = 262_144;
