/** The newer format of captures, of several named interfaces, in nanoseconds. draft-ietf-opsawg-pcapng */

import { badArgument } from '../base/errors.ts';
import type { Capture, CapturedPacket, CaptureInterface } from './capture.ts';
import { type Flaw, reserve } from './codec.ts';

/**
 * Sections of any byte order, clocks of any resolution; blocks that are not known are passed over. Indices of interfaces
 * go on from one section to the next. A file cut off in the middle gives the packets that are whole.
 */
export function parse(file: Uint8Array): Capture | Flaw {
	if (file.length < 12) return 'truncated';
	const view = new DataView(file.buffer, file.byteOffset, file.length);
	if (view.getUint32(0) !== blockType.section) return 'unsupported';
	const reader = new Reader(file, view);
	const flaw = reader.read();
	return { interfaces: reader.interfaces, packets: reader.packets, flaw };
}

/** The block that a file begins with. */
export function lengthOfHeader(): number {
	return sectionLength;
}

export function emitHeader(out: Uint8Array, offset: number): number {
	const end = reserve(out, offset, sectionLength);
	const view = block(out, offset, blockType.section, sectionLength);
	view.setUint32(8, byteOrderMagic);
	view.setUint16(12, 1);
	view.setUint16(14, 0);
	// The length of the section is not known when it begins.
	view.setBigInt64(16, -1n);
	return end;
}

export function lengthOfInterface({ name }: Pick<CaptureInterface, 'name'>): number {
	const bytes = new TextEncoder().encode(name).length;
	return 20 + (bytes === 0 ? 0 : 4 + padded(bytes)) + 8 + 4;
}

/** The block that a packet's `interface` counts; it stands before the first packet that does. */
export function emitInterface(description: CaptureInterface, out: Uint8Array, offset: number): number {
	const length = lengthOfInterface(description);
	const end = reserve(out, offset, length);
	const name = new TextEncoder().encode(description.name);
	if (name.length > 0xffff) throw badArgument(`the name of an interface is too long: ${name.length} bytes`);
	out.fill(0, offset, end);
	const view = block(out, offset, blockType.interface, length);
	view.setUint16(8, description.linkType);
	view.setUint32(12, description.snapLength);
	let at = 16;
	if (name.length > 0) {
		view.setUint16(at, optionCode.name);
		view.setUint16(at + 2, name.length);
		out.set(name, offset + at + 4);
		at += 4 + padded(name.length);
	}
	view.setUint16(at, optionCode.resolution);
	view.setUint16(at + 2, 1);
	view.setUint8(at + 4, 9);
	return end;
}

export function lengthOf({ bytes }: Pick<CapturedPacket, 'bytes'>): number {
	return packetLength + padded(bytes.length);
}

/** One packet. */
export function emit(packet: CapturedPacket, out: Uint8Array, offset: number): number {
	const { bytes } = packet;
	const length = lengthOf(packet);
	const end = reserve(out, offset, length);
	const view = block(out, offset, blockType.packet, length);
	view.setUint32(8, packet.interface);
	view.setBigUint64(12, packet.time);
	view.setUint32(20, bytes.length);
	view.setUint32(24, packet.originalLength);
	out.set(bytes, offset + 28);
	out.fill(0, offset + 28 + bytes.length, end - 4);
	return end;
}

const blockType = { section: 0x0a0d_0d0a, interface: 1, simplePacket: 3, packet: 6 } as const;
const optionCode = { end: 0, name: 2, resolution: 9, offset: 14 } as const;
const byteOrderMagic = 0x1a2b_3c4d;
const sectionLength = 28;
/** Without the bytes of the packet and its padding. */
const packetLength = 32;
const second = 1_000_000_000n;

/** How an interface of the present section counts time, and where it stands in the capture. */
interface Timing {
	readonly index: number;
	readonly ticksPerSecond: bigint;
	/** Nanoseconds. */
	readonly offset: bigint;
}

class Reader {
	readonly interfaces: CaptureInterface[] = [];
	readonly packets: CapturedPacket[] = [];
	readonly #file: Uint8Array;
	readonly #view: DataView;
	#littleEndian = false;
	#section: Timing[] = [];

	constructor(file: Uint8Array, view: DataView) {
		this.#file = file;
		this.#view = view;
	}

