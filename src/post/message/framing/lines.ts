/** One message on each line. */

import { badArgument } from '../../../base/errors.ts';
import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../framer.ts';
import { checkReceived, endless, type Limit, type LimitOptions, maxLengthOf } from './limit.ts';
import { WholeMessage } from './whole-message.ts';

const oneMebibyte = 1_048_576;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Lines: sent with `\n`, received with `\n` or `\r\n`, neither of which is part of the message; the last line of a
 * stream needs neither. An empty line is an empty message. `maxLength` is 1 MiB unless given.
 *
 * A message that is sent in pieces leaves when it is complete. Errors: `bad-argument` for content with `\n` or with
 * `\r` at its end, which a receiver would not get back; `too-large` as soon as the limit was passed.
 */
export function lines(options: LimitOptions = {}): Framing {
	const limit = maxLengthOf(options, oneMebibyte, 'frame.lines');
	return { name: 'lines', preservesBoundaries: true, maxLength: limit.bytes, framer: () => new LinesFramer(limit) };
}

class LinesFramer implements Framer {
	readonly #limit: Limit;
	readonly #outgoing: WholeMessage;
	/** No line ends before this: bytes that were searched are not searched again. */
	#searched = 0;

	constructor(limit: Limit) {
		this.#limit = limit;
		this.#outgoing = new WholeMessage(limit);
	}

	frame(message: Uint8Array, properties: FrameProperties, out: FrameOutput): void {
		const whole = this.#outgoing.add(message, properties.complete);
		if (whole === undefined) return;
		if (whole.indexOf(lineFeed) >= 0) throw badArgument('the content holds a line feed, which ends a line', 'send');
		if (whole[whole.length - 1] === carriageReturn) {
			throw badArgument(
				'the content ends in a carriage return, which a receiver takes for part of the line end',
				'send',
			);
		}
		out.write(whole);
		out.uint8(lineFeed);
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		const end = input.indexOf(lineFeed, this.#searched);
		if (end < 0) return this.#unfinished(input);
		this.#searched = 0;
		const length = end > 0 && input.at(end - 1) === carriageReturn ? end - 1 : end;
		checkReceived(length, this.#limit);
		const line = input.take(length);
		input.skip(end + 1 - length);
		return line;
	}

	#unfinished(input: FrameInput): Frame | 'need-more' {
		const { length } = input;
		const limit = this.#limit.bytes;
		this.#searched = length;
		if (input.ended) {
			if (length === 0) return 'need-more';
			checkReceived(length, this.#limit);
			return input.take(length);
		}
		const mayEndNow = length <= limit || (length === limit + 1 && input.at(limit) === carriageReturn);
		if (!mayEndNow) throw endless(length, 'line end', this.#limit);
		return 'need-more';
	}
}
