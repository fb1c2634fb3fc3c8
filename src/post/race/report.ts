/** What a race did, as plain data: for `carrier.race`, for errors, for `post race --json`. Times are ms since its begin. */

import type { ErrorCode } from '../../base/errors.ts';
import { formatSocketAddress, isUnix } from '../../base/socket-address.ts';
import type { AnswerStatus, RecordType } from '../../stack/resolver.ts';
import { familyOf } from './endpoints.ts';
import type { RaceMachine } from './machine.ts';
import type { Attempt, RacePath } from './plan.ts';

export interface AttemptReport {
	/** The IP address, or the path of a Unix socket. */
	readonly address: string;
	readonly port: number | null;
	readonly family: 4 | 6 | 'unix';
	readonly protocol: string;
	readonly stack: string;
	/** The interface it was bound to; left out where the stack chose. */
	readonly interface?: string;
	readonly start: number;
	/** When the connection stood and the secure handshake began; null if it never did or none was due. */
	readonly connected: number | null;
	readonly end: number | null;
	/** What was going on when it ended. */
	readonly phase: 'connect' | 'handshake' | 'ready';
	readonly outcome: 'running' | 'won' | 'failed' | 'cancelled';
	readonly code: ErrorCode | null;
	readonly message: string | null;
}

export interface QueryReport {
	readonly name: string;
	readonly type: RecordType;
	readonly stack: string;
	readonly interface?: string;
	/** Who answered. */
	readonly server: string | null;
	readonly start: number;
	readonly end: number | null;
	readonly outcome: AnswerStatus | 'pending';
	readonly addresses: readonly string[];
}

export interface RaceReport {
	readonly target: string;
	/** The address that won, or null. */
	readonly winner: string | null;
	/** From the begin to the decision. */
	readonly milliseconds: number;
	/** True if nothing secured was reached and the caller had allowed plaintext. */
	readonly plaintextFallback: boolean;
	readonly attempts: readonly AttemptReport[];
	readonly dns: readonly QueryReport[];
}

export function describeAttempt(attempt: Attempt, machine: RaceMachine, begin: number): AttemptReport {
	const { address } = attempt.endpoint;
	const at = (time: number | undefined) => (time === undefined ? null : round(time - begin));
	return {
		address: isUnix(address) ? formatSocketAddress(address).slice('unix:'.length) : address.address.toString(),
		port: isUnix(address) ? null : address.port,
		family: familyOf(address) ?? 'unix',
		protocol: machine.plan.protocols[attempt.protocol]!.name,
		...placeOf(machine.plan.paths[attempt.path]!),
		start: round(attempt.start - begin),
		connected: at(attempt.connected),
		end: at(attempt.end),
		phase: attempt.outcome === 'won' ? 'ready' : attempt.connected === undefined ? 'connect' : 'handshake',
		outcome: attempt.outcome,
		code: attempt.error?.code ?? null,
		message: attempt.error?.message ?? null,
	};
}

export function placeOf({ name, interface: bound }: RacePath): Pick<AttemptReport, 'stack' | 'interface'> {
	return { stack: name, ...(bound !== undefined && { interface: bound }) };
}

/** To a hundredth of a millisecond. */
export function round(milliseconds: number): number {
	return Math.round(milliseconds * 100) / 100;
}
