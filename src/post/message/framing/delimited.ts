/** Each message before a fixed series of bytes, which must not occur within. */

import { badArgument } from '../../../base/errors.ts';
import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../framer.ts';
import { checkReceived, endless, type Limit, type LimitOptions, maxLengthOf } from './limit.ts';
import { WholeMessage } from './whole-message.ts';

const oneMebibyte = 1_048_576;

/**
 * Messages that each end with `delimiter` (a string means its UTF-8 bytes; a copy is kept); `maxLength`, without the
 * delimiter, is 1 MiB unless given.
 *
 * A message that is sent in pieces leaves when it is complete. Errors: `bad-argument` for content in which a receiver
 * would find the delimiter too early, `too-large` as soon as the limit was passed, `malformed` for a stream that ends
 * without the delimiter.
 */
export function delimited(delimiter: Uint8Array | string, options: LimitOptions = {}): Framing {
	const bytes = typeof delimiter === 'string' ? new TextEncoder().encode(delimiter) : new Uint8Array(delimiter);
	if (bytes.length === 0) throw badArgument('the delimiter of frame.delimited must not be empty');
	const limit = maxLengthOf(options, oneMebibyte, 'frame.delimited');
	return {
		name: 'delimited',
		preservesBoundaries: true,
		maxLength: limit.bytes,
		framer: () => new DelimitedFramer(bytes, limit),
	};
}

class DelimitedFramer implements Framer {
	readonly #delimiter: Uint8Array;
	readonly #limit: Limit;
	readonly #outgoing: WholeMessage;
	/** No delimiter begins before this: bytes that were searched are not searched again. */
	#searched = 0;

	constructor(delimiter: Uint8Array, limit: Limit) {
		this.#delimiter = delimiter;
		this.#limit = limit;
		this.#outgoing = new WholeMessage(limit);
	}

	frame(message: Uint8Array, properties: FrameProperties, out: FrameOutput): void {
		const whole = this.#outgoing.add(message, properties.complete);
		if (whole === undefined) return;
		const delimiter = this.#delimiter;
		if (endsEarly(whole, delimiter)) {
			throw badArgument(`the content holds the delimiter of frame.delimited (bytes ${listed(delimiter)})`, 'send');
		}
		out.write(whole);
		out.write(delimiter);
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		const delimiter = this.#delimiter;
		let found = input.indexOf(delimiter[0]!, this.#searched);
		while (found >= 0 && found + delimiter.length <= input.length) {
			if (matches(input, found, delimiter)) {
				checkReceived(found, this.#limit);
				this.#searched = 0;
				const message = input.take(found);
				input.skip(delimiter.length);
				return message;
			}
			found = input.indexOf(delimiter[0]!, found + 1);
		}
		this.#searched = found < 0 ? input.length : found;
		if (this.#searched > this.#limit.bytes) throw endless(this.#searched, 'delimiter', this.#limit);
		return 'need-more';
	}
}

function matches(input: FrameInput, at: number, delimiter: Uint8Array): boolean {
	for (let index = 1; index < delimiter.length; index += 1) {
		if (input.at(at + index) !== delimiter[index]) return false;
	}
	return true;
}

/** Whether the delimiter begins inside `content`, be it that it ends in the delimiter which follows. */
function endsEarly(content: Uint8Array, delimiter: Uint8Array): boolean {
	let found = content.indexOf(delimiter[0]!);
	while (found >= 0) {
		let index = 1;
		while (index < delimiter.length) {
			const position = found + index;
			const byte = position < content.length ? content[position] : delimiter[position - content.length];
			if (byte !== delimiter[index]) break;
			index += 1;
		}
		if (index === delimiter.length) return true;
		found = content.indexOf(delimiter[0]!, found + 1);
	}
	return false;
}

function listed(delimiter: Uint8Array): string {
	const shown = Array.from(delimiter.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
	return delimiter.length > 8 ? `${shown} …` : shown;
}
