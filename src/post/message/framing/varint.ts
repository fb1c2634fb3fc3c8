/** Each message behind its length as an unsigned LEB128 number, as delimited streams of Protocol Buffers have it. */

import { PostSocketsError } from '../../../base/errors.ts';
import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../framer.ts';
import { checkReceived, type Limit, type LimitOptions, maxLengthOf } from './limit.ts';
import { WholeMessage } from './whole-message.ts';

const sixteenMebibytes = 16_777_216;

/** Seven bits in each byte: five bytes hold a length of 32 bits, with four bits in the last. */
const longestVarint = 5;

/**
 * Messages of any content, each behind its length in 1 to 5 bytes, seven bits in each, the lowest first; `maxLength`
 * is 16 MiB unless given.
 *
 * A message that is sent in pieces leaves when it is complete. Errors: `too-large` as soon as the length was read,
 * `malformed` for a length over 32 bits or in more bytes than it needs.
 */
export function varint(options: LimitOptions = {}): Framing {
	const limit = maxLengthOf(options, sixteenMebibytes, 'frame.varint');
	return { name: 'varint', preservesBoundaries: true, maxLength: limit.bytes, framer: () => new VarintFramer(limit) };
}

class VarintFramer implements Framer {
	readonly #limit: Limit;
	readonly #outgoing: WholeMessage;

	constructor(limit: Limit) {
		this.#limit = limit;
		this.#outgoing = new WholeMessage(limit);
	}

	frame(message: Uint8Array, properties: FrameProperties, out: FrameOutput): void {
		const whole = this.#outgoing.add(message, properties.complete);
		if (whole === undefined) return;
		let rest = whole.length;
		while (rest > 0x7f) {
			out.uint8((rest & 0x7f) | 0x80);
			rest >>>= 7;
		}
		out.uint8(rest);
		out.write(whole);
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		let length = 0;
		for (let index = 0; index < input.length; index += 1) {
			const byte = input.at(index);
			if (index === longestVarint - 1 && byte > 0x0f) throw malformed('is longer than 32 bits');
			// `<<` would make the highest bit a sign.
			length += (byte & 0x7f) * 2 ** (7 * index);
			if (byte > 0x7f) continue;
			if (byte === 0 && index > 0) throw malformed('ends in a zero byte, which a shortest encoding never does');
			checkReceived(length, this.#limit);
			const prefix = index + 1;
			if (input.length < prefix + length) return 'need-more';
			input.skip(prefix);
			return input.take(length);
		}
		return 'need-more';
	}
}

function malformed(what: string): PostSocketsError {
	return new PostSocketsError('malformed', `the length the peer sent ${what} (frame.varint)`, { operation: 'receive' });
}
