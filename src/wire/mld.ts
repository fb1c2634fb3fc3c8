/** Multicast listener discovery, as bodies of ICMPv6. RFC 3810 §5, RFC 2710 §3 for version 1 */

import { IpAddress } from '../base/address.ts';
import type { Flaw } from './codec.ts';
import { putIcmpHeader } from './icmp.ts';
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
import { uint16 } from './network-order.ts';

export type MldMessage = ListenerQuery | ListenerGroup | ListenerRecords;

export interface ListenerQuery {
	readonly kind: 'listener-query';
	/** Milliseconds, to 65535 in version 1 and 8387584 in version 2, where large ones are rounded down when written. */
	readonly maxResponseTime: number;
	/** `::` asks about all. */
	readonly group: IpAddress;
	/** Undefined in version 1. */
	readonly details: QueryDetails | undefined;
}

/** Of version 1. */
export interface ListenerGroup {
	readonly kind: 'listener-report' | 'listener-done';
	readonly group: IpAddress;
}

/** The report of version 2. */
export interface ListenerRecords {
	readonly kind: 'listener-records';
	readonly records: readonly GroupRecord[];
}

/** Undefined for another type of ICMPv6, at whose first byte `start` is. */
export function parse(bytes: Uint8Array, start: number, end: number): MldMessage | Flaw | undefined {
	switch (bytes[start]!) {
		case types['listener-query']:
			return parseQuery(bytes, start, end);
		case types['listener-report']:
			return parseGroup('listener-report', bytes, start, end);
		case types['listener-done']:
			return parseGroup('listener-done', bytes, start, end);
		case types['listener-records']: {
			const records = parseRecords(bytes, start + 8, end, uint16(bytes, start + 6), 6);
			return typeof records === 'string' ? records : { kind: 'listener-records', records };
		}
	}
	return undefined;
}

export function owns(message: { readonly kind: string }): message is MldMessage {
	return message.kind in types;
}

export function lengthOf(message: MldMessage): number {
	if (message.kind === 'listener-records') return 8 + lengthOfRecords(message.records, 6);
	return version1Length + (message.kind === 'listener-query' ? lengthOfDetails(message.details, 6) : 0);
}

/** Leaves the checksum zero. The caller has checked that there is room. */
export function emit(message: MldMessage, out: Uint8Array, offset: number): number {
	const query = message.kind === 'listener-query' ? message : undefined;
	const field = message.kind === 'listener-records' ? message.records.length : query ? timeOf(query) << 16 : 0;
	putIcmpHeader(out, offset, types[message.kind], 0, field);
	if (message.kind === 'listener-records') return emitRecords(message.records, out, offset + 8);
	message.group.copyTo(out, offset + 8);
	const end = offset + version1Length;
	return query?.details === undefined ? end : emitDetails(query.details, out, end);
}

const types = {
	'listener-query': 130,
	'listener-report': 131,
	'listener-done': 132,
	'listener-records': 143,
} as const;

const version1Length = 24;

/** Its length tells the version. RFC 3810 §8.1 */
function parseQuery(bytes: Uint8Array, start: number, end: number): ListenerQuery | Flaw {
	if (end - start < version1Length) return 'truncated';
	const kind = 'listener-query';
	const code = uint16(bytes, start + 4);
	const group = IpAddress.at(bytes, start + 8, 6);
	if (end - start === version1Length) return { kind, maxResponseTime: code, group, details: undefined };
	const details = parseDetails(bytes, start + version1Length, end, 6);
	return typeof details === 'string' ? details : { kind, maxResponseTime: decodeTime(code, 16), group, details };
}

function parseGroup(kind: ListenerGroup['kind'], bytes: Uint8Array, start: number, end: number): ListenerGroup | Flaw {
	return end - start < version1Length ? 'truncated' : { kind, group: IpAddress.at(bytes, start + 8, 6) };
}

function timeOf({ maxResponseTime, details }: ListenerQuery): number {
	return details === undefined ? Math.min(maxResponseTime, 0xffff) : encodeTime(maxResponseTime, 16);
}
