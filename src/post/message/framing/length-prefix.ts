/** Each message behind its length, an integer of fixed size in network byte order that counts the content only. */

import { badArgument } from '../../../base/errors.ts';
import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../framer.ts';
import { checkReceived, type Limit, type LimitOptions, maxLengthOf } from './limit.ts';
import { WholeMessage } from './whole-message.ts';

const sixteenMebibytes = 16_777_216;

export interface LengthPrefixOptions extends LimitOptions {
	/** The size of the length itself, in bytes; default 4. It bounds messages to 255, 65535 or 2³² - 1 bytes. */
	readonly bytes?: 1 | 2 | 4 | undefined;
}

/**
 * Messages of any content, each behind its length; `maxLength` is 16 MiB unless given.
 *
 * A message that is sent in pieces leaves when it is complete. Errors: `too-large` as soon as the length was read.
 */
export function lengthPrefix(options: LengthPrefixOptions = {}): Framing {
	const { bytes = 4 } = options;
	if (bytes !== 1 && bytes !== 2 && bytes !== 4) {
		throw badArgument(`bytes of frame.lengthPrefix must be 1, 2 or 4, not ${bytes}`);
	}
	const limit = limitOf(bytes, options);
	return {
		name: 'length-prefix',
		preservesBoundaries: true,
		maxLength: limit.bytes,
		framer: () => new LengthPrefixFramer(bytes, limit),
	};
}

class LengthPrefixFramer implements Framer {
	readonly #bytes: 1 | 2 | 4;
	readonly #limit: Limit;
	readonly #outgoing: WholeMessage;

	constructor(bytes: 1 | 2 | 4, limit: Limit) {
		this.#bytes = bytes;
		this.#limit = limit;
		this.#outgoing = new WholeMessage(limit);
	}

	frame(message: Uint8Array, properties: FrameProperties, out: FrameOutput): void {
		const whole = this.#outgoing.add(message, properties.complete);
		if (whole === undefined) return;
		if (this.#bytes === 4) out.uint32(whole.length);
		else if (this.#bytes === 2) out.uint16(whole.length);
		else out.uint8(whole.length);
		out.write(whole);
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		const prefix = this.#bytes;
		if (input.length < prefix) return 'need-more';
		let length = 0;
		for (let index = 0; index < prefix; index += 1) length = length * 256 + input.at(index);
		checkReceived(length, this.#limit);
		if (input.length < prefix + length) return 'need-more';
		input.skip(prefix);
		return input.take(length);
	}
}

function limitOf(bytes: 1 | 2 | 4, options: LimitOptions): Limit {
	const limit = maxLengthOf(options, sixteenMebibytes, 'frame.lengthPrefix');
	const largest = 2 ** (8 * bytes) - 1;
	return limit.bytes <= largest ? limit : { bytes: largest, option: 'bytes of frame.lengthPrefix' };
}
