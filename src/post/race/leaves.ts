/** The leaves of a race: addresses by a protocol over a path, started one after the other (RFC 8305 §5, draft §6). */

import { isUnix } from '../../base/socket-address.ts';
import { type Endpoint, type EndpointSet, familyOf } from './endpoints.ts';
import {
	type Attempt,
	type Choice,
	isRunning,
	lastSign,
	type RaceHints,
	type RacePlan,
	type RaceSink,
} from './plan.ts';
import type { RuledOrder } from './ruled-order.ts';

/** The time of a start that nothing holds back. */
export const atOnce = Number.NEGATIVE_INFINITY;

/** A part of the tree. */
export interface Node {
	readonly failed: boolean;
	/** When `run` has something to do although nothing happened. */
	readonly deadline: number;
	/** When `failover` goes on without it: all of it is started, and none has shown a sign of life for `timing.patience`. */
	readonly silentAt: number;
	/** Starts whatever is due. The first call begins the node. */
	run(now: number, sink: RaceSink): void;
}

/** What leaves see of the race they are of. */
export interface Field {
	readonly plan: RacePlan;
	/** No attempt may start any more. */
	readonly exhausted: boolean;
	/** When one may, as far as `limits.concurrent` goes. */
	readonly freeAt: number;
	launch(choice: Choice, now: number): Attempt;
}

/** One protocol over one path. */
export class Lane {
	readonly path: number;
	readonly protocol: number;
	readonly #name: string;
	readonly #endpoints: EndpointSet;
	readonly #tried = new Set<string>();
	#lastFamily: 4 | 6 | undefined;

	constructor(path: number, protocol: number, name: string, endpoints: EndpointSet) {
		this.path = path;
		this.protocol = protocol;
		this.#name = name;
		this.#endpoints = endpoints;
	}

	/** No further address can come. */
	get settled(): boolean {
		return this.#endpoints.settled(this.#name);
	}

	/** There is something to try. */
	get known(): boolean {
		return this.#untried().length > 0;
	}

	untried(hints: RaceHints | undefined): Choice[] {
		const { path, protocol } = this;
		const untried = this.#untried();
		const ordered = hints?.order(untried, this.#name) ?? untried;
		return ordered.map((endpoint) => ({ path, protocol, endpoint }));
	}

	try({ endpoint }: Choice): void {
		this.#tried.add(endpoint.key);
		this.#lastFamily = familyOf(endpoint.address);
	}

	#untried(): Endpoint[] {
		return this.#endpoints.untried(this.#name, this.#tried, this.#lastFamily);
	}
}

/** The only node whose children appear while it runs (RFC 8305 §3). */
export class Leaves implements Node {
	readonly #lanes: readonly Lane[];
	readonly #race: Field;
	readonly #rule: RuledOrder | undefined;
	readonly #attempts: Attempt[] = [];
	#begunAt: number | undefined;
	#failures = 0;
	#nextAt = atOnce;

	constructor(lanes: readonly Lane[], race: Field, rule?: RuledOrder) {
		this.#lanes = lanes;
		this.#race = race;
		this.#rule = rule;
	}

	get failed(): boolean {
		const over = this.#lanes.every(({ settled }) => settled) && this.#untried().length === 0;
		return (over || this.#race.exhausted) && !this.#attempts.some(isRunning);
	}

	get deadline(): number {
		return this.#done() ? Number.POSITIVE_INFINITY : this.#due();
	}

	get silentAt(): number {
		if (!this.#done()) return Number.POSITIVE_INFINITY;
		return Math.max(this.#begunAt!, ...this.#attempts.map(lastSign)) + this.#race.plan.timing.patience;
	}

	run(now: number, sink: RaceSink): void {
		this.#begunAt ??= now;
		const failures = this.#attempts.filter(({ outcome }) => outcome === 'failed').length;
		if (failures > this.#failures) this.#nextAt = atOnce; // a failure starts the next at once (RFC 9623 §4.3.2)
		this.#failures = failures;
		while (!this.#done() && now >= this.#due()) {
			const choice = this.#untried()[0]!;
			this.#lanes.find(({ path, protocol }) => path === choice.path && protocol === choice.protocol)!.try(choice);
			const attempt = this.#race.launch(choice, now);
			this.#attempts.push(attempt);
			this.#nextAt = now + this.#delay(choice);
			sink.start(attempt);
		}
	}

	/** There is nothing to start, for now. */
	#done(): boolean {
		return this.#race.exhausted || this.#untried().length === 0;
	}

	#due(): number {
		return Math.max(this.#nextAt, this.#heldUntil(), this.#race.freeAt);
	}

	/**
	 * A handshake under way, whose connection stood before the next start was due, holds that back until it should be
	 * done (draft §6.1): twice what TCP took. In `failover` it is waited for like any attempt.
	 */
	#heldUntil(): number {
		const { timing, protocols, mode } = this.#race.plan;
		const held = this.#attempts.map((attempt) => {
			const { start, connected = Number.POSITIVE_INFINITY, protocol } = attempt;
			if (!isRunning(attempt) || !protocols[protocol]!.handshake || connected >= this.#nextAt) return atOnce;
			if (mode === 'failover') return connected + timing.patience;
			return Math.min(connected + 2 * (connected - start), start + timing.maximumDelay);
		});
		return Math.max(atOnce, ...held);
	}

	#delay({ endpoint: { address } }: Choice): number {
		const { mode, timing, hints } = this.#race.plan;
		if (mode === 'simultaneous') return 0;
		if (mode === 'failover') return timing.patience;
		return (isUnix(address) ? undefined : hints?.attemptDelay(address.address)) ?? timing.attemptDelay;
	}

	#untried(): Choice[] {
		const choices = this.#lanes.flatMap((lane) => lane.untried(this.#race.plan.hints));
		return this.#rule?.order(choices) ?? choices;
	}
}
