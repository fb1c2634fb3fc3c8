/** What functions that are not ours do, with errors of ours. */

import { badArgument, PostSocketsError } from '../../../base/errors.ts';

/** What `encode` gives. Throws `bad-argument` for what it throws, and for anything but bytes; `notation` is for errors. */
export function encoded(notation: string, encode: () => Uint8Array): Uint8Array {
	let bytes: Uint8Array;
	try {
		bytes = encode();
	} catch (cause) {
		if (cause instanceof PostSocketsError) throw cause;
		const message = `the value cannot be ${notation}${because(cause)}`;
		throw new PostSocketsError('bad-argument', message, { operation: 'send', cause });
	}
	if (bytes instanceof Uint8Array) return bytes;
	throw badArgument(`the library for ${notation} encoded to ${typeof bytes}, where a Uint8Array is wanted`, 'send');
}

/** What `decode` gives. Throws `malformed` for what it throws. */
export function decoded<Value>(notation: string, decode: () => Value): Value {
	try {
		return decode();
	} catch (cause) {
		if (cause instanceof PostSocketsError) throw cause;
		const message = `the message is not ${notation}${because(cause)}`;
		throw new PostSocketsError('malformed', message, { operation: 'receive', cause });
	}
}

function because(cause: unknown): string {
	return cause instanceof Error ? `: ${cause.message}` : '';
}
