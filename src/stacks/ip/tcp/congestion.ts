/** The contract of congestion control: how much may be under way. RFC 5681; all in bytes, whole numbers. */

export interface Congestion {
	/** What may be under way. */
	readonly window: number;
	/** Below it the window doubles with every round trip. */
	readonly threshold: number;
	/** Bytes of the largest segment. */
	segmentSize: number;
	/** The handshake is over, and the size of segments known. RFC 6928 */
	onStart(): void;
	/** New bytes were acknowledged while the window was what held us back, and nothing is being repaired. */
	onAck(bytes: number, now: number, roundTrip: number): void;
	/** Something was lost, for the first time in this window. `flight`: bytes that were under way. */
	onLoss(flight: number, now: number): void;
	/** Nothing came back for so long that all counts as lost. */
	onTimeout(flight: number, now: number): void;
	/** Nothing was sent for a while: what the window says is out of date. RFC 5681 §4.1 */
	onIdle(): void;
}
