/** How an association opens carriers: one contest of candidates, raced whenever a connection is needed. */

import { badArgument, type ErrorCode, PostSocketsError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import type { Resolver } from '../../stack/resolver.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Local } from '../endpoint/local.ts';
import type { Remote } from '../endpoint/remote.ts';
import { codec } from '../message/codecs.ts';
import type { Framing } from '../message/framer.ts';
import { frame } from '../message/framing.ts';
import { messages, type Protocol } from '../message/protocol.ts';
import type { Security } from '../policy/security.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import { EstablishmentError } from '../race/failure.ts';
import type { RaceHints } from '../race/plan.ts';
import { checkRace, type RaceOptions, type RaceWinner, race } from '../race/race.ts';
import type { RaceReport } from '../race/report.ts';
import { eligible, plainTransports, selectTransports } from '../transport/select.ts';
import type { Sessions } from '../transport/transport.ts';
import { Candidates } from './candidates.ts';
import { type AnyCarrier, Carrier, type CarrierAssociation } from './carrier.ts';
import type { CarrierEvents } from './events.ts';
import type { Group } from './group.ts';
import type { Observers } from './observers.ts';
import type { CarrierMaking, ForkOptions } from './options.ts';
import { Pacing } from './reconnect.ts';

const defaultTimeout = 30_000;

const byteStream: Protocol<Uint8Array, Uint8Array> = messages(frame.stream(), codec.bytes());
const byteDatagrams: Protocol<Uint8Array, Uint8Array> = messages(frame.datagram(), codec.bytes());

/** For those who name none: bare bytes, a stream of them, or datagrams where nothing else can be. */
export function bareProtocol(...schemes: readonly (string | undefined)[]): Protocol<Uint8Array, Uint8Array> {
	return schemes.flatMap(selectTransports).every(({ features }) => features.datagrams) ? byteDatagrams : byteStream;
}

/** What an association knows, and learns, of one race. */
export interface RaceMemory {
	hints(target: string): RaceHints;
	sessions(security: Security): (name: string, port: number) => Sessions;
	/** Of that stack, as far as it has to be asked. */
	resolver(stack: Stack): Resolver | undefined;
	learn(report: RaceReport): void;
}

/** What the carriers of one association have in common. */
export interface Belonging {
	readonly association: CarrierAssociation;
	readonly remote: Remote;
	/** At least one. */
	readonly locals: readonly Local[];
	readonly security: Security;
	readonly observers: Observers<CarrierEvents, AnyCarrier>;
	/** Is told of every carrier. */
	joined(carrier: AnyCarrier): void;
}

/** What the carriers of one group have in common besides. */
export interface Membership {
	readonly group: Group<AnyCarrier>;
	readonly memory: RaceMemory;
	/** Of the group at its beginning: by it transports are selected. */
	readonly policy: SettledPolicy;
}

/** Opens a carrier, ready unless it is lazy. Throws mistakes before anything is asked or opened. */
export async function open<In, Out>(
	belonging: Belonging,
	membership: Membership,
	options: CarrierMaking<In, Out> & Pick<ForkOptions<In, Out>, 'priority'>,
): Promise<Carrier<In, Out>> {
	const { association, remote, locals, security, observers } = belonging;
	const { group, memory, policy } = membership;
	const { closeTimeout, limits, signal, priority } = options;
	const protocol = options.protocol ?? (bareProtocol(...remote.all.map(({ scheme }) => scheme)) as Protocol<In, Out>);
	const candidates = new Candidates(remote, locals);
	const contest = {
		policy,
		prefer: options.prefer,
		security,
		timeout: checkTimeout(options.timeout ?? defaultTimeout),
		racing: options.racing,
		timing: options.timing,
		limits,
	};
	const select = permitted(remote, policy, protocol.framing);
	for (const transport of checkRace({ ...contest, select, remote, locals })) transport.check?.(security);
	const pacing = options.reconnect && new Pacing(options.reconnect, systemRandom);
	let first = true;
	const carrier: Carrier<In, Out> = new Carrier(protocol, {
		stack: locals[0]!.stack,
		target: String(remote),
		name: security.serverName ?? remote.hostName ?? String(remote.addresses[0] ?? ''),
		association,
		group,
		priority,
		closeTimeout,
		limits,
		observers,
		origin: {
			pacing,
			candidates,
			async establish(giveUp) {
				const { remote: target, locals } = candidates;
				if (!target) throw new PostSocketsError('no-candidates', 'every remote of this carrier was removed');
				const limited = first && signal ? AbortSignal.any([signal, giveUp]) : giveUp;
				first = false;
				const racing: RaceOptions = {
					...contest,
					remote: target,
					locals,
					select: permitted(target, policy, protocol.framing),
					hints: memory.hints(String(remote)),
					sessions: memory.sessions(security),
					resolver: (stack) => memory.resolver(stack),
					joining: (join) => candidates.joining(join),
					signal: limited,
				};
				return learning(raceOrFallBack(racing, options.allowPlaintext ?? false), memory);
			},
			fork: (forking, spoken) =>
				open(belonging, membership, {
					...options,
					first: undefined,
					signal: undefined,
					lazy: undefined,
					...forking,
					protocol: spoken,
				}),
		},
	});
	belonging.joined(carrier as unknown as AnyCarrier);
	try {
		if (options.first !== undefined) carrier.post(options.first);
		if (options.lazy) return carrier;
		await carrier.activate();
		return carrier;
	} catch (error) {
		carrier.abort();
		throw error;
	}
}

/**
 * What serves each scheme, as far as the policy allows it. Throws `no-candidates` if it rules out every alternative of
 * `remote`; one that alone is ruled out is left away.
 */
function permitted(remote: Remote, policy: SettledPolicy, framing: Framing): RaceOptions['select'] {
	const offered = new Set(remote.all.flatMap(({ scheme }) => selectTransports(scheme)));
	const allowed = eligible([...offered], policy, framing);
	return (scheme) => allowed.filter((each) => selectTransports(scheme).includes(each));
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
	const { remote, security } = options;
	// A `trust` that has not decided yet is a peer that speaks TLS.
	const mayFallBack = allowPlaintext && !security.trust && remote.all.every(({ scheme }) => scheme === undefined);
	if (!mayFallBack) return race(options);
	try {
		return await race({ ...options, timeout: options.timeout / 2 });
	} catch (error) {
		if (!(error instanceof EstablishmentError) || !speaksNoTls(error)) throw error;
		const select: RaceOptions['select'] = (scheme) => (scheme === undefined ? plainTransports() : []);
		const winner = await race({ ...options, timeout: options.timeout / 2, select });
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
