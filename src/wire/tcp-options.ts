/** The options of a TCP header. RFC 9293 §3.1, RFC 7323, RFC 2018 */

import { badArgument } from '../base/errors.ts';
import { putUint16, putUint32, uint16, uint32 } from './network-order.ts';

export interface TcpOptions {
	/** The largest segment that the sender of this takes, in bytes. */
	readonly maximumSegmentSize?: number | undefined;
	/** By how many bits windows are shifted, as sent: above 14 it counts as 14 (RFC 7323 §2.3). */
	readonly windowScale?: number | undefined;
	readonly sackPermitted?: boolean | undefined;
	/** What arrived beyond a hole: at most 4 blocks, 3 beside timestamps. RFC 2018 §3 */
	readonly sack?: readonly SackBlock[] | undefined;
	readonly timestamps?: TcpTimestamps | undefined;
	/** All others, in their order. */
	readonly unknown?: readonly TcpOption[] | undefined;
}

/** Sequence numbers of the first byte received, and of the first that is missing behind. */
export interface SackBlock {
	readonly left: number;
	readonly right: number;
}

export interface TcpTimestamps {
	readonly value: number;
	readonly echo: number;
}

export interface TcpOption {
	readonly kind: number;
	readonly data: Uint8Array;
}

export const noOptions: TcpOptions = {};

/**
 * Never fails: an option whose length cannot be ends the list, as RFC 9293 §3.1 leaves open, and one of a known kind
 * with another length than it should have is `unknown`.
 */
export function parse(bytes: Uint8Array, start: number, end: number): TcpOptions {
	if (start === end) return noOptions;
	let maximumSegmentSize: number | undefined;
	let windowScale: number | undefined;
	let sackPermitted: boolean | undefined;
	let sack: SackBlock[] | undefined;
	let timestamps: TcpTimestamps | undefined;
	let unknown: TcpOption[] | undefined;
	for (let at = start; at < end; ) {
		const kind = bytes[at]!;
		if (kind === kinds.end) break;
		if (kind === kinds.padding) {
			at += 1;
			continue;
		}
		const length = at + 1 < end ? bytes[at + 1]! : 0;
		if (length < 2 || at + length > end) break;
		if (kind === kinds.timestamps && length === 10) {
			timestamps = { value: uint32(bytes, at + 2), echo: uint32(bytes, at + 6) };
		} else if (kind === kinds.maximumSegmentSize && length === 4) {
			maximumSegmentSize = uint16(bytes, at + 2);
		} else if (kind === kinds.windowScale && length === 3) {
			windowScale = bytes[at + 2]!;
		} else if (kind === kinds.sackPermitted && length === 2) {
			sackPermitted = true;
		} else if (kind === kinds.sack && length > 2 && length % 8 === 2) {
			sack = parseSack(bytes, at + 2, at + length);
		} else {
			(unknown ??= []).push({ kind, data: bytes.subarray(at + 2, at + length) });
		}
		at += length;
	}
	return { maximumSegmentSize, windowScale, sackPermitted, sack, timestamps, unknown };
}

/** A multiple of 4, at most 40 if it is to be sent. */
export function lengthOf(options: TcpOptions): number {
	if (options === noOptions) return 0;
	let length = options.maximumSegmentSize === undefined ? 0 : 4;
	if (options.timestamps !== undefined) length += 12;
	else if (options.sackPermitted) length += 4;
	if (options.windowScale !== undefined) length += 4;
	if (options.sack !== undefined && options.sack.length > 0) length += 4 + 8 * options.sack.length;
	if (options.unknown === undefined) return length;
	return (length + options.unknown.reduce((sum, { data }) => sum + 2 + data.length, 0) + 3) & ~3;
}

/**
 * Each known option is aligned by padding before it, in the order that Linux has, so that middleboxes know it. Throws
 * `bad-argument` for what then takes more than 40 bytes.
 */
export function emit(options: TcpOptions, out: Uint8Array, offset: number): number {
	const { maximumSegmentSize, windowScale, sackPermitted, sack, timestamps, unknown } = options;
	const length = lengthOf(options);
	if (length === 0) return offset;
	if (length > 40) throw badArgument(`TCP has room for 40 bytes of options, not ${length}; leave out SACK blocks`);
	const end = offset + length;
	let at = offset;
	if (maximumSegmentSize !== undefined) {
		putUint16(out, at, (kinds.maximumSegmentSize << 8) | 4);
		putUint16(out, at + 2, maximumSegmentSize);
		at += 4;
	}
	if (sackPermitted || timestamps !== undefined) {
		// The first takes the place of the second's padding.
		putUint16(out, at, sackPermitted && timestamps !== undefined ? (kinds.sackPermitted << 8) | 2 : twoPaddings);
		if (timestamps === undefined) {
			putUint16(out, at + 2, (kinds.sackPermitted << 8) | 2);
			at += 4;
		} else {
			putUint16(out, at + 2, (kinds.timestamps << 8) | 10);
			putUint32(out, at + 4, timestamps.value);
			putUint32(out, at + 8, timestamps.echo);
			at += 12;
		}
	}
	if (windowScale !== undefined) {
		putUint32(out, at, (kinds.padding << 24) | (kinds.windowScale << 16) | (3 << 8) | (windowScale & 0xff));
		at += 4;
	}
	if (sack !== undefined && sack.length > 0) {
		putUint16(out, at, twoPaddings);
		putUint16(out, at + 2, (kinds.sack << 8) | (2 + 8 * sack.length));
		at += 4;
		for (const { left, right } of sack) {
			putUint32(out, at, left);
			putUint32(out, at + 4, right);
			at += 8;
		}
	}
	for (const { kind, data } of unknown ?? []) {
		out[at] = kind;
		out[at + 1] = 2 + data.length;
		out.set(data, at + 2);
		at += 2 + data.length;
	}
	while (at < end) out[at++] = kinds.end;
	return end;
}

const kinds = {
	end: 0,
	padding: 1,
	maximumSegmentSize: 2,
	windowScale: 3,
	sackPermitted: 4,
	sack: 5,
	timestamps: 8,
} as const;

const twoPaddings = 0x0101;

function parseSack(bytes: Uint8Array, start: number, end: number): SackBlock[] {
	const blocks: SackBlock[] = [];
	for (let at = start; at < end; at += 8) blocks.push({ left: uint32(bytes, at), right: uint32(bytes, at + 4) });
	return blocks;
}
