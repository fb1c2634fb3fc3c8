/**
 * The connection race: a pure machine over a tree of candidates, path → protocol → endpoint (RFC 9623 §4.1.2).
 *
 * Read first: RFC 9623 §4, RFC 8305 §5, draft-ietf-happy-happyeyeballs-v3 §6. In short: children of a node are started
 * in order, each some delay after the one before; a failure starts the next at once; nothing that was started is given
 * up before there is a winner or the time is over; the first attempt that is ready, handshake and trust included, wins,
 * and in the same step all others are cancelled. A rule of the user's own takes the place of the tree.
 */

import type { PostSocketsError } from '../../base/errors.ts';
import type { Machine, Wake } from '../../base/machine.ts';
import { EndpointSet } from './endpoints.ts';
import { atOnce, type Field, Lane, Leaves, type Node } from './leaves.ts';
import {
	type Attempt,
	type Choice,
	isRunning,
	lastSign,
	type RaceEvent,
	type RaceLoss,
	type RacePlan,
	type RaceSink,
} from './plan.ts';
import { RuledOrder } from './ruled-order.ts';
import type { RacingMode } from './timing.ts';

export class RaceMachine implements Machine<RaceEvent, RaceSink>, Field {
	readonly plan: RacePlan;
	/** Every attempt in the order of the starts. */
	readonly attempts: Attempt[] = [];
	/** What each path knows of the remote's addresses. */
	readonly endpoints: readonly EndpointSet[];
	readonly #root: Node;
	readonly #rule: RuledOrder | undefined;
	#over = Number.POSITIVE_INFINITY;
	#decided = false;
	#heldBack = false;

