/** Bytes without boundaries: the whole stream is one message, which ends with it. */

import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../framer.ts';

const empty = new Uint8Array(0);

/**
 * A bare stream of bytes: nothing is added to what is sent, and what arrives is delivered in pieces as it comes, at
 * the end of the stream an empty piece that completes the one message. Nothing is buffered, so it has no limit.
 */
export function stream(): Framing {
	return { name: 'stream', preservesBoundaries: false, framer: () => new StreamFramer() };
}

class StreamFramer implements Framer {
	#completed = false;

	frame(message: Uint8Array, _properties: FrameProperties, out: FrameOutput): void {
		out.write(message);
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		if (input.length > 0) return { content: input.take(input.length), complete: false };
		if (!input.ended || this.#completed) return 'need-more';
		this.#completed = true;
		return { content: empty, complete: true };
	}
}
