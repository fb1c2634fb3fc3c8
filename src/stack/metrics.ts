/** What a flow knows of the network it runs over: an optional ability, that one asks a flow for. */

import type { Flow } from './flow.ts';

/** A look at one moment. What the protocol or the system does not tell is undefined. */
export interface FlowMetrics {
	/** Smoothed, in milliseconds. */
	readonly roundTrip: number | undefined;
	/** Its smoothed mean deviation, in milliseconds. RFC 6298 §2 */
	readonly roundTripVariation: number | undefined;
	/** Bytes of the largest packet that the path is known to take. */
	readonly pathMtu: number | undefined;
	/** Bytes of the application in the largest segment. */
	readonly maxSegmentSize: number | undefined;
	/** Segments that were sent again, since the flow exists. */
	readonly retransmissions: number | undefined;
	/** Segments of those under way that are held for lost. */
	readonly lost: number | undefined;
	/** Bytes that may be under way. */
	readonly congestionWindow: number | undefined;
	/** Bytes under way: sent, not acknowledged. */
	readonly unacknowledged: number | undefined;
	/** Bytes handed down by `done` that wait to be sent for the first time. */
	readonly notSent: number | undefined;
	/** Since the flow exists. Linux counts the SYN of the side that connected as one. */
	readonly bytesAcked: number | undefined;
	/** Bits per second that lately arrived. It says less than the network could do while there is little to send. */
	readonly deliveryRate: number | undefined;
}

/** An optional ability of a flow. */
export interface Measurable {
	/** Undefined when the flow has closed, and where the system does not tell. */
	metrics(): FlowMetrics | undefined;
}

/** The metrics of any flow; undefined where it has none. */
export function metricsOf(flow: Flow & Partial<Measurable>): FlowMetrics | undefined {
	return flow.metrics?.();
}
