/** What a codec carries, as types: of its own end and of the other one. */

import type { Codec, TwoSidedCodec } from '../codec.ts';

export type AnyCodec = Codec<unknown, never>;

/** What a parameter asks of a codec that is made in its place, so that the compiler takes the codec's own types. */
export interface CodecLike {
	readonly encode: unknown;
	readonly decode: unknown;
}

export type ReceivedBy<C> = C extends { decode(bytes: Uint8Array): infer Received } ? Received : never;
export type SentBy<C> = C extends { encode(value: infer Sent): Uint8Array } ? Sent : never;

/** A codec without a mirror serves both ends. */
type Mirror<C> = C extends { mirrored(): infer Other } ? Other : C;
export type ReceivedByPeer<C> = ReceivedBy<Mirror<C>>;
export type SentByPeer<C> = SentBy<Mirror<C>>;

/** The codec of the other end. */
export function mirrorOf(codec: AnyCodec): AnyCodec {
	return 'mirrored' in codec ? (codec as TwoSidedCodec<unknown, never, unknown, never>).mirrored() : codec;
}
