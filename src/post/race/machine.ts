/**
 * The connection race: a pure machine over a tree of candidates, path → protocol → endpoint (RFC 9623 §4.1.2).
 *
 * Read first: RFC 9623 §4, RFC 8305 §5, draft-ietf-happy-happyeyeballs-v3 §6. In short: children of a node are started
 * in order, each some delay after the one before; a failure starts the next at once; nothing that was started is given
 * up before there is a winner or the time is over; the first attempt that is ready, handshake and trust included, wins,
 * and in the same step all others are cancelled.
 */

import type { IpAddress } from '../../base/address.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import type { Machine, Wake } from '../../base/machine.ts';
import { isUnix } from '../../base/socket-address.ts';
import type { Answer } from '../../stack/resolver.ts';
import { type Endpoint, EndpointSet, type EndpointSource, familyOf, type Query } from './endpoints.ts';
import type { RaceLimits, RaceTiming, RacingMode } from './timing.ts';

export interface RacePath {
	readonly name: string;
	/** The address families it has, the preferred one first. */
	readonly families: readonly (4 | 6)[];
}

export interface RaceProtocol {
	readonly name: string;
	/** A secure handshake follows once the connection stands, and counts (RFC 9623 §4.4.1). */
	readonly handshake: boolean;
}

/** What is known from earlier races: it ranks and paces, it never adds or removes. */
export interface RaceHints {
	/** The family to prefer, because it won the last time; undefined for the usual one. */
	readonly family: 4 | 6 | undefined;
	/** The same endpoints in the order to try them. */
	order(endpoints: readonly Endpoint[], protocol: string): Endpoint[];
	/** Milliseconds to wait after an attempt at this address before the next; undefined if nothing is known (H-33). */
	attemptDelay(address: IpAddress): number | undefined;
}

export interface RacePlan {
	readonly paths: readonly RacePath[];
	readonly protocols: readonly RaceProtocol[];
	readonly sources: readonly EndpointSource[];
	readonly mode: RacingMode;
	readonly hints?: RaceHints | undefined;
	readonly timing: RaceTiming;
	readonly limits: RaceLimits;
	/** Milliseconds for the whole race; `Infinity` for no end. */
	readonly timeout: number;
}

export interface Attempt {
	readonly id: number;
	/** Indices into the plan. */
	readonly path: number;
	readonly protocol: number;
	readonly endpoint: Endpoint;
	readonly start: number;
	/** When the connection stood and the handshake began. */
	connected: number | undefined;
	end: number | undefined;
	outcome: 'running' | 'won' | 'failed' | 'cancelled';
	error: PostSocketsError | undefined;
}

export type RaceEvent =
	| { readonly type: 'begin' }
	| { readonly type: 'answer'; readonly path: number; readonly source: number; readonly answer: Answer }
	/** The connection of an attempt stands, its handshake is under way. */
	| { readonly type: 'connected'; readonly attempt: Attempt }
	/** Everything the application needs is done. */
	| { readonly type: 'ready'; readonly attempt: Attempt }
	| { readonly type: 'failed'; readonly attempt: Attempt; readonly error: PostSocketsError }
	/** The caller does not want it any more. */
	| { readonly type: 'abort' };

export type RaceLoss = 'exhausted' | 'timed-out' | 'aborted';

/** What the machine wants done. It never waits for an answer inside a call. */
export interface RaceSink {
	query(path: number, query: Query): void;
	start(attempt: Attempt): void;
	/** Close it, having sent nothing of the application's. */
	cancel(attempt: Attempt): void;
	/** The race is decided; nothing follows. */
	won(attempt: Attempt): void;
	lost(loss: RaceLoss): void;
}

export class RaceMachine implements Machine<RaceEvent, RaceSink> {
	readonly plan: RacePlan;
	/** Every attempt in the order of the starts. */
	readonly attempts: Attempt[] = [];
	/** What each path knows of the remote's addresses. */
	readonly endpoints: readonly EndpointSet[];
	readonly #root: Branch;
	#over = Number.POSITIVE_INFINITY;
	#decided = false;

	constructor(plan: RacePlan) {
		const { paths, sources, timing, limits } = plan;
		this.plan = plan;
		this.endpoints = paths.map(
			({ families }) => new EndpointSet(sources, families, timing.resolutionDelay, limits.addressesPerAnswer),
		);
		const children = this.endpoints.map((set, index) => new Path(index, set, this));
		this.#root = new Branch(children, timing.pathDelay, plan.mode);
	}

