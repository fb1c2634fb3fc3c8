/** A race as lanes on one time axis: what its text and its picture have in common. */

import type { AttemptReport, QueryReport, RaceReport } from '../entry/index.ts';
import { printable } from './printable.ts';

/** What a lane was busy with; `silence` is a connection attempt that never got an answer. */
export type Phase = 'dns' | 'connect' | 'silence' | 'handshake';

export interface Segment {
	readonly phase: Phase;
	readonly start: number;
	readonly end: number;
}

export interface Lane {
	/** The host name, or the address with its port. */
	readonly name: string;
	/** The same without what all lanes have in common. */
	readonly shortName: string;
	/** The record type, or the protocol. */
	readonly kind: string;
	/** Whose answer it was, or over what it went. */
	readonly via: string;
	readonly segments: readonly Segment[];
	readonly start: number;
	readonly end: number;
	readonly ending: 'won' | 'answered' | 'failed' | 'cancelled';
	readonly result: string;
}

export interface Lanes {
	readonly dns: readonly Lane[];
	readonly attempts: readonly Lane[];
	/** From 0 to the end of the axis, in ms. */
	readonly span: number;
}

export function lanesOf(report: RaceReport): Lanes {
	const dns = report.dns.map((query) => queryLane(query, report));
	const onePort = new Set(report.attempts.map(({ port }) => port)).size === 1;
	const attempts = report.attempts.map((attempt) => attemptLane(attempt, report, onePort));
	const ends = [...dns, ...attempts].map(({ end }) => end);
	return { dns, attempts, span: Math.max(report.milliseconds, ...ends, 0.01) };
}

/** `192.0.2.1:443`, `[2001:db8::1]:443`, `unix:/run/x`. */
export function placeOf({ address, port, family }: AttemptReport): string {
	const shown = printable(address);
	if (family === 'unix') return `unix:${shown}`;
	return family === 6 ? `[${shown}]:${port}` : `${shown}:${port}`;
}

export function protocolName({ protocol }: AttemptReport): string {
	return printable(protocol).toUpperCase();
}

/** It was given no answer at all, neither good nor bad. */
export function unanswered({ connected, outcome, code }: AttemptReport): boolean {
	return connected === null && (outcome === 'cancelled' || outcome === 'running' || code === 'timed-out');
}

export function endOf({ end }: { readonly end: number | null }, report: RaceReport): number {
	return end ?? report.milliseconds;
}

const answers: Record<QueryReport['outcome'], string> = {
	found: 'found',
	empty: 'no address',
	'not-found': 'no such name',
	'timed-out': 'failed: no answer',
	failed: 'failed: server error',
	pending: 'cancelled',
};

function queryLane(query: QueryReport, report: RaceReport): Lane {
	const { type, name, server, start, outcome, addresses } = query;
	const end = endOf(query, report);
	const found = `${addresses.length} address${addresses.length === 1 ? '' : 'es'}`;
	const broken = outcome === 'timed-out' || outcome === 'failed' || outcome === 'not-found';
	return {
		name: printable(name),
		shortName: printable(name),
		kind: type,
		via: server === null ? '' : printable(server),
		segments: [{ phase: 'dns', start, end }],
		start,
		end,
		ending: broken ? 'failed' : outcome === 'pending' ? 'cancelled' : 'answered',
		result: outcome === 'found' ? found : answers[outcome],
	};
}

function attemptLane(attempt: AttemptReport, report: RaceReport, onePort: boolean): Lane {
	const { address, connected, start, outcome, family, stack } = attempt;
	const end = endOf(attempt, report);
	const first = { phase: unanswered(attempt) ? 'silence' : 'connect', start, end: connected ?? end } as const;
	return {
		name: placeOf(attempt),
		shortName: onePort ? printable(address) : placeOf(attempt),
		kind: protocolName(attempt),
		via: [family === 'unix' ? '' : `IPv${family}`, stack === 'kernel' ? '' : printable(stack)]
			.filter(Boolean)
			.join(', '),
		segments: connected === null ? [first] : [first, { phase: 'handshake', start: connected, end }],
		start,
		end,
		ending: outcome === 'running' ? 'cancelled' : outcome,
		result: resultOf(attempt),
	};
}

function resultOf(attempt: AttemptReport): string {
	const { outcome, code, connected } = attempt;
	if (outcome === 'won') return 'won';
	if (outcome === 'failed') return `failed: ${code ?? 'unknown'}`;
	return connected === null ? 'cancelled, no answer' : 'cancelled in handshake';
}
