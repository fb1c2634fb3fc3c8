import { text } from './codecs/text.ts';
import type { LimitOptions } from './framing/limit.ts';
import { lines as framedByLines } from './framing/lines.ts';
import { messages, type TwoSidedProtocol } from './protocol.ts';

/**
 * The protocol of text lines: every line is one string, `messages(frame.lines(options), codec.text())`.
 *
 * `maxLength` is 1 MiB unless given, in bytes of UTF-8.
 */
export function lines(options: LimitOptions = {}): TwoSidedProtocol<string, string> {
	return messages(framedByLines(options), text());
}
