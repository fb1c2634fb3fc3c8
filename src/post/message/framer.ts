/**
 * How messages lie in a stream of bytes. A framer adds to the wire what its name says and nothing else, sees no clock,
 * and keeps its state per carrier. `framerSuite` of `post-sockets/testing` is this text as tests.
 */

/** The received bytes that no message was made of yet. Views it hands out are borrowed until `deframe` returns. */
export interface FrameInput {
	/** Bytes that can be read now. */
	readonly length: number;
	/** The peer has sent its last byte: what is here is all there will ever be. */
	readonly ended: boolean;
	/** The byte at `index`, below `length`. */
	at(index: number): number;
	/** The first `count` bytes, left where they are. */
	peek(count: number): Uint8Array;
	/** Removes and returns the first `count` bytes. */
	take(count: number): Uint8Array;
	/** Removes the first `count` bytes. */
	skip(count: number): void;
	/** The index of the first `byte` at or after `from`, or -1. */
	indexOf(byte: number, from?: number): number;
}

/** Where frames are written. Integers are in network byte order. */
export interface FrameOutput {
	uint8(value: number): void;
	uint16(value: number): void;
	uint32(value: number): void;
	/** Appends `bytes`; a large array is kept by reference until it was sent, a small one is copied. */
	write(bytes: Uint8Array): void;
}

/** A piece of a message that is not here whole; a whole message is just its bytes. */
export interface PartialFrame {
	readonly content: Uint8Array;
	/** This piece ends its message. */
	readonly complete: boolean;
}

export type Frame = Uint8Array | PartialFrame;

export interface FrameProperties {
	/**
	 * False for a piece of a message of which more follows: the next call brings it, no other message between, unless
	 * the framing has a `chunk`.
	 */
	readonly complete: boolean;
	/** Which message the piece belongs to; only given to framings with a `chunk`. */
	readonly message?: number | undefined;
	/**
	 * The rest of this message, if some of it was framed, will never come, and the peer is to forget what it has. The
	 * piece is empty. Only given to framings with a `chunk`.
	 */
	readonly aborted?: true | undefined;
}

export interface Framer {
	/**
	 * Appends one message to `out`. Throws `bad-argument` or `too-large` if it cannot stand in this framing, and has
	 * then written nothing of it.
	 */
	frame(message: Uint8Array, properties: FrameProperties, out: FrameOutput): void;
	/**
	 * Takes the next message off `input`, or leaves it and returns `'need-more'`; what it has not taken is kept for it.
	 * Throws `malformed` or `too-large`: the carrier ends. With `input.ended` and bytes left, `'need-more'` means
	 * that the stream broke off inside a message, which is `malformed` too.
	 */
	deframe(input: FrameInput): Frame | 'need-more';
	/** The peer has ended and every byte was taken. Throws `malformed` if a message was under way all the same. */
	end?(): void;
}

/** A way of framing: what a protocol definition holds. It makes a framer for each carrier. */
export interface Framing {
	/** For reports: `length-prefix`, `lines`. */
	readonly name: string;
	/** Messages have boundaries (RFC 9622 §6.2.2); false for a bare stream, whose one message ends with it. */
	readonly preservesBoundaries: boolean;
	/** Bytes after which another message may come between the pieces of one. Default: never. */
	readonly chunk?: number | undefined;
	/**
	 * Messages of which the first piece may have been framed and the last not; one in a single piece may always come
	 * between. Default with a `chunk`: any number; without, one.
	 */
	readonly maxMessages?: number | undefined;
	/** Bytes of the largest message either way. Default: no bound of its own. */
	readonly maxLength?: number | undefined;
	/** Also called for framers that only find out what may be framed: what they are given is not sent. */
	framer(): Framer;
}
