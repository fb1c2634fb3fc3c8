/** The header of IPv4. RFC 791 §3.1, with RFC 2474 and RFC 3168 for the second byte */

import { IpAddress } from '../base/address.ts';
import { badArgument } from '../base/errors.ts';
import { checksumOf, isIntact, sumOf } from './checksum.ts';
import { type Flaw, reserve } from './codec.ts';
import { putUint16, uint16 } from './network-order.ts';

export interface Ipv4Header {
	readonly source: IpAddress;
	readonly destination: IpAddress;
	/** An `ipProtocol`. */
	readonly protocol: number;
	/** 0 to 255; the RFC calls it time to live. */
	readonly hopLimit: number;
	/** 0 to 63. */
	readonly dscp: number;
	/** 0 to 3. RFC 3168 §5 */
	readonly ecn: number;
	readonly identification: number;
	readonly dontFragment: boolean;
	readonly moreFragments: boolean;
	/** Where this fragment's payload belongs, in bytes: a multiple of 8, to 65528. */
	readonly fragmentOffset: number;
	/** At most 40 bytes, opaque; padded with End of Options when written. */
	readonly options: Uint8Array;
	/** At most 65535 less the header. */
	readonly payloadLength: number;
}

export class Ipv4View implements Ipv4Header {
	readonly bytes: Uint8Array;
	readonly start: number;
	/** Behind the packet: what a link pads it with lies beyond. */
	readonly end: number;

	constructor(bytes: Uint8Array, start: number, end: number) {
		this.bytes = bytes;
		this.start = start;
		this.end = end;
	}

	get source(): IpAddress {
		return IpAddress.at(this.bytes, this.sourceAt, 4);
	}

	get destination(): IpAddress {
		return IpAddress.at(this.bytes, this.destinationAt, 4);
	}

	/** Where the address lies in `bytes`, for `IpAddress.equalsAt` and for keys. */
	get sourceAt(): number {
		return this.start + 12;
	}

	get destinationAt(): number {
		return this.start + 16;
	}

	get protocol(): number {
		return this.bytes[this.start + 9]!;
	}

	get hopLimit(): number {
		return this.bytes[this.start + 8]!;
	}

	get dscp(): number {
		return this.bytes[this.start + 1]! >> 2;
	}

	get ecn(): number {
		return this.bytes[this.start + 1]! & 3;
	}

	get identification(): number {
		return uint16(this.bytes, this.start + 4);
	}

	get dontFragment(): boolean {
		return (this.bytes[this.start + 6]! & 0x40) !== 0;
	}

	get moreFragments(): boolean {
		return (this.bytes[this.start + 6]! & 0x20) !== 0;
	}

	get fragmentOffset(): number {
		return (uint16(this.bytes, this.start + 6) & 0x1fff) << 3;
	}

	/** Whether more than this packet is needed to have its payload. */
	get isFragment(): boolean {
		return (uint16(this.bytes, this.start + 6) & 0x3fff) !== 0;
	}

	get options(): Uint8Array {
		return this.bytes.subarray(this.start + fixedLength, this.payloadStart);
	}

	get payloadStart(): number {
		return this.start + ((this.bytes[this.start]! & 15) << 2);
	}

	get payloadLength(): number {
		return this.end - this.payloadStart;
	}

	/** What the checksum of the payload begins with. */
	pseudoSum(protocol: number): number {
		return sumOf(this.bytes, this.start + 12, this.start + fixedLength, protocol);
	}
}

/** `sum` is 0, or `offloaded`. Whether the addresses make sense is not asked here. */
export function parse(bytes: Uint8Array, start = 0, end = bytes.length, sum = 0): Ipv4View | Flaw {
	if (end - start < fixedLength) return 'truncated';
	const first = bytes[start]!;
	if (first >> 4 !== 4) return 'unsupported';
	const headerLength = (first & 15) << 2;
	const totalLength = uint16(bytes, start + 2);
	if (headerLength < fixedLength || totalLength < headerLength) return 'malformed';
	if (end - start < totalLength) return 'truncated';
	if (!isIntact(bytes, start, start + headerLength, sum)) return 'checksum';
	return new Ipv4View(bytes, start, start + totalLength);
}

/** Of the header alone. */
export function lengthOf(header: Pick<Ipv4Header, 'options'>): number {
	return fixedLength + ((header.options.length + 3) & ~3);
}

/** Writes the header with its checksum. Throws `bad-argument` too for options or a payload that IPv4 cannot carry. */
export function emit(header: Ipv4Header, out: Uint8Array, offset: number): number {
	const { options, payloadLength } = header;
	const length = lengthOf(header);
	if (length > 60) throw badArgument(`IPv4 has room for 40 bytes of options, not ${options.length}`);
	if (length + payloadLength > 0xffff) throw badArgument(`IPv4 cannot carry ${payloadLength} bytes in one packet`);
	const end = reserve(out, offset, length);
	out[offset] = 0x40 | (length >> 2);
	out[offset + 1] = (header.dscp << 2) | (header.ecn & 3);
	putUint16(out, offset + 2, length + payloadLength);
	putUint16(out, offset + 4, header.identification);
	const flags = (header.dontFragment ? 0x4000 : 0) | (header.moreFragments ? 0x2000 : 0);
	putUint16(out, offset + 6, flags | ((header.fragmentOffset >> 3) & 0x1fff));
	out[offset + 8] = header.hopLimit;
	out[offset + 9] = header.protocol;
	putUint16(out, offset + 10, 0);
	header.source.copyTo(out, offset + 12);
	header.destination.copyTo(out, offset + 16);
	if (options.length > 0) {
		out.fill(0, offset + fixedLength, end);
		out.set(options, offset + fixedLength);
	}
	putUint16(out, offset + 10, checksumOf(sumOf(out, offset, end)));
	return end;
}

const fixedLength = 20;