	get deadline(): number {
		return this.#decided ? Number.POSITIVE_INFINITY : Math.min(this.#over, this.#root.deadline);
	}

	step(event: RaceEvent | Wake, now: number, sink: RaceSink): void {
		if (this.#decided) return;
		switch (event.type) {
			case 'begin':
				this.#over = now + this.plan.timeout;
				break;
			case 'answer':
				this.endpoints[event.path]!.answer(event.source, event.answer, now);
				break;
			case 'connected':
				event.attempt.connected = now;
				break;
			case 'ready':
				this.#finish(event.attempt, 'won', now);
				this.#cancelRunning(now, sink);
				this.#decided = true;
				sink.won(event.attempt);
				return;
			case 'failed':
				this.#finish(event.attempt, 'failed', now);
				event.attempt.error = event.error;
				break;
			case 'abort':
				this.#lose('aborted', now, sink);
				return;
			case 'wake':
				if (now < this.#over) break;
				this.#lose('timed-out', now, sink);
				return;
		}
		if (now < this.#over) this.#root.run(now, sink);
		if (this.#root.failed) this.#lose('exhausted', now, sink);
	}

	/** Called by a leaf that may start: the record is made here so that bounds of the whole race hold. */
	launch(leaf: { readonly path: number; readonly protocol: number }, endpoint: Endpoint, now: number): Attempt {
		const attempt: Attempt = {
			id: this.attempts.length + 1,
			path: leaf.path,
			protocol: leaf.protocol,
			endpoint,
			start: now,
			connected: undefined,
			end: undefined,
			outcome: 'running',
			error: undefined,
		};
		this.attempts.push(attempt);
		return attempt;
	}

	/** At this bound nothing starts until an attempt has failed. */
	get crowded(): boolean {
		const { concurrent } = this.plan.limits;
		return this.attempts.length >= concurrent && this.attempts.filter(isRunning).length >= concurrent;
	}

	get exhausted(): boolean {
		return this.attempts.length >= this.plan.limits.attempts;
	}

	#finish(attempt: Attempt, outcome: Attempt['outcome'], now: number): void {
		attempt.outcome = outcome;
		attempt.end = now;
	}

	#cancelRunning(now: number, sink: RaceSink): void {
		for (const attempt of this.attempts.filter(isRunning)) {
			this.#finish(attempt, 'cancelled', now);
			sink.cancel(attempt);
		}
	}

	#lose(loss: RaceLoss, now: number, sink: RaceSink): void {
		this.#decided = true;
		this.#cancelRunning(now, sink);
		sink.lost(loss);
	}
}

/** The time of a start that nothing holds back. */
const atOnce = Number.NEGATIVE_INFINITY;

interface Node {
	readonly failed: boolean;
	/** When `run` has something to do although nothing happened. */
	readonly deadline: number;
	/** Starts whatever is due. The first call begins the node. */
	run(now: number, sink: RaceSink): void;
}

/** Children of one kind, started one after the other; its timer concerns no other node (RFC 9623 §4.3). */
class Branch implements Node {
	readonly #children: readonly Node[];
	readonly #delay: number;
	#begun = 0;
	#failures = 0;
	#nextAt = atOnce;

	constructor(children: readonly Node[], delay: number, mode: RacingMode) {
		this.#children = children;
		this.#delay = mode === 'staggered' ? delay : mode === 'simultaneous' ? 0 : Number.POSITIVE_INFINITY;
	}

	get failed(): boolean {
		return this.#begun === this.#children.length && this.#children.every(({ failed }) => failed);
	}

	get deadline(): number {
		const next = this.#begun < this.#children.length ? this.#nextAt : Number.POSITIVE_INFINITY;
		return Math.min(next, ...this.#running().map(({ deadline }) => deadline));
	}

	run(now: number, sink: RaceSink): void {
		for (const child of this.#running()) child.run(now, sink);
		while (this.#begun < this.#children.length && (this.#someFailed() || now >= this.#nextAt)) {
			const child = this.#children[this.#begun++]!;
			this.#nextAt = now + this.#delay;
			child.run(now, sink);
		}
	}

	#running(): Node[] {
		return this.#children.slice(0, this.#begun).filter(({ failed }) => !failed);
	}

	/** A child has failed since this was last asked. */
	#someFailed(): boolean {
		const before = this.#failures;
		this.#failures = this.#begun - this.#running().length;
		return this.#failures > before;
	}
}

/**
 * One path. What it asks for names it asks when its turn has come, not before: the question would wake an interface that
 * may never be needed, and tell the name to its servers (RFC 9623 §4.1.2, §4.3.2).
 */
class Path extends Branch {
	readonly #index: number;
	readonly #endpoints: EndpointSet;
	#asked = false;

