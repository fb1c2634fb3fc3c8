/** A codec for each direction. */

import { badArgument } from '../../../base/errors.ts';
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

/** The codecs as the end sees it which holds the pair; `mirrored()` swaps them. */
export interface CodecPair<Receive extends CodecLike, Send extends CodecLike> {
	readonly receive: Receive;
	readonly send: Send;
}

/** What arrives is read by `receive`, what is sent is written by `send`. Errors: those of the two. */
export function pair<Receive extends CodecLike, Send extends CodecLike>(
	codecs: CodecPair<Receive, Send>,
): TwoSidedCodec<ReceivedBy<Receive>, SentBy<Send>, ReceivedByPeer<Send>, SentByPeer<Receive>>;
export function pair({ receive, send }: CodecPair<AnyCodec, AnyCodec>): TwoSidedCodec<unknown, never, unknown, never> {
	for (const [name, codec] of Object.entries({ receive, send })) {
		if (typeof codec?.decode !== 'function') throw badArgument(`${name} of codec.pair must be a codec`);
	}
	return {
		copies: receive.copies ?? false,
		encode: (value) => send.encode(value),
		decode: (bytes) => receive.decode(bytes),
		mirrored: () => pair({ receive: mirrorOf(send), send: mirrorOf(receive) }),
	};
}
