/** How a message's content becomes bytes and back. `codecSuite` of `post-sockets/testing` is this text as tests. */

/** Without a mirror (see `TwoSidedCodec`) the same codec serves both ends. */
export interface Codec<Received, Sent> {
	/** Returns bytes the carrier may keep until they were sent. Throws `bad-argument` for a value it cannot carry. */
	encode(value: Sent): Uint8Array;
	/** Throws `malformed` for bytes that are no such value; the carrier ends. */
	decode(bytes: Uint8Array): Received;
	/**
	 * `decode` keeps no reference to `bytes`, so it may be given borrowed ones. Without this the carrier copies first.
	 */
	readonly copies?: boolean;
}

/**
 * A codec whose other end is another one. Where a value changes on its way (a schema that turns text into a date),
 * what the peer receives is not quite what was sent: hence four types.
 */
export interface TwoSidedCodec<Received, Sent, PeerReceived = Sent, PeerSent = Received> extends Codec<Received, Sent> {
	/** The codec of the other end. */
	mirrored(): TwoSidedCodec<PeerReceived, PeerSent, Received, Sent>;
}
