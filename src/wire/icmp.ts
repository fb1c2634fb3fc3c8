/** What ICMP is in both families: a type, a code, a checksum, 32 bits that depend on the type, and a body. */

import { putUint16, putUint32 } from './network-order.ts';

export interface IcmpEcho {
	readonly kind: 'echo-request' | 'echo-reply';
	readonly identifier: number;
	readonly sequence: number;
	readonly data: Uint8Array;
}

/** A type that is not read here. */
export interface IcmpOther {
	readonly kind: 'other';
	readonly type: number;
	readonly code: number;
	/** Everything behind the checksum. */
	readonly body: Uint8Array;
}

/** The bytes before the body. */
export const icmpHeaderLength = 8;

export function putIcmpHeader(out: Uint8Array, at: number, type: number, code: number, field: number): void {
	out[at] = type;
	out[at + 1] = code;
	putUint16(out, at + 2, 0);
	putUint32(out, at + 4, field);
}

/**
 * The packet that an error quotes. `length` of it, if that is not 0, is followed by extensions (RFC 4884 §4), which
 * nobody here reads.
 */
export function quoted(bytes: Uint8Array, start: number, end: number, length: number): Uint8Array {
	const at = start + icmpHeaderLength;
	return bytes.subarray(at, length === 0 ? end : Math.min(end, at + length));
}
