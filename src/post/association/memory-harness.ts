/** For tests: a memory on a calendar that stands still, and reports of races that never were. */

import { IpAddress } from '../../base/address.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import type { IpEndpoint } from '../../base/socket-address.ts';
import { Memory, type MemoryOptions } from './memory.ts';
import { memoryStore } from './memory-store.ts';
import type { AttemptOutcome, RaceOutcome } from './race-outcome.ts';
import type { AssociationStore } from './store.ts';
import { Calendar } from './store-harness.ts';

export const wlan = 'network:wlan';
export const target = 'example.com:443';

/** Never in the mood to ignore what is known. */
export const settled: Random = { ...seededRandom(1), below: () => 1 };

export interface Remembering {
	readonly memory: Memory;
	readonly store: AssociationStore;
	readonly calendar: Calendar;
}

export function remembering(options: MemoryOptions = {}): Remembering {
	const calendar = new Calendar();
	const store = memoryStore({ now: calendar.now });
	return { memory: new Memory({ store, now: calendar.now, random: settled, ...options }), store, calendar };
}

export function ip(text: string): IpAddress {
	return IpAddress.parse(text);
}

export function ends(...addresses: string[]): { address: IpEndpoint }[] {
	return addresses.map((address) => ({ address: { address: ip(address), port: 443 } }));
}

type Draft = Partial<AttemptOutcome> & { readonly address: string };

/** A `tls` attempt on `kernel` that began at 0 and won at 60 after a round trip of 20, unless told otherwise. */
export function attempt(draft: Draft): AttemptOutcome {
	const family = draft.address.includes(':') ? 6 : 4;
	const base = {
		port: 443,
		family,
		protocol: 'tls',
		stack: 'kernel',
		start: 0,
		connected: 20,
		end: 60,
		code: null,
	} as const;
	return { ...base, phase: 'ready', outcome: 'won', ...draft };
}

export function failed(
	address: string,
	code: AttemptOutcome['code'],
	more: Partial<AttemptOutcome> = {},
): AttemptOutcome {
	return attempt({ address, code, outcome: 'failed', phase: 'connect', connected: null, ...more });
}

/** Given up, unanswered, after so many ms. */
export function cancelled(address: string, end: number, more: Partial<AttemptOutcome> = {}): AttemptOutcome {
	return attempt({ address, end, outcome: 'cancelled', phase: 'connect', connected: null, ...more });
}

export function race(...attempts: AttemptOutcome[]): RaceOutcome {
	return { target, milliseconds: 60, plaintextFallback: false, attempts };
}
