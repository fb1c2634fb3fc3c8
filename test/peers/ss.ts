/** `ss` of iproute2, which tells what Linux knows of a connection. */

import { createRequire } from 'node:module';
import type { FlowMetrics } from '../../src/stack/metrics.ts';
import { openLibc } from '../../src/stacks/kernel/native/libc.ts';
import { needsNamespaces } from './namespaces.ts';
import { needs } from './programs.ts';

/** Options for a test that compares with `ss`: a skip that says why it cannot. */
export function needsMetrics(): { skip?: string } {
	if (openLibc(createRequire(import.meta.url)) === undefined)
		return { skip: 'koffi is not here, or this is not Linux' };
	return needs('ss');
}

/** Options for one that loses packets on top. */
export function needsLoss(): { skip?: string } {
	for (const missing of [needsMetrics(), needs('tc'), needsNamespaces()]) if (missing.skip) return missing;
	return {};
}

/** A line of `ss -ti` by the names of `FlowMetrics`. Absent from the line is what is zero. */
export function metricsOfLine(ss: string): FlowMetrics {
	const figure = (pattern: RegExp) => Number(pattern.exec(ss)?.[1] ?? 0);
	const maxSegmentSize = figure(/ mss:(\d+)/);
	return {
		roundTrip: figure(/ rtt:([\d.]+)/),
		roundTripVariation: figure(/ rtt:[\d.]+\/([\d.]+)/),
		pathMtu: figure(/ pmtu:(\d+)/),
		maxSegmentSize,
		retransmissions: figure(/ retrans:\d+\/(\d+)/),
		lost: figure(/ lost:(\d+)/),
		congestionWindow: figure(/ cwnd:(\d+)/) * maxSegmentSize,
		unacknowledged: figure(/ unacked:(\d+)/) * maxSegmentSize,
		notSent: figure(/ notsent:(\d+)/),
		bytesAcked: figure(/ bytes_acked:(\d+)/),
		deliveryRate: figure(/ delivery_rate (\d+)bps/),
	};
}
