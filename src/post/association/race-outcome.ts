/** What memory wants to know of a race: a part of its report, which therefore fits without knowing it. */

import type { ErrorCode } from '../../base/errors.ts';

export interface AttemptOutcome {
	/** The IP address, or the path of a Unix socket. */
	readonly address: string;
	readonly port: number | null;
	readonly family: 4 | 6 | 'unix';
	readonly protocol: string;
	readonly stack: string;
	/** Ms since the race began, as the two below. */
	readonly start: number;
	/** When the connection stood and the handshake began; null if it never did or none was due. */
	readonly connected: number | null;
	readonly end: number | null;
	readonly phase: 'connect' | 'handshake' | 'ready';
	readonly outcome: 'running' | 'won' | 'failed' | 'cancelled';
	readonly code: ErrorCode | null;
}

export interface RaceOutcome {
	readonly target: string;
	/** From its begin to the decision. */
	readonly milliseconds: number;
	readonly plaintextFallback: boolean;
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
