/** Runs a race: the machine's wishes become queries and connections, and what they come to goes back into it. */

import { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import { type Driver, drive } from '../../base/machine.ts';
import { formatSocketAddress, type IpEndpoint, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';
import type { Answer, Resolver } from '../../stack/resolver.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Local } from '../endpoint/local.ts';
import type { Remote } from '../endpoint/remote.ts';
import { type CandidatePath, type Gathering, gather } from '../paths/gather.ts';
import { settle } from '../policy/cascade.ts';
import type { Security } from '../policy/security.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import type { Established, Establishment, Sessions, Transport } from '../transport/transport.ts';
import type { EndpointSource, Query } from './endpoints.ts';
import { establishmentError } from './failure.ts';
import { RaceMachine } from './machine.ts';
import type { Attempt, RaceEvent, RaceHints, RacePath, RacePlan, RaceSink } from './plan.ts';
import { type Prefer, ruleOf } from './prefer.ts';
import { describeAttempt, placeOf, type QueryReport, type RaceReport, round } from './report.ts';
import { type RaceLimits, type RaceTiming, type RacingMode, raceLimits, raceTiming, racingMode } from './timing.ts';
import { type RaceTrace, raceChannel } from './trace.ts';

export interface RaceOptions {
	readonly remote: Remote;
	/** Where to come from, at least one, the preferred first. */
	readonly locals: readonly Local[];
	/** The transports a Remote of this scheme may use, if any. Called before anything is asked or opened; may throw. */
	readonly select: (scheme: string | undefined) => readonly Transport[];
	/** Which paths it may use, and which it prefers. Default: one for each Local, in their order. */
	readonly policy?: SettledPolicy | undefined;
	/** Ranks candidates in place of all else. */
	readonly prefer?: Prefer | undefined;
	readonly security: Security;
	/** Milliseconds for all of it. */
	readonly timeout: number;
	readonly racing?: RacingMode | undefined;
	readonly timing?: Partial<RaceTiming> | undefined;
	readonly limits?: Partial<RaceLimits> | undefined;
	readonly hints?: RaceHints | undefined;
	/** Who is asked for names on a stack. Default: its own resolver. */
	readonly resolver?: ((stack: Stack) => Resolver | undefined) | undefined;
	/** Calls `join` with remotes that are added while it runs: they join it as far as its transports serve them. */
	readonly joining?: ((join: (remote: Remote) => void) => Disposable) | undefined;
	/** Sessions of the peer of that name and port. */
	readonly sessions?: ((name: string, port: number) => Sessions) | undefined;
	readonly signal: AbortSignal;
}

export interface RaceWinner extends Established {
	readonly transport: Transport;
	readonly stack: Stack;
	/** Which of the alternatives it is, and which of the locals it comes from. */
	readonly remote: Remote;
	readonly local: Local;
	readonly report: RaceReport;
}

/** Rejects with an `EstablishmentError`, or at once with a mistake of the caller. */
export async function race(options: RaceOptions): Promise<RaceWinner> {
	const { signal } = options;
	const field = prepare(options);
	if (signal.aborted) throw abortedBy(signal, 'initiate');
	return new Promise((resolve, reject) => {
		new Runner(options, field, resolve, reject).begin();
	});
}

/** The transports that may serve. Throws what is wrong with the options, before anything is asked or opened. */
export function checkRace(options: Omit<RaceOptions, 'signal'>): readonly Transport[] {
	return prepare(options).transports;
}

interface Field {
	readonly transports: readonly Transport[];
	readonly paths: readonly CandidatePath[];
}

function prepare(options: Omit<RaceOptions, 'signal'>): Field {
	const { remote, locals, select, policy = anyPath, hints, racing, timing, prefer } = options;
	racingMode(racing);
	raceTiming(timing);
	const limits = raceLimits(options.limits);
	if (prefer !== undefined && typeof prefer !== 'function') {
		throw badArgument('prefer is a function that returns the candidates it is given in another order', 'initiate');
	}
	const chosen = [...new Set(remote.all.flatMap(({ scheme }) => select(scheme)))];
	if (new Set(chosen.map(({ features }) => features.secure)).size > 1) {
		throw new PostSocketsError(
			'policy-contradiction',
			`${remote} has secure and plain alternatives, which never race each other; name them all tcp:// or none`,
			{ operation: 'initiate', remote: String(remote) },
		);
	}
	const linkLocal = remote.all.some(({ addresses }) => addresses.some(({ isLinkLocal }) => isLinkLocal));
	const roundTrip: Gathering['roundTrip'] = ({ name }, bound) => hints?.pathRoundTrip(name, bound);
	const paths = gather({ locals, transports: chosen, policy, family: hints?.family, linkLocal, roundTrip });
	return { transports: chosen, paths: paths.slice(0, limits.paths) };
}

const anyPath = settle('initiate');

interface Asked {
	readonly path: number;
	readonly query: Query;
	readonly start: number;
	end?: number;
	answer?: Answer;
}

let races = 0;

class Runner implements RaceSink {
	readonly #options: RaceOptions;
	readonly #transports: readonly Transport[];
	readonly #resolve: (winner: RaceWinner) => void;
	readonly #reject: (error: Error) => void;
	readonly #paths: readonly CandidatePath[];
	readonly #clock: Clock;
	readonly #machine: RaceMachine;
	readonly #driver: Driver<RaceEvent>;
	readonly #target: string;
	readonly #number = (races += 1);
	/** Of what is under way; fired to stop it. */
	readonly #attempts = new Map<Attempt, AbortController>();
	readonly #queries = new AbortController();
	readonly #asked: Asked[] = [];
	readonly #remotes = new Map<EndpointSource, Remote>();
	#joining: Disposable | undefined;
	readonly #established = new Map<Attempt, Established>();
	#begin = 0;

	constructor(
		options: RaceOptions,
		{ transports, paths }: Field,
		resolve: (winner: RaceWinner) => void,
		reject: (error: Error) => void,
	) {
		this.#options = options;
		this.#transports = transports;
		this.#resolve = resolve;
		this.#reject = reject;
		this.#target = String(options.remote);
		this.#paths = paths;
		this.#clock = options.locals[0]!.stack.clock;
		for (const remote of options.remote.all) this.#sourceOf(remote);
		this.#machine = new RaceMachine(this.#plan());
		this.#driver = drive(this.#machine, this as RaceSink, this.#clock);
	}

	begin(): void {
		this.#begin = this.#clock.now();
		this.#options.signal.addEventListener('abort', this.#onAbort, { once: true });
		this.#joining = this.#options.joining?.((remote) => {
			const source = this.#sourceOf(remote);
			if (source) this.#send({ type: 'added', source });
		});
		this.#send({ type: 'begin' });
	}

	query(path: number, query: Query): void {
		this.#trace({ type: 'query', path, query });
		const asked: Asked = { path, query, start: this.#clock.now() };
		this.#asked.push(asked);
		const { stack } = this.#paths[path]!.local;
		const resolver = this.#options.resolver ? this.#options.resolver(stack) : stack.resolver;
		const unknown: Answer = { type: query.type, status: 'failed', records: [], source: 'no resolver' };
		const { signal } = this.#queries;
		Promise.try(() => resolver?.resolve(query.name, query.type, signal) ?? unknown)
			.catch((error): Answer => ({ ...unknown, source: String(error?.message ?? error) }))
			.then((answer) => {
				if (signal.aborted) return;
				asked.end = this.#clock.now();
				asked.answer = answer;
				this.#send({ type: 'answer', path, source: query.source, answer });
			});
	}

	start(attempt: Attempt): void {
		this.#trace({ type: 'start', attempt });
		const path = this.#paths[attempt.path]!;
		const { stack } = path.local;
		const controller = new AbortController();
		this.#attempts.set(attempt, controller);
		const { signal } = controller;
		const { address, source } = attempt.endpoint;
		const establishment: Establishment = {
			stack,
			address,
			name: source.name || (isUnix(address) ? '' : String(address.address)),
			security: this.#options.security,
			local: localFor(address, path),
			interface: path.path.interface ?? undefined,
			sessions: this.#options.sessions?.(attempt.endpoint.source.name, attempt.endpoint.source.port),
			signal,
			onConnected: () => {
				if (!signal.aborted) this.#send({ type: 'connected', attempt });
			},
		};
		Promise.try(() => this.#transports[attempt.protocol]!.establish(establishment)).then(
			(established) => {
				if (signal.aborted) return established.flow.abort();
				this.#established.set(attempt, established);
				this.#send({ type: 'ready', attempt });
			},
			(error) => {
				if (signal.aborted) return;
				this.#attempts.delete(attempt);
				const where = { operation: 'connect', remote: formatSocketAddress(address) };
				this.#send({ type: 'failed', attempt, error: fromSystem(error, where, 'unreachable') });
			},
		);
	}

	cancel(attempt: Attempt): void {
		this.#trace({ type: 'cancel', attempt });
		this.#attempts.get(attempt)?.abort();
	}

	won(attempt: Attempt): void {
		this.#trace({ type: 'won', attempt });
		this.#end();
		const established = this.#established.get(attempt)!;
		const transport = this.#transports[attempt.protocol]!;
		const { local } = this.#paths[attempt.path]!;
		this.#resolve({
			...established,
			transport,
			stack: local.stack,
			remote: this.#remotes.get(attempt.endpoint.source)!,
			local,
			report: this.#report(attempt),
		});
	}

	lost(loss: Parameters<RaceSink['lost']>[0]): void {
		this.#trace({ type: 'lost', loss });
		this.#end();
		const { signal } = this.#options;
		this.#reject(establishmentError(this.#machine, loss, this.#report(), signal.aborted ? signal.reason : undefined));
	}

	#end(): void {
		this.#driver.stop();
		this.#joining?.[Symbol.dispose]();
		this.#queries.abort();
		this.#options.signal.removeEventListener('abort', this.#onAbort);
	}

	readonly #onAbort = () => this.#send({ type: 'abort' });

	#send(event: RaceEvent): void {
		this.#trace(event);
		this.#driver.send(event);
	}

	#plan(): RacePlan {
		const { remote, racing, timing, limits, timeout, hints, prefer } = this.#options;
		const stacks = [...new Set(this.#paths.map(({ local }) => local.stack))];
		if (remote.all.every(({ complete }) => !complete) && stacks.every(({ resolver }) => !resolver)) {
			const names = stacks.map(({ name }) => name).join(', ');
			const message = `${names} resolves no names; give ${this.#target} as an IP address with its port`;
			throw new PostSocketsError('not-supported', message, { operation: 'initiate', remote: this.#target });
		}
		const paths = this.#paths.map(
			({ local, path, families, transports }): RacePath => ({
				name: local.stack.name,
				interface: path.interface ?? undefined,
				interfaceType: path.interfaceType,
				families,
				protocols: transports.map((transport) => this.#transports.indexOf(transport)),
			}),
		);
		const protocols = this.#transports.map(({ name, features }) => ({ name, handshake: features.secure }));
		return {
			paths,
			protocols,
			sources: [...this.#remotes.keys()],
			hints,
			rule: prefer && ruleOf(prefer, paths, protocols, hints),
			mode: racingMode(racing),
			timing: raceTiming(timing),
			limits: raceLimits(limits),
			timeout,
		};
	}

	/** Undefined where none of the transports serves it. */
	#sourceOf(remote: Remote): EndpointSource | undefined {
		const { select, security } = this.#options;
		const racing = new Set(this.#transports.map(({ name }) => name));
		const transports = select(remote.scheme).filter(({ name }) => racing.has(name));
		if (transports.length === 0) return undefined;
		const source = sourceOf(remote, transports, security);
		this.#remotes.set(source, remote);
		return source;
	}

	#report(winner?: Attempt): RaceReport {
		const attempts = this.#machine.attempts.map((attempt) => describeAttempt(attempt, this.#machine, this.#begin));
		return {
			target: this.#target,
			winner: winner ? attempts[winner.id - 1]!.address : null,
			milliseconds: round(this.#clock.now() - this.#begin),
			plaintextFallback: false,
			attempts,
			dns: this.#asked.map(
				({ path, query, start, end, answer }): QueryReport => ({
					name: query.name,
					type: query.type,
					...placeOf(this.#machine.plan.paths[path]!),
					server: answer?.source ?? null,
					start: round(start - this.#begin),
					end: end === undefined ? null : round(end - this.#begin),
					outcome: answer?.status ?? 'pending',
					addresses: answer?.records.map(({ address }) => address.toString()) ?? [],
				}),
			),
		};
	}

	#trace(step: RaceTrace['step']): void {
		if (!raceChannel.hasSubscribers) return;
		const trace: RaceTrace = { race: this.#number, target: this.#target, at: this.#clock.now(), step };
		raceChannel.publish(trace);
	}
}

/** The address to come from and the Local's port; undefined if the stack is to choose both. */
function localFor(remote: SocketAddress, { local, addresses = [] }: CandidatePath): IpEndpoint | undefined {
	if (isUnix(remote)) return undefined;
	const { family, isLinkLocal } = remote.address;
	const possible = addresses.filter((each) => each.family === family);
	const address = possible.find((each) => each.isLinkLocal === isLinkLocal) ?? possible[0] ?? local.address;
	if (address === undefined && local.port === 0) return undefined;
	return { address: address ?? (family === 6 ? IpAddress.any6 : IpAddress.any4), port: local.port };
}

function sourceOf(remote: Remote, transports: readonly Transport[], security: Security): EndpointSource {
	const secure = transports.some(({ features }) => features.secure);
	return {
		name: remote.hostName ?? '',
		identity: secure ? (security.serverName ?? remote.hostName) : undefined,
		port: remote.port ?? 0,
		addresses: remote.addresses.length > 0 ? remote.addresses : undefined,
		path: remote.path,
		protocols: transports.map(({ name }) => name),
	};
}
