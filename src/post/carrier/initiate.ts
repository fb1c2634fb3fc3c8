/** Active open: `initiate(remote, options)` gathers, races, and gives a carrier that is ready (P-01, P-90 to P-92). */

import { badArgument, type ErrorCode } from '../../base/errors.ts';
import { Local, type LocalLike } from '../endpoint/local.ts';
import { Remote, type RemoteLike } from '../endpoint/remote.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages, type Protocol } from '../message/protocol.ts';
import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import type { Security } from '../policy/security.ts';
import { EstablishmentError } from '../race/failure.ts';
import type { RaceHints } from '../race/machine.ts';
import { checkRace, type RaceOptions, type RaceWinner, race } from '../race/race.ts';
import type { RaceReport } from '../race/report.ts';
import type { RaceLimits, RaceTiming, RacingMode } from '../race/timing.ts';
import { eligible, plainTransports, selectTransports } from '../transport/select.ts';
import type { Sessions } from '../transport/transport.ts';
import { Carrier } from './carrier.ts';
import type { CarrierLimits } from './limits.ts';

export interface InitiateOptions<In, Out> {
	/** What the two ends agree on. Default: bare bytes. */
	readonly protocol?: Protocol<In, Out> | undefined;
	readonly security?: Security | Promise<Security> | undefined;
	/** What is wanted of the transport and its paths, by the names of RFC 9622. Default: reliable, in order. */
	readonly policy?: Policy | undefined;
	/** Where to come from: one path, or several to race, the preferred first. Default: the default stack. */
	readonly local?: LocalLike | readonly LocalLike[] | undefined;
	/** Milliseconds for the whole establishment, names and handshakes included. Default 30000. */
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
	/** Connect at the first message instead of now. Default false. */
	readonly lazy?: boolean | undefined;
	/** Sent first of all, as soon as the connection is ready. */
	readonly first?: Out | undefined;
	/** How candidates are started. Default `staggered`. */
	readonly racing?: RacingMode | undefined;
	readonly timing?: Partial<RaceTiming> | undefined;
	/**
	 * If no secure transport is spoken at the remote, go on without. Only for remotes named without a scheme; never when
	 * a certificate was refused. The report says when it happened. Default false.
	 */
	readonly allowPlaintext?: boolean | undefined;
	/** Milliseconds that `close` may take. Default 5000. */
	readonly closeTimeout?: number | undefined;
	readonly limits?: Partial<CarrierLimits & RaceLimits> | undefined;
}

const defaultTimeout = 30_000;

const byteStream: Protocol<Uint8Array, Uint8Array> = messages(frame.stream(), codec.bytes());
const byteDatagrams: Protocol<Uint8Array, Uint8Array> = messages(frame.datagram(), codec.bytes());

/** For those who name none: bare bytes, a stream of them or datagrams. */
export function bareProtocol(scheme: string | undefined): Protocol<Uint8Array, Uint8Array> {
	return selectTransports(scheme).every(({ features }) => features.datagrams) ? byteDatagrams : byteStream;
}

/**
 * Opens a carrier to `remote`: a bare `host:port` by verified TLS, `tcp://host:port` and `unix:/path` plain. Resolves
 * when messages can be sent: name resolved, addresses raced, handshake done, certificate trusted.
 *
 * Mistakes in the arguments throw `bad-argument`, `not-supported` or `policy-contradiction` before anything is asked or
 * opened. What the network does rejects with an `EstablishmentError`, whose `report` has every attempt.
 */
export function initiate<In = Uint8Array, Out = Uint8Array>(
	remote: RemoteLike,
	options: InitiateOptions<In, Out> = {},
): Promise<Carrier<In, Out>> {
	return initiateWith(remote, options, undefined);
}

/** What an association knows, and learns, of one race. */
export interface RaceMemory {
	hints(target: string): RaceHints;
	sessions(security: Security): (name: string, port: number) => Sessions;
	learn(report: RaceReport): void;
}

