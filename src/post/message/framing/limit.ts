/** The bound every framing has on the size of a message, and the errors that name it. */

import { badArgument, PostSocketsError } from '../../../base/errors.ts';

export interface LimitOptions {
	/** The largest content of a message in bytes, from 1 to 2³² - 1. A larger one is `too-large` in both directions. */
	readonly maxLength?: number | undefined;
}

/** A bound with the name of the option that raises it. */
export interface Limit {
	readonly bytes: number;
	readonly option: string;
}

export function maxLengthOf(options: LimitOptions, standard: number, framing: string): Limit {
	const bytes = options.maxLength ?? standard;
	if (!Number.isInteger(bytes) || bytes < 1 || bytes > 0xffff_ffff) {
		throw badArgument(`maxLength of ${framing} must be an integer from 1 to 4294967295 (bytes), not ${bytes}`);
	}
	return { bytes, option: `maxLength of ${framing}` };
}

/** Throws `too-large` unless a message of `length` bytes may be sent. */
export function checkSent(length: number, limit: Limit): void {
	if (length > limit.bytes) throw tooLarge(`a message of ${length} bytes`, limit, 'send');
}

/** Throws `too-large` unless a message of `length` bytes may be received. */
export function checkReceived(length: number, limit: Limit): void {
	if (length > limit.bytes) throw tooLarge(`the peer's message of ${length} bytes`, limit, 'receive');
}

/** `too-large` for a message whose end is not in sight. */
export function endless(seen: number, missing: string, limit: Limit): PostSocketsError {
	return tooLarge(`the peer's message of at least ${seen} bytes (no ${missing} yet)`, limit, 'receive');
}

function tooLarge(what: string, limit: Limit, operation: string): PostSocketsError {
	const message = `${what} is over the limit of ${limit.bytes}; ${limit.option} raises it`;
	return new PostSocketsError('too-large', message, { operation });
}
