/**
 * A link: one attachment to a network, which takes and gives frames (Ethernet) or packets (IP), in batches. It promises
 * nothing: what does not fit is dropped, what arrives may be anything. `linkSuite` of `post-sockets/testing` is its text
 * as tests.
 */

import type { PostSocketsError } from '../base/errors.ts';
import type { MacAddress } from '../base/mac-address.ts';

/** `ethernet`: frames with their header and without FCS. `ip`: bare IPv4 and IPv6 packets. */
export type Medium = 'ethernet' | 'ip';

/** Work that the other side of the link does, as data; what is not there is done by whoever stands on the link. */
export interface Offloads {
	/** TCP and UDP checksums need not be computed in what is sent. Default false. */
	readonly sendChecksum?: boolean | undefined;
	/** TCP and UDP checksums of what arrives were verified. Default false. */
	readonly receiveChecksum?: boolean | undefined;
	/** Bytes of the largest TCP segment to send that the link divides itself. Default: none larger than the MTU. */
	readonly segmentation?: number | undefined;
}

/** What goes with one frame beside its bytes. */
export interface FrameInfo {
	/** Bytes of TCP payload in each of the packets that this one is, or is to be divided into. */
	readonly segmentSize?: number | undefined;
}

/** Nothing here is called from inside a call of the same link. */
export interface LinkHandler {
	/** Whole frames, in order. **Borrowed**, list and bytes, until this returns. `infos` is there if any frame has one. */
	onFrames(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): void;
	/** Sending is worth while again, after a `send` that returned false. */
	onDrain(): void;
	/** The carrier is there or gone; `up` says which. */
	onState(): void;
	/** The link is gone: the last call, exactly once; with an error if not by `close`. */
	onClose(error: PostSocketsError | undefined): void;
}

/** The handler of a link that nobody stands on. */
export const deaf: LinkHandler = { onFrames() {}, onDrain() {}, onState() {}, onClose() {} };

export interface Link {
	readonly name: string;
	readonly medium: Medium;
	/** Bytes of the largest IP packet it takes; the Ethernet header is not counted. */
	readonly mtu: number;
	/** Of an Ethernet link: its own address. */
	readonly address: MacAddress | undefined;
	readonly offloads: Offloads;
	/** Its carrier is there. */
	readonly up: boolean;
	handler: LinkHandler;
	/**
	 * Sends frames in order, each at most the MTU and its header, but for segments that `offloads` allows. Borrowed until
	 * it returns. False if some were dropped for want of room, or the next would be: wait for `onDrain`, or go on and
	 * lose. What is dropped for another reason (too long, a link that is down or closed) is no reason to wait.
	 */
	send(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): boolean;
	/** Nothing is taken or given any more; `onClose` follows. */
	close(): void;
	ref(): void;
	unref(): void;
}

/** Bytes of the header before the packet, which the MTU does not count. */
export function headerLength(medium: Medium): number {
	return medium === 'ethernet' ? 14 : 0;
}