/** `initiate` on behalf of an association. */
export async function initiateWith<In, Out>(
	remote: RemoteLike,
	options: InitiateOptions<In, Out>,
	memory: RaceMemory | undefined,
): Promise<Carrier<In, Out>> {
	const { signal, lazy = false, closeTimeout, limits } = options;
	const target = Remote.from(remote);
	const protocol = options.protocol ?? (bareProtocol(target.scheme) as Protocol<In, Out>);
	const locals = [options.local ?? {}].flat().map((local) => Local.from(local as LocalLike));
	if (locals.length === 0) throw badArgument('`local` is an empty list: leave it out, or name a path', 'initiate');
	const { clock } = locals[0]!.stack;
	const timeout = checkTimeout(options.timeout ?? defaultTimeout);
	const security = { ...(await options.security) };
	const policy = settle('initiate', options.policy);
	const { framing } = protocol;
	const contest = {
		remote: target,
		locals,
		select: (scheme: string | undefined) => eligible(selectTransports(scheme), policy, framing),
		security,
		timeout,
		racing: options.racing,
		timing: options.timing,
		limits,
	};
	for (const transport of checkRace(contest)) transport.check?.(security);
	const establish = (signal: AbortSignal) => {
		const known = memory && { hints: memory.hints(String(target)), sessions: memory.sessions(security) };
		const racing = raceOrFallBack({ ...contest, ...known, signal }, options.allowPlaintext ?? false);
		return memory ? learning(racing, memory) : racing;
	};

	const common = { clock, target: String(target), closeTimeout, limits };
	if (lazy) {
		const carrier = new Carrier<In, Out>(protocol, {
			...common,
			establish: (giveUp) => establish(signal ? AbortSignal.any([signal, giveUp]) : giveUp),
		});
		if (options.first !== undefined) carrier.post(options.first);
		return carrier;
	}
	const carrier = new Carrier<In, Out>(protocol, common);
	if (options.first !== undefined) carrier.post(options.first);
	const winner = await establish(signal ?? new AbortController().signal);
	carrier.settleRace(winner.report);
	carrier.attach(winner, winner.transport, winner.stack.name);
	return carrier;
}

async function learning(racing: Promise<RaceWinner>, memory: RaceMemory): Promise<RaceWinner> {
	try {
		const winner = await racing;
		memory.learn(winner.report);
		return winner;
	} catch (error) {
		if (error instanceof EstablishmentError) memory.learn(error.report);
		throw error;
	}
}

async function raceOrFallBack(options: RaceOptions, allowPlaintext: boolean): Promise<RaceWinner> {
	const mayFallBack = allowPlaintext && options.remote.all.every(({ scheme }) => scheme === undefined);
	if (!mayFallBack) return race(options);
	try {
		return await race({ ...options, timeout: options.timeout / 2 });
	} catch (error) {
		if (!(error instanceof EstablishmentError) || !speaksNoTls(error)) throw error;
		const winner = await race({ ...options, timeout: options.timeout / 2, select: () => plainTransports() });
		return { ...winner, report: joinReports(error.report, winner.report) };
	}
}

/**
 * Some peer answered a ClientHello as one does that does not understand it: with nonsense, by hanging up, or not at all
 * (no code); and none has shown that it does understand.
 */
function speaksNoTls({ code, report }: EstablishmentError): boolean {
	if (code === 'aborted') return false;
	const answered = report.attempts.filter(({ phase }) => phase === 'handshake');
	const dumb: readonly (ErrorCode | null)[] = ['tls-failed', 'reset', 'timed-out', null];
	return answered.length > 0 && answered.every((attempt) => dumb.includes(attempt.code));
}

/** The plain race followed the secure one: all its times count from the beginning of both. */
function joinReports(secure: RaceReport, plain: RaceReport): RaceReport {
	const late = <T extends object>(entry: T) =>
		Object.fromEntries(
			Object.entries(entry).map(([key, value]) => [
				key,
				times.has(key) && value !== null ? value + secure.milliseconds : value,
			]),
		) as T;
	return {
		...plain,
		milliseconds: secure.milliseconds + plain.milliseconds,
		plaintextFallback: true,
		attempts: [...secure.attempts, ...plain.attempts.map(late)],
		dns: [...secure.dns, ...plain.dns.map(late)],
	};
}

const times = new Set(['start', 'connected', 'end']);

function checkTimeout(timeout: number): number {
	if (timeout > 0) return timeout;
	throw badArgument(`timeout is ${timeout}; it is the milliseconds allowed for establishment, more than 0`, 'initiate');
}
