/** Content that is JSON, checked by schemas of any library that follows Standard Schema. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { badArgument, PostSocketsError } from '../../../base/errors.ts';
import type { TwoSidedCodec } from '../codec.ts';
import { checked } from './schema.ts';
import { text } from './text.ts';

/** The schemas as the end sees it which holds the codec; `mirrored()` swaps them. */
export interface JsonSchemas<Receive extends StandardSchemaV1, Send extends StandardSchemaV1> {
	/** What arrives is parsed by this and delivered as its output. */
	readonly receive: Receive;
	/** What is sent must be an input of this, and travels as it was given: the peer's schema parses it. */
	readonly send: Send;
}

type Input<Schema extends StandardSchemaV1> = StandardSchemaV1.InferInput<Schema>;
type Output<Schema extends StandardSchemaV1> = StandardSchemaV1.InferOutput<Schema>;

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
	schemas: JsonSchemas<Receive, Send>,
): TwoSidedCodec<Output<Receive>, Input<Send>, Output<Send>, Input<Receive>>;
export function json(
	schemas?: StandardSchemaV1 | JsonSchemas<StandardSchemaV1, StandardSchemaV1>,
): TwoSidedCodec<unknown, unknown> {
	if (schemas === undefined) return jsonOf(undefined, undefined);
	if ('~standard' in schemas) return jsonOf(schemas, schemas);
	const { receive, send } = schemas;
	for (const [name, schema] of Object.entries({ receive, send })) {
		if (schema?.['~standard'] === undefined) {
			throw badArgument(`${name} of codec.json must be a Standard Schema, as zod, valibot and arktype make them`);
		}
	}
	return jsonOf(receive, send);
}

function jsonOf(
	receive: StandardSchemaV1 | undefined,
	send: StandardSchemaV1 | undefined,
): TwoSidedCodec<unknown, unknown> {
	const utf8 = text();
	return {
		copies: true,
		encode(value) {
			if (send !== undefined) checked(send, value, 'send');
			return utf8.encode(stringified(value));
		},
		decode(bytes) {
			const value = parsed(utf8.decode(bytes));
			return receive === undefined ? value : checked(receive, value, 'receive');
		},
		mirrored: () => jsonOf(send, receive),
	};
}

function stringified(value: unknown): string {
	let json: string | undefined;
	try {
		json = JSON.stringify(value);
	} catch (cause) {
		const why = cause instanceof Error ? `: ${cause.message}` : '';
		throw new PostSocketsError('bad-argument', `the value cannot be JSON${why}`, { operation: 'send', cause });
	}
	if (json !== undefined) return json;
	throw badArgument(`the value cannot be JSON: JSON has no ${typeof value}`, 'send');
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (cause) {
		const why = cause instanceof Error ? `: ${cause.message}` : '';
		throw new PostSocketsError('malformed', `the message is not JSON${why}`, { operation: 'receive', cause });
	}
}
