/** The header of UDP. RFC 768 */

import { badArgument } from '../base/errors.ts';
import { checksumOf, isIntact, sumOf } from './checksum.ts';
import { type Flaw, reserve } from './codec.ts';
import { putUint16, uint16 } from './network-order.ts';

export interface UdpHeader {
	/** 0 when no reply is wanted. */
	readonly sourcePort: number;
	readonly destinationPort: number;
	/** At most 65527, over IPv4 65507. */
	readonly payloadLength: number;
}

export class UdpView implements UdpHeader {
	readonly bytes: Uint8Array;
	readonly start: number;
	/** Behind the payload. */
	readonly end: number;

	constructor(bytes: Uint8Array, start: number, end: number) {
		this.bytes = bytes;
		this.start = start;
		this.end = end;
	}

	get sourcePort(): number {
		return uint16(this.bytes, this.start);
	}

	get destinationPort(): number {
		return uint16(this.bytes, this.start + 2);
	}

	get payloadStart(): number {
		return this.start + headerLength;
	}

	get payloadLength(): number {
		return this.end - this.payloadStart;
	}
}

/**
 * `sum` is that of the pseudo header, or `offloaded`. Over IPv4 (`family`) a checksum of zero means that there is none;
 * over IPv6 it is a flaw. RFC 8200 §8.1
 */
export function parse(bytes: Uint8Array, start: number, end: number, sum: number, family: 4 | 6): UdpView | Flaw {
	if (end - start < headerLength) return 'truncated';
	const length = uint16(bytes, start + 4);
	if (length < headerLength) return 'malformed';
	if (end - start < length) return 'truncated';
	const none = family === 4 && uint16(bytes, start + 6) === 0;
	const missing = family === 6 && uint16(bytes, start + 6) === 0 && sum >= 0;
	const seed = sum < 0 ? sum : sum + length;
	if (missing || !(none || isIntact(bytes, start, start + length, seed))) return 'checksum';
	return new UdpView(bytes, start, start + length);
}

/** Of the header alone. */
export function lengthOf(_header?: UdpHeader): number {
	return headerLength;
}

/** Leaves the checksum zero, which over IPv4 is valid. Throws `bad-argument` too for a payload that is too long. */
export function emit(header: UdpHeader, out: Uint8Array, offset: number): number {
	const length = headerLength + header.payloadLength;
	if (length > 0xffff) throw badArgument(`UDP cannot carry ${header.payloadLength} bytes in one datagram`);
	const end = reserve(out, offset, headerLength);
	putUint16(out, offset, header.sourcePort);
	putUint16(out, offset + 2, header.destinationPort);
	putUint16(out, offset + 4, length);
	putUint16(out, offset + 6, 0);
	return end;
}

/** Writes the checksum of the datagram from `start` to `end`; `sum` is that of the pseudo header. */
export function seal(out: Uint8Array, start: number, end: number, sum: number): void {
	const checksum = checksumOf(sumOf(out, start, end, sum + end - start));
	// Zero would mean none; in one's complement this is the same number. RFC 768
	putUint16(out, start + 6, checksum || 0xffff);
}

const headerLength = 8;
