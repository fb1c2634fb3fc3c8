/** What TCP holds at most and how long it waits. Everything that a stranger can make grow has a line here, and in docs/limits.md. */

export interface TcpLimits {
	/** Bytes that a connection holds until they are acknowledged; what is written beyond waits. Default 2 MiB: twice a window. */
	readonly sendBuffer: number;
	/** Bytes that the peer may send before they are read: the largest window. Default 1 MiB, at most 1 GiB. */
	readonly receiveBuffer: number;
	/** Pieces received beyond a hole, of one connection; with one more it is dropped, to be sent again. Default 64. */
	readonly pieces: number;
	/** Connections of a listener whose handshake is not over, unless it says another `backlog`. Default 511. */
	readonly backlog: number;
	/** Closed connections kept so that late segments meet nobody else; the oldest goes. Default 4096. */
	readonly timeWaits: number;
	/** Milliseconds that they are kept: twice the longest life of a segment. Default 60 000 (RFC 9293 §3.4.2 has 240 000). */
	readonly timeWait: number;
	/** Milliseconds to be connected in. Default 180 000 (RFC 9293 §3.8.3, MUST-23). */
	readonly handshakeTimeout: number;
	/** Milliseconds that sent bytes may stay unacknowledged. Default 300 000 (RFC 9293 §3.8.3). `tune` changes it. */
	readonly userTimeout: number;
	/** Milliseconds that an acknowledgment may wait for company. Default 40 (RFC 9293 §3.8.6.3: less than 500). */
	readonly delayedAck: number;
	/** Resets to segments of no connection, per second, of which half may leave at once. Default 1000. */
	readonly resets: number;
	/** Acknowledgments of what cannot be, per connection and second. Default 10 (RFC 5961 §7). */
	readonly challenges: number;
}

export const defaultTcpLimits: TcpLimits = {
	sendBuffer: 2 * 2 ** 20,
	receiveBuffer: 2 ** 20,
	pieces: 64,
	backlog: 511,
	timeWaits: 4096,
	timeWait: 60_000,
	handshakeTimeout: 180_000,
	userTimeout: 300_000,
	delayedAck: 40,
	resets: 1000,
	challenges: 10,
};

export interface TcpConfig {
	/** Default `cubic`. */
	readonly congestionControl?: 'cubic' | 'new-reno' | undefined;
	/** Ask for explicit congestion notification when connecting; who asks is always granted it. Default false. RFC 3168 */
	readonly ecn?: boolean | undefined;
	/** Small segments wait until what is under way was acknowledged. Default false: flows gather writes by themselves. RFC 9293 §3.7.4 */
	readonly nagle?: boolean | undefined;
	readonly limits?: Partial<TcpLimits> | undefined;
}
