/** The Internet checksum (RFC 1071): sums of 16 bits in one's complement, and what is done with them. */

import type { IpAddress } from '../base/address.ts';
import { putUint16, uint16 } from './network-order.ts';

/**
 * In the place of the sum that a checksum begins with: the link has verified it, do not look. For packets that come from
 * a link whose hardware or whose memory vouches for them.
 */
export const offloaded = -1;

/**
 * The sum of the 16-bit words from `start` to `end`, added to `sum`; 0 to 0xffff. An odd byte at the end counts as the
 * high half of a word, so of several pieces only the last may be odd (else `joinSums`). Exact for up to 128 KiB,
 * which is more than a packet has.
 */
export function sumOf(bytes: Uint8Array, start: number, end: number, sum = 0): number {
	return end - start < fewBytes ? fold(bytewise(bytes, start, end, sum)) : wordwise(bytes, start, end, sum);
}

/** The sum of a piece of `length` bytes, with `first`, and the piece behind it, with `second`. RFC 1071 §2 (B) */
export function joinSums(first: number, length: number, second: number): number {
	return fold(first + (length & 1 ? swapped(second) : second));
}

/** What goes into the field for a sum: its complement. */
export function checksumOf(sum: number): number {
	return ~sum & 0xffff;
}

/** Whether bytes that contain their checksum add up, or are `offloaded`. */
export function isIntact(bytes: Uint8Array, start: number, end: number, sum: number): boolean {
	return sum === offloaded || sumOf(bytes, start, end, sum) === 0xffff;
}

/** Writes at `at` the checksum of the bytes from `start` to `end`, in which the field is still zero. */
export function putChecksum(out: Uint8Array, at: number, start: number, end: number, sum: number): void {
	putUint16(out, at, checksumOf(sumOf(out, start, end, sum)));
}

/**
 * The sum of a pseudo header but for its length, which `parse` and `seal` add. RFC 9293 §3.1, RFC 8200 §8.1. The views
 * of IP headers have the same as `pseudoSum(protocol)`.
 */
export function pseudoSum(source: IpAddress, destination: IpAddress, protocol: number): number {
	return addressSum(source, addressSum(destination, protocol));
}

/** Below this, looking at bytes is faster than making an array of words. Measured; both are right everywhere. */
const fewBytes = 64;

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function bytewise(bytes: Uint8Array, start: number, end: number, sum: number): number {
	let total = sum;
	let at = start;
	for (; at < end - 1; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
	return at < end ? total + (bytes[at]! << 8) : total;
}

/**
 * Sums the aligned middle as words in the order of the machine: one's complement sums are the same in either byte order
 * but for a final swap (RFC 1071 §2 (B)). The halves of a word have a sum each, so that both stay small integers.
 */
function wordwise(bytes: Uint8Array, start: number, end: number, sum: number): number {
	const lead = -(bytes.byteOffset + start) & 3;
	const words = new Uint32Array(bytes.buffer, bytes.byteOffset + start + lead, (end - start - lead) >> 2);
	const count = words.length;
	let low = 0;
	let high = 0;
	let index = 0;
	for (; index < count - 3; index += 4) {
		const a = words[index]!;
		const b = words[index + 1]!;
		const c = words[index + 2]!;
		const d = words[index + 3]!;
		low = (low + (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff)) | 0;
		high = (high + (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16)) | 0;
	}
	for (; index < count; index += 1) {
		low += words[index]! & 0xffff;
		high += words[index]! >>> 16;
	}
	const middle = fold(low + high);
	const head = fold(bytewise(bytes, start, start + lead, sum));
	const tail = fold(bytewise(bytes, start + lead + 4 * count, end, littleEndian ? swapped(middle) : middle));
	return joinSums(head, lead, tail);
}

/** Of less than 2³². */
function fold(sum: number): number {
	let folded = sum;
	while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
	return folded;
}

function swapped(sum: number): number {
	return ((sum & 0xff) << 8) | (sum >>> 8);
}

function addressSum(address: IpAddress, sum: number): number {
	const { bytes } = address;
	let total = sum;
	for (let at = 0; at < bytes.length; at += 2) total += uint16(bytes, at);
	return fold(total);
}