	constructor(index: number, endpoints: EndpointSet, race: RaceMachine) {
		const { protocols, timing, mode } = race.plan;
		const children = protocols.map((_, protocol) => new Leaves(endpoints, index, protocol, race));
		super(children, timing.protocolDelay, mode);
		this.#index = index;
		this.#endpoints = endpoints;
	}

	override get deadline(): number {
		return Math.min(super.deadline, this.#endpoints.deadline);
	}

	override run(now: number, sink: RaceSink): void {
		if (this.#asked) this.#endpoints.wake(now);
		else for (const query of this.#endpoints.begin(now)) sink.query(this.#index, query);
		this.#asked = true;
		super.run(now, sink);
	}
}

/** The endpoints of one path and protocol: the only node whose children appear while it runs (RFC 8305 §3). */
class Leaves implements Node {
	readonly path: number;
	readonly protocol: number;
	readonly #endpoints: EndpointSet;
	readonly #race: RaceMachine;
	readonly #attempts: Attempt[] = [];
	readonly #tried = new Set<string>();
	#failures = 0;
	#nextAt = atOnce;

	constructor(endpoints: EndpointSet, path: number, protocol: number, race: RaceMachine) {
		this.#endpoints = endpoints;
		this.path = path;
		this.protocol = protocol;
		this.#race = race;
	}

	get failed(): boolean {
		const over = this.#endpoints.settled(this.#name) && this.#untried().length === 0;
		return (over || this.#race.exhausted) && !this.#attempts.some(isRunning);
	}

	get deadline(): number {
		return this.#blocked() ? Number.POSITIVE_INFINITY : this.#due();
	}

	run(now: number, sink: RaceSink): void {
		const failures = this.#attempts.filter(({ outcome }) => outcome === 'failed').length;
		if (failures > this.#failures) this.#nextAt = atOnce; // a failure starts the next at once (RFC 9623 §4.3.2)
		this.#failures = failures;
		while (!this.#blocked() && now >= this.#due()) {
			const attempt = this.#race.launch(this, this.#untried()[0]!, now);
			this.#attempts.push(attempt);
			this.#tried.add(attempt.endpoint.key);
			this.#nextAt = now + this.#delay(attempt.endpoint);
			sink.start(attempt);
		}
	}

	#blocked(): boolean {
		return this.#race.crowded || this.#race.exhausted || this.#untried().length === 0;
	}

	/**
	 * A handshake under way, whose connection stood before the next start was due, holds that back until it should be
	 * done (draft §6.1): twice what TCP took.
	 */
	#due(): number {
		const { timing, protocols } = this.#race.plan;
		let due = this.#nextAt;
		if (!protocols[this.protocol]!.handshake) return due;
		for (const attempt of this.#attempts) {
			const { start, connected = Number.POSITIVE_INFINITY } = attempt;
			if (!isRunning(attempt) || connected >= this.#nextAt) continue;
			due = Math.max(due, Math.min(connected + 2 * (connected - start), start + timing.maximumDelay));
		}
		return due;
	}

	#delay({ address }: Endpoint): number {
		const { mode, timing, hints } = this.#race.plan;
		if (mode === 'simultaneous') return 0;
		if (mode === 'failover') return Number.POSITIVE_INFINITY;
		return (isUnix(address) ? undefined : hints?.attemptDelay(address.address)) ?? timing.attemptDelay;
	}

	get #name(): string {
		return this.#race.plan.protocols[this.protocol]!.name;
	}

	#untried(): Endpoint[] {
		const last = this.#attempts.at(-1);
		const untried = this.#endpoints.untried(this.#name, this.#tried, last && familyOf(last.endpoint.address));
		return this.#race.plan.hints?.order(untried, this.#name) ?? untried;
	}
}

function isRunning(attempt: Attempt): boolean {
	return attempt.outcome === 'running';
}
