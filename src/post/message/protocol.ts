/** What two ends agree on: a framing, a codec, and how a reply finds its request. One definition types both ends. */

import { badArgument } from '../../base/errors.ts';
import type { Codec, TwoSidedCodec } from './codec.ts';
import type { Framing } from './framer.ts';

/** The key that joins a reply to its request, read off each direction's messages. */
export interface Correlation<Received, Sent> {
	received(value: Received): unknown;
	sent(value: Sent): unknown;
}

/** What a carrier needs to know. */
export interface Protocol<Received, Sent> {
	readonly framing: Framing;
	readonly codec: Codec<Received, Sent>;
	/** Without it replies are taken in the order of the requests. */
	readonly correlate: Correlation<Received, Sent> | undefined;
}

/** A protocol as `messages` defines it: it knows the types of both ends. */
export interface TwoSidedProtocol<Received, Sent, PeerReceived = Sent, PeerSent = Received>
	extends Protocol<Received, Sent> {
	/** The same protocol as the other end sees it. */
	mirrored(): TwoSidedProtocol<PeerReceived, PeerSent, Received, Sent>;
}

export interface ProtocolOptions<Received, Sent> {
	/** Joins replies to requests by a key, so that they may come in any order. */
	readonly correlate?: Correlation<Received, Sent> | undefined;
}

/**
 * A protocol of messages: `framing` says where each begins and ends, `codec` what it means.
 *
 * The pair is a value without state: use it for as many carriers and listeners as you like. `correlate` reads a value
 * at the end that sends it as well as at the end that receives it.
 */
export function messages<Received, Sent, PeerReceived, PeerSent>(
	framing: Framing,
	codec: TwoSidedCodec<Received, Sent, PeerReceived, PeerSent>,
	options?: ProtocolOptions<NoInfer<Received | PeerSent>, NoInfer<Sent | PeerReceived>>,
): TwoSidedProtocol<Received, Sent, PeerReceived, PeerSent>;
export function messages<Received, Sent>(
	framing: Framing,
	codec: Codec<Received, Sent>,
	options?: ProtocolOptions<NoInfer<Received | Sent>, NoInfer<Received | Sent>>,
): TwoSidedProtocol<Received, Sent, Received, Sent>;
export function messages<Value>(
	framing: Framing,
	codec: Codec<Value, Value> & { mirrored?(): Codec<Value, Value> },
	{ correlate }: ProtocolOptions<Value, Value> = {},
): TwoSidedProtocol<Value, Value> {
	if (typeof framing?.framer !== 'function')
		throw badArgument('a framing is the result of a call, as in frame.lines()');
	if (typeof codec?.decode !== 'function') throw badArgument('a codec is the result of a call, as in codec.text()');
	return {
		framing,
		codec,
		correlate,
		mirrored: () => messages(framing, codec.mirrored?.() ?? codec, { correlate: correlate && mirror(correlate) }),
	};
}

function mirror<Received, Sent>(correlate: Correlation<Received, Sent>): Correlation<Sent, Received> {
	return { received: (value) => correlate.sent(value), sent: (value) => correlate.received(value) };
}
