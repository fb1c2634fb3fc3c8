/** Each message as type, length, value: what many binary protocols begin their packets with. */

import { badArgument, PostSocketsError } from '../../../base/errors.ts';
import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../framer.ts';
import { varintAt, varintSize, writeVarint } from './leb128.ts';
import { checkReceived, type Limit, type LimitOptions, maxLengthOf } from './limit.ts';
import { WholeMessage } from './whole-message.ts';

const sixteenMebibytes = 16_777_216;

/** Enough for the marker that BGP has before its length. */
const mostTypeBytes = 16;

export interface TlvOptions extends LimitOptions {
	/** All that stands before the length, a type among it, in bytes from 1 to 16; default 1. */
	readonly typeBytes?: number | undefined;
	/** The size of the length in bytes, or `'varint'` for unsigned LEB128, as MQTT has it; default 2. */
	readonly lengthBytes?: 1 | 2 | 3 | 4 | 'varint' | undefined;
	/** What the length counts; default `'value'`. */
	readonly counts?: 'value' | 'length-and-value' | 'everything' | undefined;
}

/** What the options come to. */
interface Header {
	readonly typeBytes: number;
	readonly lengthBytes: 1 | 2 | 3 | 4 | 'varint';
	/** What the length counts beside the value, in bytes. */
	readonly extra: number;
}

/**
 * Messages behind a type and a length. A message is its type and its value, the bytes of the one before those of the
 * other, so that `codec.tlv` or a codec of yours sees the type; the length stands between them on the wire only.
 * `maxLength`, of type and value, is 16 MiB unless given.
 *
 * A message that is sent in pieces leaves when it is complete. Errors: `bad-argument` for a message shorter than its
 * type; `too-large` as soon as the length was read; `malformed` for a length that is less than what it counts.
 */
export function tlv(options: TlvOptions = {}): Framing {
	const { typeBytes = 1, lengthBytes = 2, counts = 'value' } = options;
	if (!Number.isInteger(typeBytes) || typeBytes < 1 || typeBytes > mostTypeBytes) {
		throw badArgument(`typeBytes of frame.tlv must be an integer from 1 to ${mostTypeBytes}, not ${typeBytes}`);
	}
	if (![1, 2, 3, 4, 'varint'].includes(lengthBytes)) {
		throw badArgument(`lengthBytes of frame.tlv must be 1, 2, 3, 4 or 'varint', not ${lengthBytes}`);
	}
	const header = { typeBytes, lengthBytes, extra: extraOf(counts, typeBytes, lengthBytes) };
	const limit = limitOf(header, options);
	return { name: 'tlv', preservesBoundaries: true, maxLength: limit.bytes, framer: () => new TlvFramer(header, limit) };
}

class TlvFramer implements Framer {
	readonly #header: Header;
	readonly #limit: Limit;
	readonly #outgoing: WholeMessage;

	constructor(header: Header, limit: Limit) {
		this.#header = header;
		this.#limit = limit;
		this.#outgoing = new WholeMessage(limit);
	}

	frame(message: Uint8Array, properties: FrameProperties, out: FrameOutput): void {
		const whole = this.#outgoing.add(message, properties.complete);
		if (whole === undefined) return;
		const { typeBytes, lengthBytes, extra } = this.#header;
		if (whole.length < typeBytes) {
			throw badArgument(`a message of frame.tlv begins with a type of ${typeBytes} bytes, not ${whole.length}`, 'send');
		}
		out.write(whole.subarray(0, typeBytes));
		writeLength(whole.length - typeBytes + extra, lengthBytes, out);
		out.write(whole.subarray(typeBytes));
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		const { typeBytes, lengthBytes, extra } = this.#header;
		const size = lengthBytes === 'varint' ? varintSize(input, typeBytes, 'frame.tlv') : lengthBytes;
		if (size === 0 || input.length < typeBytes + size) return 'need-more';
		const counted = lengthBytes === 'varint' ? varintAt(input, typeBytes, size) : integerAt(input, typeBytes, size);
		if (counted < extra) throw tooShort(counted, extra);
		const length = counted - extra;
		checkReceived(typeBytes + length, this.#limit);
		if (input.length < typeBytes + size + length) return 'need-more';
		const message = new Uint8Array(typeBytes + length);
		message.set(input.take(typeBytes));
		input.skip(size);
		message.set(input.take(length), typeBytes);
		return message;
	}
}

function extraOf(counts: TlvOptions['counts'], typeBytes: number, lengthBytes: Header['lengthBytes']): number {
	if (counts === 'value') return 0;
	if (counts !== 'length-and-value' && counts !== 'everything') {
		throw badArgument(`counts of frame.tlv must be 'value', 'length-and-value' or 'everything', not ${counts}`);
	}
	if (lengthBytes === 'varint') throw badArgument("a 'varint' of frame.tlv counts the value only, not itself");
	return counts === 'everything' ? typeBytes + lengthBytes : lengthBytes;
}

function limitOf({ typeBytes, lengthBytes, extra }: Header, options: TlvOptions): Limit {
	const limit = maxLengthOf(options, sixteenMebibytes, 'frame.tlv');
	const largest = typeBytes + 2 ** (8 * (lengthBytes === 'varint' ? 4 : lengthBytes)) - 1 - extra;
	return limit.bytes <= largest ? limit : { bytes: largest, option: 'lengthBytes of frame.tlv' };
}

function writeLength(length: number, bytes: Header['lengthBytes'], out: FrameOutput): void {
	if (bytes === 'varint') writeVarint(length, out);
	else if (bytes === 4) out.uint32(length);
	else {
		if (bytes === 3) out.uint8(length >>> 16);
		if (bytes === 1) out.uint8(length);
		else out.uint16(length & 0xffff);
	}
}

function integerAt(input: FrameInput, from: number, bytes: number): number {
	let value = 0;
	for (let index = 0; index < bytes; index += 1) value = value * 256 + input.at(from + index);
	return value;
}

function tooShort(counted: number, extra: number): PostSocketsError {
	const message = `the peer sent a length of ${counted}, which counts ${extra} bytes of header already (frame.tlv)`;
	return new PostSocketsError('malformed', message, { operation: 'receive' });
}
