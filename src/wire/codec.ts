/**
 * The rules that every codec of this folder keeps.
 *
 * A codec is a module, used as a namespace (`import * as ipv4 from '../wire/ipv4.ts'`): `parse`, `lengthOf`, `emit`.
 *
 * * `parse(bytes, start, end, ...)` reads from borrowed bytes, in place, and never outside of `start` to `end`. It does
 *   not throw: what cannot be read is a `Flaw`, a string where the result is an object, so that
 *   `if (typeof packet === 'string') drop(packet)` is the whole handling and the key of a counter.
 * * Headers that every packet has (Ethernet, IPv4, IPv6, UDP, TCP) parse to a *view*, which checks its bounds once and
 *   reads a field when asked; everything else to a *value*, whose byte arrays are views of the packet. Both are good for
 *   as long as the bytes are: who keeps them longer copies.
 * * A value is a plain readonly object that can be emitted, and so is a view. `emit(value, out, offset)` writes
 *   `lengthOf(value)` bytes and returns the offset behind them. What does not fit `out`, or its own format, is the
 *   caller's mistake and throws `bad-argument`. A number is cut to the width of its field.
 * * Lenient when reading, strict when writing: reserved fields are ignored and written as zero, an option that is
 *   unknown or has not the shape its type demands is kept as opaque bytes, and bytes behind a packet are no flaw.
 * * Checksums are verified by `parse`; where a link has done that already, `offloaded` goes in the place of the sum that
 *   it begins with (checksum.ts). A checksum that covers more than what `emit` writes is written by `seal`, later.
 */

import { badArgument } from '../base/errors.ts';

/**
 * Why bytes could not be read. `truncated`: they end too early. `malformed`: they contradict themselves or the RFC.
 * `checksum`: they were damaged. `unsupported`: another version, or another kind of hardware.
 */
export type Flaw = 'truncated' | 'malformed' | 'checksum' | 'unsupported';

/** The offset behind `length` bytes at `offset`. Throws `bad-argument` if `out` has not so many. */
export function reserve(out: Uint8Array, offset: number, length: number): number {
	if (offset + length <= out.length) return offset + length;
	throw badArgument(
		`${length} bytes do not fit into the ${out.length - offset} that are left; make room by lengthOf()`,
	);
}
