/** Content that begins with a number, which says by what codec the rest is to be read. */

import { badArgument, PostSocketsError } from '../../../base/errors.ts';
import type { TwoSidedCodec } from '../codec.ts';
import {
	type AnyCodec,
	type CodecLike,
	mirrorOf,
	type ReceivedBy,
	type ReceivedByPeer,
	type SentBy,
	type SentByPeer,
} from './sides.ts';

/** A codec for each type. */
type TypedCodecs<Kind> = { readonly [type: number]: Kind };

/** One of some messages, told apart by their `type`: `Contents` has what each type contains. */
type OneOf<Contents> = {
	[Type in keyof Contents & number]: { readonly type: Type; readonly content: Contents[Type] };
}[keyof Contents & number];
type Received<Codecs> = OneOf<{ [Type in keyof Codecs]: ReceivedBy<Codecs[Type]> }>;
type Sent<Codecs> = OneOf<{ [Type in keyof Codecs]: SentBy<Codecs[Type]> }>;
type PeerReceived<Codecs> = OneOf<{ [Type in keyof Codecs]: ReceivedByPeer<Codecs[Type]> }>;
type PeerSent<Codecs> = OneOf<{ [Type in keyof Codecs]: SentByPeer<Codecs[Type]> }>;

export interface TlvCodecOptions {
	/** Bytes of the type, in network byte order; default 1. The same as of `frame.tlv`. */
	readonly typeBytes?: 1 | 2 | 4 | undefined;
}

/**
 * Values `{ type, content }`, of which each type has its codec: for `frame.tlv`, or any framing of messages that begin
 * with their type.
 *
 * Errors: `bad-argument` for a type to be sent that has no codec, `malformed` for a received one, and those of the codecs.
 */
export function tlv<const Codecs extends TypedCodecs<CodecLike>>(
	codecs: Codecs,
	options?: TlvCodecOptions,
): TwoSidedCodec<Received<Codecs>, Sent<Codecs>, PeerReceived<Codecs>, PeerSent<Codecs>>;
export function tlv(
	codecs: TypedCodecs<AnyCodec>,
	{ typeBytes = 1 }: TlvCodecOptions = {},
): TwoSidedCodec<Tlv<unknown>, Tlv<never>, Tlv<unknown>, Tlv<never>> {
	if (typeBytes !== 1 && typeBytes !== 2 && typeBytes !== 4) {
		throw badArgument(`typeBytes of codec.tlv must be 1, 2 or 4, not ${typeBytes}`);
	}
	return tlvOf(byType(codecs, 2 ** (8 * typeBytes) - 1), typeBytes);
}

interface Tlv<Content> {
	readonly type: number;
	readonly content: Content;
}

function tlvOf(
	codecs: ReadonlyMap<number, AnyCodec>,
	typeBytes: number,
): TwoSidedCodec<Tlv<unknown>, Tlv<never>, Tlv<unknown>, Tlv<never>> {
	return {
		copies: Array.from(codecs.values()).every(({ copies }) => copies),
		encode({ type, content }) {
			const codec = codecs.get(type);
			if (!codec) throw badArgument(`codec.tlv has no codec for messages of type ${type}`, 'send');
			const value = codec.encode(content);
			const bytes = new Uint8Array(typeBytes + value.length);
			for (let index = 0; index < typeBytes; index += 1) bytes[index] = type >>> (8 * (typeBytes - 1 - index));
			bytes.set(value, typeBytes);
			return bytes;
		},
		decode(bytes) {
			if (bytes.length < typeBytes) throw malformed(`the message of ${bytes.length} bytes has no type (codec.tlv)`);
			let type = 0;
			for (let index = 0; index < typeBytes; index += 1) type = type * 256 + bytes[index]!;
			const codec = codecs.get(type);
			if (!codec) throw malformed(`the peer's message is of type ${type}, for which codec.tlv has no codec`);
			return { type, content: codec.decode(bytes.subarray(typeBytes)) };
		},
		mirrored: () => tlvOf(new Map(Array.from(codecs, ([type, codec]) => [type, mirrorOf(codec)])), typeBytes),
	};
}

function byType(codecs: TypedCodecs<AnyCodec>, largest: number): Map<number, AnyCodec> {
	const types = new Map<number, AnyCodec>();
	for (const [key, codec] of Object.entries(codecs)) {
		const type = Number(key);
		if (!Number.isInteger(type) || type < 0 || type > largest) {
			throw badArgument(`a type of codec.tlv must be an integer from 0 to ${largest}, not ${key}`);
		}
		if (typeof codec?.decode !== 'function') throw badArgument(`type ${key} of codec.tlv must have a codec`);
		types.set(type, codec);
	}
	return types;
}

function malformed(message: string): PostSocketsError {
	return new PostSocketsError('malformed', message, { operation: 'receive' });
}
