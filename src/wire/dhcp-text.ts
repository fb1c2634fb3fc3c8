/** Text in DHCP: ASCII by the book (RFC 2132 §2), and a character for each byte where senders do not keep to it. */

import { badArgument } from '../base/errors.ts';

export function decodeText(bytes: Uint8Array): string {
	return bytes.reduce((text, byte) => text + String.fromCharCode(byte), '');
}

/** Throws `bad-argument` for characters that are not a byte. */
export function encodeText(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => {
		const code = character.codePointAt(0)!;
		if (code > 0xff) throw badArgument(`"${text}" cannot be sent by DHCP, whose texts are ASCII`);
		return code;
	});
}
