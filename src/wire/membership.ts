/** What IGMPv3 and MLDv2 share: records of groups, the end of a query, and times of few bits. RFC 3376 §4, RFC 3810 §5 */

import { IpAddress } from '../base/address.ts';
import type { Flaw } from './codec.ts';
import { putUint16, uint16 } from './network-order.ts';

export interface GroupRecord {
	readonly type: RecordType;
	readonly group: IpAddress;
	readonly sources: readonly IpAddress[];
}

/** The first two say how things are, the others what changes. */
export type RecordType = (typeof recordTypes)[number];

const recordTypes = ['include', 'exclude', 'to-include', 'to-exclude', 'allow', 'block'] as const;

/** What a query of the newest version says more than older ones. */
export interface QueryDetails {
	/** Routers are not to adjust their timers to this one. */
	readonly suppress: boolean;
	/** 0 to 7; 0 stands for more. */
	readonly robustness: number;
	/** Seconds between general queries, to 31744; of large ones only the upper bits are kept when written. */
	readonly interval: number;
	readonly sources: readonly IpAddress[];
}

/** `count` records; a type that is not known is left out (RFC 3376 §4.2.12), and so is auxiliary data. */
export function parseRecords(
	bytes: Uint8Array,
	start: number,
	end: number,
	count: number,
	family: 4 | 6,
): GroupRecord[] | Flaw {
	const width = widthOf(family);
	const records: GroupRecord[] = [];
	let at = start;
	for (let index = 0; index < count; index += 1) {
		if (end - at < 4 + width) return 'truncated';
		const type = recordTypes[bytes[at]! - 1];
		const sourceCount = uint16(bytes, at + 2);
		const next = at + 4 + width * (1 + sourceCount) + 4 * bytes[at + 1]!;
		if (next > end) return 'truncated';
		if (type !== undefined) {
			const sources = addresses(bytes, at + 4 + width, sourceCount, family);
			records.push({ type, group: IpAddress.at(bytes, at + 4, family), sources });
		}
		at = next;
	}
	return records;
}

export function lengthOfRecords(records: readonly GroupRecord[], family: 4 | 6): number {
	return records.reduce((sum, { sources }) => sum + 4 + widthOf(family) * (1 + sources.length), 0);
}

export function emitRecords(records: readonly GroupRecord[], out: Uint8Array, offset: number): number {
	let at = offset;
	for (const { type, group, sources } of records) {
		out[at] = 1 + recordTypes.indexOf(type);
		out[at + 1] = 0;
		putUint16(out, at + 2, sources.length);
		at = emitAddresses([group, ...sources], out, at + 4);
	}
	return at;
}

export function parseDetails(bytes: Uint8Array, start: number, end: number, family: 4 | 6): QueryDetails | Flaw {
	if (end - start < 4) return 'truncated';
	const count = uint16(bytes, start + 2);
	if (end - start - 4 < count * widthOf(family)) return 'truncated';
	return {
		suppress: (bytes[start]! & 8) !== 0,
		robustness: bytes[start]! & 7,
		interval: decodeTime(bytes[start + 1]!, 8),
		sources: addresses(bytes, start + 4, count, family),
	};
}

export function lengthOfDetails(details: QueryDetails | undefined, family: 4 | 6): number {
	return details === undefined ? 0 : 4 + widthOf(family) * details.sources.length;
}

export function emitDetails(details: QueryDetails, out: Uint8Array, offset: number): number {
	out[offset] = (details.suppress ? 8 : 0) | (details.robustness & 7);
	out[offset + 1] = encodeTime(details.interval, 8);
	putUint16(out, offset + 2, details.sources.length);
	return emitAddresses(details.sources, out, offset + 4);
}

/** A code of 8 or 16 bits: a plain number, or three bits of exponent before the mantissa. RFC 3376 §4.1.1 */
export function decodeTime(code: number, width: 8 | 16): number {
	if (code < 1 << (width - 1)) return code;
	const bits = width - 4;
	const exponent = (code >> bits) & 7;
	return ((1 << bits) | (code & ((1 << bits) - 1))) << (exponent + 3);
}

/** The largest code that is not more than `time`. */
export function encodeTime(time: number, width: 8 | 16): number {
	const top = 1 << (width - 1);
	if (time < top) return time;
	const bits = width - 4;
	const exponent = Math.floor(Math.log2(time)) - bits - 3;
	if (exponent > 7) return 2 * top - 1;
	return top | (exponent << bits) | (Math.floor(time / 2 ** (exponent + 3)) & ((1 << bits) - 1));
}

function widthOf(family: 4 | 6): number {
	return family === 4 ? 4 : 16;
}

function addresses(bytes: Uint8Array, start: number, count: number, family: 4 | 6): IpAddress[] {
	return Array.from({ length: count }, (_, index) => IpAddress.at(bytes, start + index * widthOf(family), family));
}

function emitAddresses(list: readonly IpAddress[], out: Uint8Array, offset: number): number {
	let at = offset;
	for (const address of list) {
		address.copyTo(out, at);
		at += widthOf(address.family);
	}
	return at;
}
