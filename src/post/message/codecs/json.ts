/** Content that is JSON. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { badArgument } from '../../../base/errors.ts';
import type { TwoSidedCodec } from '../codec.ts';
import { type Input, type Notation, type Output, type SchemaChoice, type Schemas, structured } from './structured.ts';
import { text } from './text.ts';

/**
 * JSON in UTF-8 (RFC 8259): any value, one schema for both directions, or one for each.
 *
 * Without a schema nobody checks what arrives: type arguments are then a promise of the caller. Errors on sending:
 * `bad-argument` for what JSON cannot hold (`undefined`, a cycle, a bigint) or the schema refuses; on receiving:
 * `malformed` for what is not JSON or the schema refuses; `not-supported` for a schema that validates asynchronously.
 */
export function json<Received = unknown, Sent = Received>(): TwoSidedCodec<Received, Sent>;
export function json<Schema extends StandardSchemaV1>(
	schema: Schema,
): TwoSidedCodec<Output<Schema>, Input<Schema>, Output<Schema>, Input<Schema>>;
export function json<Receive extends StandardSchemaV1, Send extends StandardSchemaV1>(
	schemas: Schemas<Receive, Send>,
): TwoSidedCodec<Output<Receive>, Input<Send>, Output<Send>, Input<Receive>>;
export function json(schemas?: SchemaChoice): TwoSidedCodec<unknown, unknown> {
	return structured(notation, schemas, 'codec.json');
}

const utf8 = text();

const notation: Notation = {
	name: 'JSON',
	copies: true,
	encode(value) {
		const json: string | undefined = JSON.stringify(value);
		if (json !== undefined) return utf8.encode(json);
		throw badArgument(`the value cannot be JSON: JSON has no ${typeof value}`, 'send');
	},
	decode: (bytes) => JSON.parse(utf8.decode(bytes)),
};
