/** What a policy asks of the connection itself: keep-alives, its patience, the marks of its packets. Pure. */

import type { FlowTuning } from '../../stack/tuning.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import type { CapacityProfile } from '../policy/tokens.ts';

/** Milliseconds of silence before a keep-alive, where one is wanted and nobody says how soon: most NATs wait longer. */
const usualKeepAlive = 60_000;

/** DSCP (RFC 9622 §8.1.6): LE (RFC 8622), AF41, AF21, AF31, AF11 (RFC 2597). */
const dscp: Readonly<Record<CapacityProfile, number>> = {
	default: 0,
	scavenger: 1,
	'low-latency-interactive': 34,
	'low-latency-non-interactive': 18,
	'constant-rate-streaming': 26,
	'capacity-seeking': 10,
};

/** What a connection is like before it is tuned. */
export const untuned: Tuning = { keepAlive: false, userTimeout: 0, trafficClass: 0 };

export type Tuning = Required<Pick<FlowTuning, 'keepAlive' | 'userTimeout' | 'trafficClass'>>;

/** The part of `wish` in which it differs from what there is. */
export function difference(wish: Tuning, from: Tuning): FlowTuning {
	const names = Object.keys(wish) as (keyof Tuning)[];
	return Object.fromEntries(names.filter((name) => wish[name] !== from[name]).map((name) => [name, wish[name]]));
}

export function tuningOf({ selection, connection }: SettledPolicy): Tuning {
	const { keepAlive } = selection;
	const { connTimeout, keepAliveTimeout, connCapacityProfile } = connection;
	const wanted = keepAlive === 'require' || keepAlive === 'prefer';
	const idle = keepAliveTimeout !== 'disabled' ? keepAliveTimeout : wanted && usualKeepAlive;
	// RFC 9622 §8.1.4: longer than the connection would wait anyway is none.
	const late = idle !== false && connTimeout !== 'disabled' && idle > connTimeout;
	return {
		keepAlive: late || idle === false ? false : Math.ceil(idle),
		userTimeout: connTimeout === 'disabled' ? 0 : Math.ceil(connTimeout),
		trafficClass: dscp[connCapacityProfile] << 2,
	};
}
