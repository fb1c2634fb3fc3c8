/** What every part of one stack stands on. */

import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { IpLimits } from './limits.ts';

export interface Ground {
	readonly clock: Clock;
	readonly random: Random;
	readonly limits: IpLimits;
	readonly counters: Counters;
}

/** The same time, but none of its timers holds the process: open sockets do, nothing else. */
export function background(clock: Clock): Clock {
	return {
		now: () => clock.now(),
		after(milliseconds, run) {
			const timer = clock.after(milliseconds, run);
			timer.unref?.();
			return timer;
		},
		soon: (run) => clock.soon(run),
		hold: () => clock.hold(),
	};
}

/** What happened, and above all why something was dropped. */
export const counterNames = [
	'received',
	'delivered',
	'sent',
	'forwarded',
	'fragmented',
	'reassembled',
	'icmp-errors-sent',
	'icmp-errors-suppressed',
	'icmp-errors-received',
	// Dropped, from here on.
	'truncated',
	'malformed',
	'checksum',
	'unsupported',
	'martian',
	'refused-private',
	'source-routed',
	'own-frame',
	'not-for-us',
	'no-protocol',
	'no-port',
	'no-route',
	'hop-limit',
	'too-big',
	'unresolved',
	'queue-full',
	'local-queue-full',
	'overlap',
	'too-many',
	'too-long',
	'ecn',
	'reassembly-timeout',
	'redirect-refused',
	'unsolicited',
] as const;

export type CounterName = (typeof counterNames)[number];

export class Counters {
	readonly #counts = new Map<CounterName, number>();

	add(name: CounterName): void {
		this.#counts.set(name, this.get(name) + 1);
	}

	get(name: CounterName): number {
		return this.#counts.get(name) ?? 0;
	}

	/** Those that are not 0. */
	toJSON(): Partial<Record<CounterName, number>> {
		return Object.fromEntries(this.#counts);
	}
}
