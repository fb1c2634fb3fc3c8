/** Content that is a message of Protocol Buffers, written and read by @bufbuild/protobuf or a library of its shape. */

import { badArgument } from '../../../base/errors.ts';
import type { Codec } from '../codec.ts';
import { decoded, encoded } from './outcome.ts';

/**
 * Messages of one `schema`, by the library's `fromBinary` and `toBinary`: two functions rather than the library, because
 * so the compiler finds the type of the message. `codec.pair` makes a codec of two schemas.
 *
 * The binary format has no end of its own and no type: any message framing will do, `frame.varint` is what Protocol
 * Buffers call size-delimited. Errors: `bad-argument` for what cannot be encoded, `malformed` for what cannot be decoded.
 */
export function protobuf<Schema, Message>(
	schema: Schema,
	fromBinary: (schema: Schema, bytes: Uint8Array) => Message,
	toBinary: (schema: Schema, message: Message) => Uint8Array,
): Codec<Message, Message> {
	if (typeof fromBinary !== 'function' || typeof toBinary !== 'function') {
		const advice = "npm install @bufbuild/protobuf, import { fromBinary, toBinary } from '@bufbuild/protobuf'";
		throw badArgument(`codec.protobuf takes a schema and two functions of a library: ${advice}`);
	}
	const name = 'Protocol Buffers';
	return {
		encode: (message) => encoded(name, () => toBinary(schema, message)),
		decode: (bytes) => decoded(name, () => fromBinary(schema, bytes)),
	};
}
