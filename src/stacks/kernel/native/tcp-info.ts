/** The `struct tcp_info` of Linux (linux/tcp.h). Newer kernels append fields: an older one gives a shorter struct. */

import { endianness } from 'node:os';
import type { FlowMetrics } from '../../../stack/metrics.ts';

/** Bytes up to the end of the last field that is read. */
export const tcpInfoLength = 168;

/**
 * Takes as many bytes as the kernel gave: what is not wholly among them is undefined, as is a time or a rate without a
 * sample. `outgoing` are the bytes that were written and not acknowledged.
 */
export function decodeTcpInfo(
	bytes: Uint8Array,
	outgoing: number | undefined,
	littleEndian = endianness() === 'LE',
): FlowMetrics {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const u32 = (offset: number) => (offset + 4 <= bytes.length ? view.getUint32(offset, littleEndian) : undefined);
	const u64 = (offset: number) =>
		offset + 8 <= bytes.length ? Number(view.getBigUint64(offset, littleEndian)) : undefined;
	const maxSegmentSize = u32(16);
	const roundTrip = milliseconds(u32(68) || undefined);
	const notSent = u32(144);
	return {
		roundTrip,
		roundTripVariation: roundTrip && milliseconds(u32(72)),
		pathMtu: u32(60),
		maxSegmentSize,
		retransmissions: u32(100),
		lost: u32(32),
		congestionWindow: product(u32(80), maxSegmentSize),
		// Acknowledgements may have come between the two readings.
		unacknowledged: outgoing === undefined || notSent === undefined ? undefined : Math.max(0, outgoing - notSent),
		notSent,
		bytesAcked: u64(120),
		deliveryRate: product(u64(160) || undefined, 8),
	};
}

function milliseconds(micros: number | undefined): number | undefined {
	return micros === undefined ? undefined : micros / 1000;
}

function product(a: number | undefined, b: number | undefined): number | undefined {
	return a === undefined || b === undefined ? undefined : a * b;
}
