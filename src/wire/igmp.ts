/** Group membership for IPv4. RFC 3376 §4, RFC 2236 §2 and RFC 1112 appendix I for older versions */

import { IpAddress } from '../base/address.ts';
import { isIntact, putChecksum } from './checksum.ts';
import { type Flaw, reserve } from './codec.ts';
import {
	decodeTime,
	emitDetails,
	emitRecords,
	encodeTime,
	type GroupRecord,
	lengthOfDetails,
	lengthOfRecords,
	parseDetails,
	parseRecords,
	type QueryDetails,
} from './membership.ts';
import { putUint32, uint16 } from './network-order.ts';

export type IgmpMessage = MembershipQuery | MembershipGroup | MembershipRecords;

export interface MembershipQuery {
	readonly kind: 'query';
	/**
	 * Milliseconds, rounded down to tenths of a second when written; to 25500 in version 2 and 3174400 in version 3. A
	 * query of version 1 has 0 here, and leaves the time at 10 seconds.
	 */
	readonly maxResponseTime: number;
	/** `0.0.0.0` asks about all. */
	readonly group: IpAddress;
	/** Undefined before version 3. */
	readonly details: QueryDetails | undefined;
}

/** Of versions 1 and 2. */
export interface MembershipGroup {
	readonly kind: 'report-1' | 'report-2' | 'leave';
	readonly group: IpAddress;
}

/** The report of version 3. */
export interface MembershipRecords {
	readonly kind: 'records';
	readonly records: readonly GroupRecord[];
}

/** `sum` is 0, or `offloaded`. Types of other protocols, which once shared the number, are `unsupported`. */
export function parse(bytes: Uint8Array, start = 0, end = bytes.length, sum = 0): IgmpMessage | Flaw {
	if (end - start < shortLength) return 'truncated';
	if (!isIntact(bytes, start, end, sum)) return 'checksum';
	const group = IpAddress.at(bytes, start + 4, 4);
	switch (bytes[start]!) {
		case types.query:
			return parseQuery(bytes, start, end, group);
		case types['report-1']:
			return { kind: 'report-1', group };
		case types['report-2']:
			return { kind: 'report-2', group };
		case types.leave:
			return { kind: 'leave', group };
		case types.records: {
			const records = parseRecords(bytes, start + shortLength, end, uint16(bytes, start + 6), 4);
			return typeof records === 'string' ? records : { kind: 'records', records };
		}
		default:
			return 'unsupported';
	}
}

export function lengthOf(message: IgmpMessage): number {
	if (message.kind === 'records') return shortLength + lengthOfRecords(message.records, 4);
	return shortLength + (message.kind === 'query' ? lengthOfDetails(message.details, 4) : 0);
}

/** Writes the message with its checksum. */
export function emit(message: IgmpMessage, out: Uint8Array, offset: number): number {
	const end = reserve(out, offset, lengthOf(message));
	const time = message.kind === 'query' ? timeOf(message) : 0;
	putUint32(out, offset, (types[message.kind] << 24) | (time << 16));
	if (message.kind === 'records') {
		putUint32(out, offset + 4, message.records.length);
		emitRecords(message.records, out, offset + shortLength);
	} else {
		message.group.copyTo(out, offset + 4);
		if (message.kind === 'query' && message.details) emitDetails(message.details, out, offset + shortLength);
	}
	putChecksum(out, offset + 2, offset, end, 0);
	return end;
}

const types = { query: 0x11, 'report-1': 0x12, 'report-2': 0x16, leave: 0x17, records: 0x22 } as const;

const shortLength = 8;

/** Its length tells the version. RFC 3376 §7.1 */
function parseQuery(bytes: Uint8Array, start: number, end: number, group: IpAddress): MembershipQuery | Flaw {
	const kind = 'query';
	const code = bytes[start + 1]!;
	if (end - start === shortLength) return { kind, maxResponseTime: 100 * code, group, details: undefined };
	const details = parseDetails(bytes, start + shortLength, end, 4);
	return typeof details === 'string' ? details : { kind, maxResponseTime: 100 * decodeTime(code, 8), group, details };
}

function timeOf({ maxResponseTime, details }: MembershipQuery): number {
	const tenths = Math.floor(maxResponseTime / 100);
	return details === undefined ? Math.min(tenths, 0xff) : encodeTime(tenths, 8);
}
