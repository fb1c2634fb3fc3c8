/** How a connection came about, told to people and to programs. */

import type { Carrier } from '../entry/index.ts';
import { duration, printable } from './printable.ts';
import { verdict } from './race-verdict.ts';

/** `connected to [::1]:443 by TLSv1.3 in 12 ms; 2 attempts`, and what is wrong with the others. */
export function connectedLines({ race, transients: [transient] }: Carrier): string[] {
	if (!race || !transient) return [];
	const { attempts, milliseconds } = race;
	const count = `${attempts.length} attempt${attempts.length === 1 ? '' : 's'}`;
	const first = `connected to ${printable(transient.remote)}${how(transient)} in ${duration(milliseconds)}; ${count}`;
	return [first, verdict(race).remarks.join('; ')].filter(Boolean);
}

export function acceptedLine({ transients: [transient] }: Carrier): string {
	return transient ? `accepted ${printable(transient.remote)}${how(transient)}` : 'accepted a peer';
}

/** The one transport below a carrier, as JSON. */
export function describeConnection({ race, transients: [transient] }: Carrier): Record<string, unknown> {
	return {
		...transient,
		...(race && {
			milliseconds: race.milliseconds,
			attempts: race.attempts.length,
			plaintextFallback: race.plaintextFallback,
		}),
	};
}

function how({ transport, security }: Carrier['transients'][number]): string {
	if (security) return ` by ${security.protocol}${security.alpn ? ` (${printable(security.alpn)})` : ''}`;
	return transport === 'unix' ? '' : ` by ${transport.toUpperCase()}`;
}
