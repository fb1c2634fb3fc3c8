/** What memory wants to know of a race: a part of its report. */

import type { ErrorCode } from '../../base/errors.ts';
import type { AttemptReport, RaceReport } from '../race/report.ts';

/** Times are ms since the race began. */
export type AttemptOutcome = Omit<AttemptReport, 'message'>;

export interface RaceOutcome extends Pick<RaceReport, 'target' | 'milliseconds' | 'plaintextFallback'> {
	readonly attempts: readonly AttemptOutcome[];
}

/** Errors that say something of the remote or the way to it; the others are of this machine or its user. */
const faults: readonly ErrorCode[] = [
	'certificate-expired',
	'certificate-untrusted',
	'name-mismatch',
	'refused',
	'reset',
	'timed-out',
	'tls-alert',
	'tls-failed',
	'unreachable',
];

/** The remote, or the way to it, has failed. */
export function isFault({ outcome, code }: AttemptOutcome): boolean {
	return outcome === 'failed' && code !== null && faults.includes(code);
}

/** Nothing came back until the system gave up. */
export function isSilent({ code, phase }: AttemptOutcome): boolean {
	return code === 'timed-out' && phase === 'connect';
}

/** A packet came back. */
export function hasAnswered({ outcome, connected, code }: AttemptOutcome): boolean {
	return outcome === 'won' || connected !== null || code === 'refused' || code === 'reset';
}

/** The ms of its round trip, where it took one to get the connection. */
export function roundTripOf({ outcome, start, connected, end }: AttemptOutcome): number | undefined {
	const answered = connected ?? (outcome === 'won' ? end : null);
	return answered === null ? undefined : answered - start;
}
