import { badArgument } from '../../../base/errors.ts';

/** What a codec needs of a library that the program has chosen and installed. */
export interface Library {
	encode(value: unknown): Uint8Array;
	decode(bytes: Uint8Array): unknown;
}

/** Throws `bad-argument`, with `advice`, for what is no such library. */
export function checkLibrary(library: Library, codec: string, advice: string): void {
	if (typeof library?.encode === 'function' && typeof library.decode === 'function') return;
	throw badArgument(`${codec} takes a library with encode and decode: ${advice}`);
}
