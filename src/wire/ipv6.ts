/** The fixed header of IPv6; what may follow before the payload is in ipv6-extensions.ts. RFC 8200 §3 */

import { IpAddress } from '../base/address.ts';
import { badArgument } from '../base/errors.ts';
import { sumOf } from './checksum.ts';
import { type Flaw, reserve } from './codec.ts';
import { putUint16, putUint32, uint16, uint32 } from './network-order.ts';

export interface Ipv6Header {
	readonly source: IpAddress;
	readonly destination: IpAddress;
	/** An `ipProtocol`: what follows, an extension header or the payload. */
	readonly nextHeader: number;
	readonly hopLimit: number;
	/** 0 to 63. */
	readonly dscp: number;
	/** 0 to 3. RFC 3168 §5 */
	readonly ecn: number;
	/** 0 to 0xfffff. RFC 6437 */
	readonly flowLabel: number;
	/** Extension headers included; at most 65535. */
	readonly payloadLength: number;
}

export class Ipv6View implements Ipv6Header {
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
		return IpAddress.at(this.bytes, this.sourceAt, 6);
	}

	get destination(): IpAddress {
		return IpAddress.at(this.bytes, this.destinationAt, 6);
	}

	/** Where the address lies in `bytes`, for `IpAddress.equalsAt` and for keys. */
	get sourceAt(): number {
		return this.start + 8;
	}

	get destinationAt(): number {
		return this.start + 24;
	}

	get nextHeader(): number {
		return this.bytes[this.start + 6]!;
	}

	get hopLimit(): number {
		return this.bytes[this.start + 7]!;
	}

	get dscp(): number {
		return (uint16(this.bytes, this.start) >> 6) & 0x3f;
	}

	get ecn(): number {
		return (this.bytes[this.start + 1]! >> 4) & 3;
	}

	get flowLabel(): number {
		return uint32(this.bytes, this.start) & 0xf_ffff;
	}

	/** Behind the fixed header. */
	get payloadStart(): number {
		return this.start + fixedLength;
	}

	get payloadLength(): number {
		return this.end - this.payloadStart;
	}

	/**
	 * What the checksum of the payload begins with. Where a routing header has segments left, the destination is another
	 * one (RFC 8200 §8.1): such a packet is not for whom it reached.
	 */
	pseudoSum(protocol: number): number {
		return sumOf(this.bytes, this.sourceAt, this.start + fixedLength, protocol);
	}
}

/** Jumbograms (RFC 2675) are read as packets without a payload. Whether the addresses make sense is not asked here. */
export function parse(bytes: Uint8Array, start = 0, end = bytes.length): Ipv6View | Flaw {
	if (end - start < fixedLength) return 'truncated';
	if (bytes[start]! >> 4 !== 6) return 'unsupported';
	const length = fixedLength + uint16(bytes, start + 4);
	return end - start < length ? 'truncated' : new Ipv6View(bytes, start, start + length);
}

/** Of the fixed header alone. */
export function lengthOf(_header?: Ipv6Header): number {
	return fixedLength;
}

/** Throws `bad-argument` too for a payload that IPv6 cannot carry. */
export function emit(header: Ipv6Header, out: Uint8Array, offset: number): number {
	const { payloadLength } = header;
	if (payloadLength > 0xffff) throw badArgument(`IPv6 cannot carry ${payloadLength} bytes in one packet`);
	const end = reserve(out, offset, fixedLength);
	const trafficClass = ((header.dscp << 2) | (header.ecn & 3)) & 0xff;
	putUint32(out, offset, 0x6000_0000 | (trafficClass << 20) | (header.flowLabel & 0xf_ffff));
	putUint16(out, offset + 4, payloadLength);
	out[offset + 6] = header.nextHeader;
	out[offset + 7] = header.hopLimit;
	header.source.copyTo(out, offset + 8);
	header.destination.copyTo(out, offset + 24);
	return end;
}

const fixedLength = 40;
