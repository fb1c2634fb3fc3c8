/** Content that is MessagePack, written and read by a library of the program's. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { TwoSidedCodec } from '../codec.ts';
import { checkLibrary, type Library } from './library.ts';
import { checkExtent } from './msgpack-extent.ts';
import { type Input, type Output, type SchemaChoice, type Schemas, structured } from './structured.ts';

/**
 * MessagePack by any `library` with `encode` and `decode`, such as @msgpack/msgpack; schemas as in `codec.json`.
 *
 * Which values there are is the library's. It sees nothing but one whole value: libraries make room for as many elements
 * as an array claims, which costs memory without bounds where they are not there. Errors: `bad-argument` for what it
 * cannot encode, `malformed` for what it cannot decode, and those of schemas.
 */
export function msgpack<Received = unknown, Sent = Received>(library: Library): TwoSidedCodec<Received, Sent>;
export function msgpack<Schema extends StandardSchemaV1>(
	library: Library,
	schema: Schema,
): TwoSidedCodec<Output<Schema>, Input<Schema>, Output<Schema>, Input<Schema>>;
export function msgpack<Receive extends StandardSchemaV1, Send extends StandardSchemaV1>(
	library: Library,
	schemas: Schemas<Receive, Send>,
): TwoSidedCodec<Output<Receive>, Input<Send>, Output<Send>, Input<Receive>>;
export function msgpack(library: Library, schemas?: SchemaChoice): TwoSidedCodec<unknown, unknown> {
	const advice = "npm install @msgpack/msgpack, import * as msgpack from '@msgpack/msgpack', codec.msgpack(msgpack)";
	checkLibrary(library, 'codec.msgpack', advice);
	const notation = {
		name: 'MessagePack',
		copies: false,
		encode: (value: unknown) => library.encode(value),
		decode(bytes: Uint8Array) {
			checkExtent(bytes);
			return library.decode(bytes);
		},
	};
	return structured(notation, schemas, 'codec.msgpack');
}
