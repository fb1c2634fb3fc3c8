/** Codecs of plain values, whatever notation writes them: checked by schemas of any library with Standard Schema. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { badArgument } from '../../../base/errors.ts';
import type { TwoSidedCodec } from '../codec.ts';
import { decoded, encoded } from './outcome.ts';
import { checked } from './schema.ts';

/** The schemas as the end sees it which holds the codec; `mirrored()` swaps them. */
export interface Schemas<Receive extends StandardSchemaV1, Send extends StandardSchemaV1> {
	/** What arrives is parsed by this and delivered as its output. */
	readonly receive: Receive;
	/** What is sent must be an input of this, and travels as it was given: the peer's schema parses it. */
	readonly send: Send;
}

/** One schema for both directions, one for each, or none. */
export type SchemaChoice = StandardSchemaV1 | Schemas<StandardSchemaV1, StandardSchemaV1> | undefined;

export type Input<Schema extends StandardSchemaV1> = StandardSchemaV1.InferInput<Schema>;
export type Output<Schema extends StandardSchemaV1> = StandardSchemaV1.InferOutput<Schema>;

/** How values are written. What its functions throw becomes an error of ours. */
export interface Notation {
	/** For errors: `JSON`. */
	readonly name: string;
	readonly copies: boolean;
	encode(value: unknown): Uint8Array;
	decode(bytes: Uint8Array): unknown;
}

/** The codec of `notation`; `codec` is its name for errors. */
export function structured(notation: Notation, schemas: SchemaChoice, codec: string): TwoSidedCodec<unknown, unknown> {
	if (schemas === undefined) return codecOf(notation, undefined, undefined);
	if ('~standard' in schemas) return codecOf(notation, schemas, schemas);
	const { receive, send } = schemas;
	for (const [name, schema] of Object.entries({ receive, send })) {
		if (schema?.['~standard'] === undefined) {
			throw badArgument(`${name} of ${codec} must be a Standard Schema, as zod, valibot and arktype make them`);
		}
	}
	return codecOf(notation, receive, send);
}

function codecOf(
	notation: Notation,
	receive: StandardSchemaV1 | undefined,
	send: StandardSchemaV1 | undefined,
): TwoSidedCodec<unknown, unknown> {
	const { name, copies } = notation;
	return {
		copies,
		encode(value) {
			if (send !== undefined) checked(send, value, 'send');
			return encoded(name, () => notation.encode(value));
		},
		decode(bytes) {
			const value = decoded(name, () => notation.decode(bytes));
			return receive === undefined ? value : checked(receive, value, 'receive');
		},
		mirrored: () => codecOf(notation, send, receive),
	};
}
