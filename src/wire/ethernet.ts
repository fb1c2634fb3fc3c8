/** Ethernet II frames, with or without their check sequence. RFC 894, IEEE 802.3 §3 */

import { MacAddress } from '../base/mac-address.ts';
import { type Flaw, reserve } from './codec.ts';
import { crc32 } from './crc32.ts';
import { putUint16, uint16 } from './network-order.ts';

export const etherType = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

export interface EthernetHeader {
	readonly destination: MacAddress;
	readonly source: MacAddress;
	/** An `etherType`; below 0x600 it is the length of an 802.3 frame, which nobody here reads. */
	readonly type: number;
}

export class EthernetView implements EthernetHeader {
	readonly bytes: Uint8Array;
	readonly start: number;
	/** Behind the payload; a check sequence is not part of it, padding is. */
	readonly end: number;

	constructor(bytes: Uint8Array, start: number, end: number) {
		this.bytes = bytes;
		this.start = start;
		this.end = end;
	}

	get destination(): MacAddress {
		return MacAddress.at(this.bytes, this.start);
	}

	get source(): MacAddress {
		return MacAddress.at(this.bytes, this.start + 6);
	}

	get type(): number {
		return uint16(this.bytes, this.start + 12);
	}

	get payloadStart(): number {
		return this.start + headerLength;
	}
}

/** `checked` frames end with a check sequence, which few links hand on. */
export function parse(
	bytes: Uint8Array,
	start = 0,
	end = bytes.length,
	sequence: 'unchecked' | 'checked' = 'unchecked',
): EthernetView | Flaw {
	const length = headerLength + (sequence === 'checked' ? sequenceLength : 0);
	if (end - start < length) return 'truncated';
	if (sequence === 'unchecked') return new EthernetView(bytes, start, end);
	// What has its own CRC behind it, least significant byte first, always has this one.
	return crc32(bytes, start, end) === residue ? new EthernetView(bytes, start, end - sequenceLength) : 'checksum';
}

export function lengthOf(_header?: EthernetHeader): number {
	return headerLength;
}

export function emit(header: EthernetHeader, out: Uint8Array, offset: number): number {
	const end = reserve(out, offset, headerLength);
	header.destination.copyTo(out, offset);
	header.source.copyTo(out, offset + 6);
	putUint16(out, offset + 12, header.type);
	return end;
}

/** Writes the check sequence behind the frame from `start` to `end`, and returns the offset behind that. */
export function seal(out: Uint8Array, start: number, end: number): number {
	const sealed = reserve(out, end, sequenceLength);
	const crc = crc32(out, start, end);
	for (let index = 0; index < sequenceLength; index += 1) out[end + index] = crc >>> (8 * index);
	return sealed;
}

const headerLength = 14;
const sequenceLength = 4;
const residue = 0x2144_df1c;