	constructor(plan: RacePlan) {
		const { paths, protocols, sources, timing, limits, rule, mode } = plan;
		this.plan = plan;
		this.endpoints = paths.map(
			({ families }) => new EndpointSet(sources, families, timing.resolutionDelay, limits.addressesPerAnswer),
		);
		this.#rule = rule && new RuledOrder(rule);
		const inquiries = this.endpoints.map((set, index) => new Inquiry(index, set));
		const lanes = this.endpoints.map((set, index) =>
			(paths[index]!.protocols ?? [...protocols.keys()]).map(
				(protocol) => new Lane(index, protocol, protocols[protocol]!.name, set),
			),
		);
		if (this.#rule) {
			const leaves = new Leaves(lanes.flat(), this, this.#rule);
			this.#root = new Asking(inquiries, new Gate(lanes.flat(), leaves, timing.resolutionDelay));
			return;
		}
		const children = lanes.map((own, index) => {
			const leaves = own.map((lane) => new Leaves([lane], this));
			return new Asking([inquiries[index]!], new Branch(leaves, timing.protocolDelay, mode));
		});
		this.#root = new Branch(children, timing.pathDelay, mode);
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
			case 'added':
				for (const set of this.endpoints) set.add(event.source);
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
				this.#heldBack = this.freeAt >= now && this.#root.deadline < Number.POSITIVE_INFINITY;
				this.#lose('timed-out', now, sink);
				return;
		}
		if (now < this.#over) this.#root.run(now, sink);
		if (this.fault) this.#lose('misruled', now, sink);
		else if (this.#root.failed) this.#lose('exhausted', now, sink);
	}

	/** Why a race was lost as `misruled`. */
	get fault(): PostSocketsError | undefined {
		return this.#rule?.fault;
	}

	/** When the time was over, `limits.concurrent` still held something back. */
	get heldBack(): boolean {
		return this.#heldBack;
	}

	/** Called by leaves that may start: the record is made here so that bounds of the whole race hold. */
	launch(choice: Choice, now: number): Attempt {
		const attempt: Attempt = {
			...choice,
			id: this.attempts.length + 1,
			start: now,
			connected: undefined,
			end: undefined,
			outcome: 'running',
			error: undefined,
		};
		this.attempts.push(attempt);
		return attempt;
	}

	/**
	 * At `limits.concurrent` nothing starts until an attempt has failed, or has been silent for so long that it is not
	 * counted on. It is not given up for that (draft §6): a host that is merely slow may still win.
	 */
	get freeAt(): number {
		const { limits, timing } = this.plan;
		if (this.attempts.length < limits.concurrent) return atOnce;
		const countedUntil = this.attempts.filter(isRunning).map((attempt) => lastSign(attempt) + timing.patience);
		return countedUntil.sort((one, other) => other - one)[limits.concurrent - 1] ?? atOnce;
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

/** Children of one kind, started one after the other; its timer concerns no other node (RFC 9623 §4.3). */
class Branch implements Node {
	readonly #children: readonly Node[];
	readonly #delay: number;
	readonly #mode: RacingMode;
	#begun = 0;
	#failures = 0;
	#nextAt = atOnce;

	constructor(children: readonly Node[], delay: number, mode: RacingMode) {
		this.#children = children;
		this.#delay = mode === 'simultaneous' ? 0 : delay;
		this.#mode = mode;
	}

	get failed(): boolean {
		return this.#begun === this.#children.length && this.#children.every(({ failed }) => failed);
	}

	get deadline(): number {
		return Math.min(this.#due(), ...this.#running().map(({ deadline }) => deadline));
	}

	get silentAt(): number {
		if (this.#begun < this.#children.length) return Number.POSITIVE_INFINITY;
		return Math.max(...this.#running().map(({ silentAt }) => silentAt));
	}

	run(now: number, sink: RaceSink): void {
		for (const child of this.#running()) child.run(now, sink);
		while (this.#begun < this.#children.length && (this.#someFailed() || now >= this.#due())) {
			const child = this.#children[this.#begun++]!;
			this.#nextAt = now + this.#delay;
			child.run(now, sink);
		}
	}

	/** When the next child is, if none fails before. */
	#due(): number {
		if (this.#begun === this.#children.length) return Number.POSITIVE_INFINITY;
		const latest = this.#mode === 'failover' ? this.#children[this.#begun - 1] : undefined;
		return latest?.silentAt ?? this.#nextAt;
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

/** What one path asks for names. */
class Inquiry {
	readonly #path: number;
	readonly #endpoints: EndpointSet;

	constructor(path: number, endpoints: EndpointSet) {
		this.#path = path;
		this.#endpoints = endpoints;
	}

	get deadline(): number {
		return this.#endpoints.deadline;
	}

	run(now: number, sink: RaceSink): void {
		for (const query of this.#endpoints.begin(now)) sink.query(this.#path, query);
	}
}

/**
 * A node that needs names. It asks when its turn has come, not before: the question would wake an interface that may
 * never be needed, and tell the name to its servers (RFC 9623 §4.1.2, §4.3.2).
 */
class Asking implements Node {
	readonly #inquiries: readonly Inquiry[];
	readonly #node: Node;

	constructor(inquiries: readonly Inquiry[], node: Node) {
		this.#inquiries = inquiries;
		this.#node = node;
	}

	get failed(): boolean {
		return this.#node.failed;
	}

	get deadline(): number {
		return Math.min(this.#node.deadline, ...this.#inquiries.map(({ deadline }) => deadline));
	}

	get silentAt(): number {
		return this.#node.silentAt;
	}

	run(now: number, sink: RaceSink): void {
		for (const inquiry of this.#inquiries) inquiry.run(now, sink);
		this.#node.run(now, sink);
	}
}

/** Lets nothing start until every lane knows an address or knows that there is none, but for no longer than the delay. */
class Gate implements Node {
	readonly #lanes: readonly Lane[];
	readonly #leaves: Leaves;
	readonly #delay: number;
	#opensAt = Number.POSITIVE_INFINITY;
	#open = false;

	constructor(lanes: readonly Lane[], leaves: Leaves, delay: number) {
		this.#lanes = lanes;
		this.#leaves = leaves;
		this.#delay = delay;
	}

	get failed(): boolean {
		return this.#leaves.failed;
	}

	get deadline(): number {
		return this.#open ? this.#leaves.deadline : this.#opensAt;
	}

	get silentAt(): number {
		return this.#leaves.silentAt;
	}

	run(now: number, sink: RaceSink): void {
		if (this.#lanes.some(({ known }) => known)) this.#opensAt = Math.min(this.#opensAt, now + this.#delay);
		this.#open ||= now >= this.#opensAt || this.#lanes.every(({ known, settled }) => known || settled);
		if (this.#open) this.#leaves.run(now, sink);
	}
}
