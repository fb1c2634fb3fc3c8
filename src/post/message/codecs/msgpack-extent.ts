/** Whether bytes are one whole MessagePack value, found out by its headers and without memory. */

import { PostSocketsError } from '../../../base/errors.ts';

/** For the types from 0xc0 to 0xdf: bytes behind the type, beside those that a length counts. */
const fixed = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 0, 0, 0, 0, 0, 0, 0];

/** For the same types: the size of their length. */
const lengths = [0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4];

const array16 = 0xdc;
const map16 = 0xde;

/** Throws `malformed` unless `bytes` are one value, all of it and nothing behind it. */
export function checkExtent(bytes: Uint8Array): void {
	/** Values that are to come. Each has a byte at least. */
	let missing = 1;
	let at = 0;
	while (missing > 0) {
		if (missing > bytes.length - at) throw malformed('is cut off, or claims more than it has');
		const type = bytes[at++]!;
		missing -= 1;
		if (type < 0x80 || type >= 0xe0) continue;
		if (type === 0xc1) throw malformed('has the type 0xc1, which there is not');
		if (type < 0x90) missing += 2 * (type & 0x0f);
		else if (type < 0xa0) missing += type & 0x0f;
		else if (type < 0xc0) at += type & 0x1f;
		else {
			const size = lengths[type - 0xc0]!;
			let length = 0;
			for (let index = 0; index < size; index += 1) length = length * 256 + (bytes[at++] ?? 0);
			if (type >= map16) missing += 2 * length;
			else if (type >= array16) missing += length;
			else at += length + fixed[type - 0xc0]!;
		}
	}
	if (at > bytes.length) throw malformed('is cut off');
	if (at < bytes.length) throw malformed(`goes on for ${bytes.length - at} bytes after its end`);
}

function malformed(what: string): PostSocketsError {
	return new PostSocketsError('malformed', `the message is not MessagePack: it ${what}`, { operation: 'receive' });
}
