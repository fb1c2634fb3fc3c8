/** Each message behind its length as an unsigned LEB128 number, as delimited streams of Protocol Buffers have it. */

import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../framer.ts';
import { varintAt, varintSize, writeVarint } from './leb128.ts';
import { checkReceived, type Limit, type LimitOptions, maxLengthOf } from './limit.ts';
import { WholeMessage } from './whole-message.ts';

const sixteenMebibytes = 16_777_216;

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
		writeVarint(whole.length, out);
		out.write(whole);
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		const prefix = varintSize(input, 0, 'frame.varint');
		if (prefix === 0) return 'need-more';
		const length = varintAt(input, 0, prefix);
		checkReceived(length, this.#limit);
		if (input.length < prefix + length) return 'need-more';
		input.skip(prefix);
		return input.take(length);
	}
}
