/** Content that is CBOR, written and read by a library of the program's. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { TwoSidedCodec } from '../codec.ts';
import { checkLibrary, type Library } from './library.ts';
import { type Input, type Output, type SchemaChoice, type Schemas, structured } from './structured.ts';

/**
 * CBOR (RFC 8949) by any `library` with `encode` and `decode`, such as cborg; schemas as in `codec.json`.
 *
 * Which values there are, and what hostile bytes may cost, is the library's. Errors: `bad-argument` for what it cannot
 * encode, `malformed` for what it cannot decode, and those of schemas.
 */
export function cbor<Received = unknown, Sent = Received>(library: Library): TwoSidedCodec<Received, Sent>;
export function cbor<Schema extends StandardSchemaV1>(
	library: Library,
	schema: Schema,
): TwoSidedCodec<Output<Schema>, Input<Schema>, Output<Schema>, Input<Schema>>;
export function cbor<Receive extends StandardSchemaV1, Send extends StandardSchemaV1>(
	library: Library,
	schemas: Schemas<Receive, Send>,
): TwoSidedCodec<Output<Receive>, Input<Send>, Output<Send>, Input<Receive>>;
export function cbor(library: Library, schemas?: SchemaChoice): TwoSidedCodec<unknown, unknown> {
	checkLibrary(library, 'codec.cbor', "npm install cborg, import * as cborg from 'cborg', codec.cbor(cborg)");
	const notation = {
		name: 'CBOR',
		copies: false,
		encode: (value: unknown) => library.encode(value),
		decode: (bytes: Uint8Array) => library.decode(bytes),
	};
	return structured(notation, schemas, 'codec.cbor');
}
