/** Content that is bytes already. */

import { badArgument } from '../../../base/errors.ts';
import type { Codec } from '../codec.ts';

/**
 * Bytes as they are. What is sent is not copied: leave the array alone until `send` has settled.
 *
 * Errors: `bad-argument` for anything but a `Uint8Array` (a `Buffer` is one).
 */
export function bytes(): Codec<Uint8Array, Uint8Array> {
	return {
		encode(value) {
			if (value instanceof Uint8Array) return value;
			const advice = typeof value === 'string' ? '; codec.text() carries strings' : '';
			throw badArgument(`codec.bytes() carries Uint8Array only, not ${typeof value}${advice}`, 'send');
		},
		decode: (received) => received,
	};
}
