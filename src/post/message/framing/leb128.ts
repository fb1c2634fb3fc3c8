/** Unsigned LEB128: seven bits of a number in each byte, the lowest first. Numbers of 32 bits, each in its fewest bytes. */

import { PostSocketsError } from '../../../base/errors.ts';
import type { FrameInput, FrameOutput } from '../framer.ts';

/** Four bits of a number of 32 stand in the fifth byte. */
const longest = 5;

export function writeVarint(value: number, out: FrameOutput): void {
	let rest = value;
	while (rest > 0x7f) {
		out.uint8((rest & 0x7f) | 0x80);
		rest >>>= 7;
	}
	out.uint8(rest);
}

/**
 * Bytes of the number at `from`, 0 as long as its last one has not come. Throws `malformed` for a number over 32 bits
 * or in more bytes than it needs; `framing` is for the error.
 */
export function varintSize(input: FrameInput, from: number, framing: string): number {
	for (let index = 0; from + index < input.length; index += 1) {
		const byte = input.at(from + index);
		if (index === longest - 1 && byte > 0x0f) throw malformed('is longer than 32 bits', framing);
		if (byte > 0x7f) continue;
		if (byte > 0 || index === 0) return index + 1;
		throw malformed('ends in a zero byte, which a shortest encoding never does', framing);
	}
	return 0;
}

/** The number at `from`, of which `varintSize` gave the `size`. */
export function varintAt(input: FrameInput, from: number, size: number): number {
	let value = 0;
	for (let index = 0; index < size; index += 1) value |= (input.at(from + index) & 0x7f) << (7 * index);
	// The highest bit is no sign.
	return value >>> 0;
}

function malformed(what: string, framing: string): PostSocketsError {
	return new PostSocketsError('malformed', `the number the peer sent ${what} (${framing})`, { operation: 'receive' });
}
