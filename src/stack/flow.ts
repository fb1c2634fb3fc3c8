/**
 * A flow: one ordered, reliable stream of bytes each way. Everything that connects ends in this contract, and every
 * transport, framer and front end stands on it. `flowSuite` of `post-sockets/testing` is its text as tests.
 */

import type { PostSocketsError } from '../base/errors.ts';
import type { SocketAddress } from '../base/socket-address.ts';

/**
 * Nothing here is ever called from inside a call of the same flow: whatever a call causes arrives in a later turn.
 * A handler that throws is a bug of its owner; the flow stays consistent and the error reaches the host's handler of
 * uncaught errors.
 */
export interface FlowHandler {
	/** Bytes in order. **Borrowed**: valid until this returns, then reused; not to be written into. Never while paused. */
	onData(chunk: Uint8Array): void;
	/** More writing is welcome, after a `write` that returned false. Not after `end` or `abort`. */
	onDrain(): void;
	/** The network answered with an error that ends nothing (ICMP). Only from flows of datagrams. */
	onSoftError?(error: PostSocketsError): void;
	/** The peer has sent its last byte. Never while paused, never before the data. At most once. */
	onEnd(): void;
	/**
	 * The flow is gone: the last call, exactly once. Without an error both directions ended in good order. With one,
	 * bytes may be lost, also those whose `done` was called.
	 */
	onClose(error: PostSocketsError | undefined): void;
}

export interface Flow {
	readonly local: SocketAddress;
	readonly remote: SocketAddress;
	/** Who hears of this flow. Set it before the first `resume`; a flow is born paused, so nothing is missed. */
	handler: FlowHandler;
	/**
	 * Queues `chunks` in order and returns whether more is welcome now (when not, wait for `onDrain`; a write all the
	 * same is queued, not refused). The list is the caller's again on return; the bytes are the flow's until `done`, which comes once they were handed to the layer
	 * below, in the order of the writes. `done` of a write that was not handed over never comes: `onClose` does.
	 * After `end`, `abort` or `onClose` a write is dropped and returns false. A flow of datagrams takes each write as one,
	 * and may say with `done` that this one could not be sent; it lives on.
	 */
	write(chunks: readonly Uint8Array[], done?: (error?: PostSocketsError) => void): boolean;
	/** Half-closes: no byte after those queued. The other direction stays open. Harmless when repeated. */
	end(): void;
	/**
	 * Gives up both directions at once, drops what is queued and resets the peer where the protocol can. `onClose`
	 * follows, with `reason` or with an `aborted` error.
	 */
	abort(reason?: PostSocketsError): void;
	/** No `onData` and no `onEnd` until `resume`. Reaches the network: the peer stops when buffers are full. */
	pause(): void;
	resume(): void;
	/** Keeps the process alive (the default), or not. */
	ref(): void;
	unref(): void;
}

/** The handler of a flow nobody listens to yet. */
export const deaf: FlowHandler = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

export interface FlowListenerHandler {
	/** A peer connected; the flow is paused. The owner of the listener owns the flow. */
	onFlow(flow: Flow): void;
	/** The listener has ended: the last call, exactly once; with an error if not by `close`. Flows live on. */
	onClose(error: PostSocketsError | undefined): void;
}

export interface FlowListener {
	/** With the port or path that was really taken. */
	readonly local: SocketAddress;
	/** Stops accepting and frees the address. Flows that exist stay. Resolves when it is free; may be repeated. */
	close(): Promise<void>;
	ref(): void;
	unref(): void;
}
