/** A port: datagrams in and out of one local address. `portSuite` of `post-sockets/testing` is its text as tests. */

import type { PostSocketsError } from '../base/errors.ts';
import type { IpEndpoint } from '../base/socket-address.ts';

export interface PortHandler {
	/** One datagram, whole. **Borrowed** until this returns. */
	onDatagram(bytes: Uint8Array, from: IpEndpoint): void;
	/** The network answered with an error (ICMP) to something sent earlier. The port lives on. */
	onError(error: PostSocketsError): void;
	/** The port is gone: the last call, exactly once; with an error if not by `close`. */
	onClose(error: PostSocketsError | undefined): void;
}

export interface Port {
	/** With the port that was really taken. Of a member of a multicast group, the address is the group's. */
	readonly local: IpEndpoint;
	/** The only peer, for a connected port. */
	readonly remote: IpEndpoint | undefined;
	handler: PortHandler;
	/**
	 * Sends one datagram; `to` is required unless the port is connected. The port owns `bytes` until `done`, which is
	 * called exactly once: handed to the layer below, or an error that concerns this datagram alone.
	 */
	send(bytes: Uint8Array, to: IpEndpoint | undefined, done?: (error?: PostSocketsError) => void): void;
	/** Frees the address; `onClose` follows. */
	close(): void;
	ref(): void;
	unref(): void;
}
