/** Content that is text, in UTF-8. */

import { badArgument, PostSocketsError } from '../../../base/errors.ts';
import type { Codec } from '../codec.ts';

/**
 * Strings in UTF-8, nothing stripped and nothing added: a byte order mark is a character like others.
 *
 * Errors: `malformed` for received bytes that are not UTF-8. A lone surrogate in a sent string is no character, so
 * U+FFFD takes its place.
 */
export function text(): Codec<string, string> {
	const encoder = new TextEncoder();
	const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
	return {
		copies: true,
		encode(value) {
			if (typeof value === 'string') return encoder.encode(value);
			throw badArgument(`codec.text() carries strings only, not ${typeof value}`, 'send');
		},
		decode(bytes) {
			try {
				return decoder.decode(bytes);
			} catch (cause) {
				const message = `the message of ${bytes.length} bytes is not UTF-8 text`;
				throw new PostSocketsError('malformed', message, { operation: 'receive', cause });
			}
		},
	};
}