	/** Why it ended; undefined at the end of the file. */
	read(): Flaw | undefined {
		let at = 0;
		while (at < this.#file.length) {
			if (this.#file.length - at < 12) return 'truncated';
			const section = this.#view.getUint32(at) === blockType.section;
			if (section && !this.#begin(at)) return 'unsupported';
			const length = this.#uint32(at + 4);
			if (length < 12 || length % 4 !== 0) return 'malformed';
			if (length > this.#file.length - at) return 'truncated';
			if (this.#uint32(at + length - 4) !== length) return 'malformed';
			const whole = section || this.#block(this.#uint32(at), at + 8, at + length - 4);
			if (!whole) return 'malformed';
			at += length;
		}
		return undefined;
	}

	/** False if the byte order or the version is not known. A section's interfaces are its own. */
	#begin(at: number): boolean {
		this.#section = [];
		this.#littleEndian = this.#view.getUint32(at + 8) !== byteOrderMagic;
		if (this.#uint32(at + 8) !== byteOrderMagic) return false;
		return this.#file.length - at >= 16 && this.#uint16(at + 12) === 1;
	}

	/** False if the body of a known block is too short for what it says. */
	#block(type: number, start: number, end: number): boolean {
		if (type === blockType.interface) return this.#interface(start, end);
		if (type === blockType.packet) return this.#packet(start, end);
		if (type === blockType.simplePacket) return this.#simplePacket(start, end);
		return true;
	}

	#interface(start: number, end: number): boolean {
		if (end - start < 8) return false;
		let name = '';
		let ticksPerSecond = 1_000_000n;
		let offset = 0n;
		for (let at = start + 8; end - at >= 4; ) {
			const code = this.#uint16(at);
			const length = this.#uint16(at + 2);
			if (code === optionCode.end || length > end - at - 4) break;
			const data = at + 4;
			if (code === optionCode.name) name = new TextDecoder().decode(this.#file.subarray(data, data + length));
			else if (code === optionCode.resolution && length === 1) ticksPerSecond = ticksOf(this.#file[data]!);
			else if (code === optionCode.offset && length === 8) {
				offset = this.#view.getBigInt64(data, this.#littleEndian) * second;
			}
			at = data + padded(length);
		}
		this.#section.push({ index: this.interfaces.length, ticksPerSecond, offset });
		this.interfaces.push({ linkType: this.#uint16(start), snapLength: this.#uint32(start + 4), name });
		return true;
	}

	#packet(start: number, end: number): boolean {
		if (end - start < 20) return false;
		const timing = this.#section[this.#uint32(start)];
		const length = this.#uint32(start + 12);
		if (timing === undefined || length > end - start - 20) return false;
		const ticks = (BigInt(this.#uint32(start + 4)) << 32n) | BigInt(this.#uint32(start + 8));
		this.packets.push({
			time: (ticks * second) / timing.ticksPerSecond + timing.offset,
			interface: timing.index,
			bytes: this.#file.subarray(start + 20, start + 20 + length),
			originalLength: this.#uint32(start + 16),
		});
		return true;
	}

	/** It has no time, and belongs to the section's first interface, whose limit tells how much of it was kept. */
	#simplePacket(start: number, end: number): boolean {
		const timing = this.#section[0];
		if (timing === undefined || end - start < 4) return false;
		const originalLength = this.#uint32(start);
		const { snapLength } = this.interfaces[timing.index]!;
		const length = Math.min(originalLength, snapLength || originalLength);
		if (length > end - start - 4) return false;
		const bytes = this.#file.subarray(start + 4, start + 4 + length);
		this.packets.push({ time: 0n, interface: timing.index, bytes, originalLength });
		return true;
	}

	#uint16(at: number): number {
		return this.#view.getUint16(at, this.#littleEndian);
	}

	#uint32(at: number): number {
		return this.#view.getUint32(at, this.#littleEndian);
	}
}

/** A power of ten, or with the upper bit of two. */
function ticksOf(resolution: number): bigint {
	return resolution & 0x80 ? 1n << BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
}

function padded(length: number): number {
	return (length + 3) & ~3;
}

/** Writes what is at both ends of a block. */
function block(out: Uint8Array, offset: number, type: number, length: number): DataView {
	const view = new DataView(out.buffer, out.byteOffset + offset, length);
	view.setUint32(0, type);
	view.setUint32(4, length);
	view.setUint32(length - 4, length);
	return view;
}
