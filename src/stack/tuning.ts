/** What can be wished of a flow or a port below: an optional ability, of which each system grants a part. */

import { badArgument } from '../base/errors.ts';
import type { Flow } from './flow.ts';
import type { Port } from './port.ts';

/** Whole numbers. What is left out stays as it is. */
export interface FlowTuning {
	/**
	 * Milliseconds without a segment from the peer, after which it is probed; false for no probes. The kernel rounds up to
	 * seconds and takes 32,767 of them at most.
	 */
	readonly keepAlive?: number | false | undefined;
	/** Milliseconds between probes that nothing answers, rounded up to seconds. Set anew by `keepAlive`, to 1000. */
	readonly keepAliveInterval?: number | undefined;
	/** Probes without an answer, after which the flow is given up. Set anew by `keepAlive`, to 10. */
	readonly keepAliveCount?: number | undefined;
	/** Milliseconds that sent bytes may stay unacknowledged, before the flow is given up; 0: the system's choice. RFC 5482 */
	readonly userTimeout?: number | undefined;
	/** DSCP × 4, for the octet that IPv4 and IPv6 mark packets with, 0 to 255. TCP keeps its own ECN bits. RFC 2474 §3 */
	readonly trafficClass?: number | undefined;
	/** Bytes not sent yet, above which no more writing is welcome; 0: the system's choice. */
	readonly notSentLowWater?: number | undefined;
}

/** Whole numbers. What is left out stays as it is. */
export interface PortTuning {
	/** DSCP × 4 + ECN, 0 to 255. */
	readonly trafficClass?: number | undefined;
	/** Nobody fragments what is sent: what is larger than the path is known to take fails with `too-large`. */
	readonly dontFragment?: boolean | undefined;
}

/** An optional ability of a flow or a port. */
export interface Tunable<Wish> {
	/** Does what it can, and returns what it did. Throws nothing. */
	tune(wish: Wish): readonly (keyof Wish)[];
}

/** Tunes any flow; returns what was really done, often less than what was wished. Throws `bad-argument`. */
export function tuneFlow(flow: Flow & Partial<Tunable<FlowTuning>>, wish: FlowTuning): readonly (keyof FlowTuning)[] {
	check(wish);
	return flow.tune?.(wish) ?? [];
}

/** Tunes any port, as `tuneFlow` does. */
export function tunePort(port: Port & Partial<Tunable<PortTuning>>, wish: PortTuning): readonly (keyof PortTuning)[] {
	check(wish);
	return port.tune?.(wish) ?? [];
}

function check(wish: FlowTuning | PortTuning): void {
	for (const [name, value] of Object.entries(wish)) {
		if (value === undefined || typeof value === 'boolean') continue;
		const most = name === 'trafficClass' ? 255 : 0x7fff_ffff;
		if (Number.isInteger(value) && value >= 0 && value <= most) continue;
		throw badArgument(`${name} is a whole number from 0 to ${most}, not ${value}`, 'tune');
	}
}
