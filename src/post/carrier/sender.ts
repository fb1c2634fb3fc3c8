/**
 * The sending half of a carrier: batches go to the flow as it welcomes them, at the end of the turn or when they are
 * large, and messages are told when theirs was handed down. What goes into a batch is the batcher's business.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Framer } from '../message/framer.ts';
import type { EntryOptions } from '../queue/entry.ts';
import { type Batch, Batcher, type BatcherOptions } from './batcher.ts';
import { Depth } from './depth.ts';
import { batchBytes, highWater, shallowBytes } from './limits.ts';
import type { Outgoing } from './outgoing.ts';
import type { SendReport } from './sending.ts';
import type { Streamed } from './streamed.ts';
import type { Turn } from './turn.ts';

/** What a message asks for beside being sent. Without any, it is reliable, in order, and in no hurry. */
export interface Terms extends Omit<EntryOptions, 'deadline'> {
	/** Milliseconds for which it is worth sending. Default for ever. */
	readonly lifetime?: number | undefined;
	/** Do not wait for the end of the turn, nor for others to share a packet with. */
	readonly immediate?: boolean | undefined;
	/** It may be sent again on another flow although this one may have taken it. */
	readonly replayable?: boolean | undefined;
}

export interface SenderOptions extends BatcherOptions {
	readonly clock: Clock;
	/** The flow may be lost and another one come: everything is queued, so that it can be framed anew. */
	readonly keeps: boolean;
	/** Milliseconds of a round trip, as far as known; 0 if not. */
	roundTrip(): number;
	/** From now on it matters that the layers below hold little. */
	onRanked(): void;
}

export class Sender {
	/** Batches handed down so far: whether anything goes on. */
	taken = 0;
	readonly #options: SenderOptions;
	readonly #batcher: Batcher;
	/** Given to the flow, which has not said that they were handed down. */
	readonly #handedDown = new Queue<Batch>();
	readonly #depth: Depth;
	#flow: Flow | undefined;
	/** What the flow calls for each batch; what a lost one still says is not heard. */
	#done: (error?: PostSocketsError) => void = () => {};
	/** Some message had a rank or a deadline: little is given to the flow at a time. */
	#ranked = false;
	/** Of a carrier that is not alone in its group. */
	#turn: Turn | undefined;
	#welcome = true;
	#scheduled = false;
	#ended = false;
	#over = false;
	#expiry: Timer | undefined;
	#expiryAt = Number.POSITIVE_INFINITY;
	#drained: (() => void)[] = [];
	readonly #idle: (() => void)[] = [];
	#flushed: (() => void) | undefined;

	constructor(options: SenderOptions) {
		this.#options = options;
		this.#batcher = new Batcher(options);
		const { clock, roundTrip } = options;
		this.#depth = new Depth({ clock, roundTrip, onRoom: () => this.flush() });
	}

	/** Bytes not yet handed to the layer below, framing not counted. */
	get queued(): number {
		return this.#batcher.bytes;
	}

	/** The flow has something that it has not taken. */
	get pending(): boolean {
		return this.#handedDown.length > 0;
	}

	/** The number of the next message. */
	get nextId(): number {
		return this.#batcher.nextId;
	}

	/** Messages that were not given to the flow, and can be taken back or overtaken. */
	get waiting(): number {
		return this.#batcher.waiting;
	}

	/** Nothing more can be sent: the last message was, or the carrier is over. */
	get ended(): boolean {
		return this.#ended || this.#over;
	}

	/** Sending more now would only grow the queue. */
	get saturated(): boolean {
		return (!this.#welcome && !this.#ended) || this.queued >= highWater;
	}

	/** From here on it goes when `turn` lets it. */
	takeTurns(turn: Turn): void {
		this.#turn = turn;
		this.flush();
	}

	/** From here on batches go to `flow`, each message by itself if `datagrams`. */
	attach(flow: Flow, datagrams: boolean): void {
		this.#flow = flow;
		this.#batcher.separate = datagrams;
		this.#done = (error) => {
			if (this.#flow === flow) this.#handed(error);
		};
		this.#depth.attach(flow);
		if (this.#ranked) this.#options.onRanked();
		this.flush();
	}

	/**
	 * The flow is lost. Messages it was given and has not taken fail, unless they may be sent twice; these wait for the
	 * next one, after those of `before`, and then the rest.
	 */
	detach(framer: Framer, error: PostSocketsError, before: readonly Outgoing[]): void {
		this.#flow = undefined;
		this.#welcome = true;
		this.#turn?.welcome();
		this.#turn?.mayGo(undefined);
		this.#batcher.lose(framer, error, before, this.#takeBack());
		this.#tellDrained();
	}

	/**
	 * Takes one message, and gives it back if it waits in the queue. Throws what the framer throws, `queue-full`, and
	 * `bad-argument` for antecedents that can never be met.
	 */
	send(content: Uint8Array, report: SendReport | undefined, terms: Terms = plain): Outgoing | undefined {
		const batcher = this.#batcher;
		let outgoing: Outgoing | undefined;
		if (this.#canFrame(content.length) && !isChoosy(terms)) batcher.frame(content, report);
		else {
			outgoing = batcher.enqueue(content, report, terms.replayable ?? false, this.#entry(terms));
			if (this.#turn) outgoing.place = this.#turn.number();
			this.#claimTurn();
			this.#watchRanks(terms);
		}
		if (terms.final) this.end();
		else if (batcher.separate || terms.immediate || batcher.full) this.flush();
		else this.#flushSoon();
		return outgoing;
	}

	/** Takes a message of which the pieces are to come; `onWritten` when there are some. Throws as `send` does. */
	open(report: SendReport, terms: Terms): Streamed {
		const streamed = this.#batcher.open(report, this.#entry(terms));
		this.#watchRanks(terms);
		return streamed;
	}

	/** A streamed message has another piece. */
	onWritten(): void {
		this.#flushSoon();
	}

	/** Takes back what was not given to the flow. */
	withdraw(message: Outgoing): boolean {
		const withdrawn = this.#batcher.withdraw(message);
		if (withdrawn) this.#settle();
		return withdrawn;
	}

	/** Gives a message that waits another lifetime, from now. */
	extend(message: Outgoing, lifetime: number): boolean {
		const extended = this.#batcher.extend(message, this.#options.clock.now() + lifetime);
		this.#waitForExpiry();
		return extended;
	}

	/** Takes back all that `matches` and was not given to the flow. */
	drop(matches: (message: Outgoing) => boolean): void {
		this.#batcher.drop(matches);
		this.#settle();
	}

	/** No message after those queued; then the flow is half-closed. */
	end(): void {
		if (this.ended) return;
		this.#ended = true;
		this.#batcher.end();
		this.flush();
		if (!this.saturated) this.#tellDrained();
	}

	onDrain(): void {
		this.#welcome = true;
		this.#turn?.welcome();
		this.flush();
		if (!this.saturated) this.#tellDrained();
	}

	/** Resolves when more is welcome; at once if it is, also when nothing can be sent any more. */
	drained(): Promise<void> {
		if (!this.saturated || this.#over) return Promise.resolve();
		return new Promise((resolve) => this.#drained.push(resolve));
	}

	/** Resolves when everything sent so far was handed down; also when the carrier is over. */
	idle(): Promise<void> {
		if (this.isIdle || this.#over) return Promise.resolve();
		return new Promise((resolve) => this.#idle.push(resolve));
	}

	/** Resolves when the last message was handed down and the peer told; also when the carrier is over. */
	flushed(): Promise<void> {
		return new Promise((resolve) => {
			this.#flushed = resolve;
			this.#checkFlushed();
		});
	}

	/** The carrier is over: whatever was not handed down fails. */
	fail(error: PostSocketsError): void {
		this.#over = true;
		this.#turn?.leave();
		this.#expiry?.cancel();
		this.#batcher.fail(error, this.#takeBack());
		this.#tellDrained();
		this.#checkFlushed();
	}

	flush(): void {
		const flow = this.#flow;
		if (!flow || this.#over) return;
		for (let batch = this.#next(); batch; batch = this.#next()) {
			this.#handedDown.push(batch);
			this.#welcome = flow.write(batch.chunks, this.#done);
			this.#depth.started(batch.bytes, this.#welcome);
			this.#turn?.went(batch.bytes, batch.messages.length, this.#welcome);
		}
		this.#waitForExpiry();
		if (!this.#batcher.empty) return;
		this.#depth.eased();
		if (!this.#ended) return;
		flow.end();
		this.#checkFlushed();
	}

	/** The next batch, if the flow may have it now. */
	#next(): Batch | undefined {
		if (!this.#welcome) return undefined;
		const batcher = this.#batcher;
		if (this.#turn ? !this.#turn.mayGo(batcher.head) : batcher.empty) return undefined;
		const room = this.#depth.room;
		if (room === 0) return undefined;
		const timed = batcher.deadline < Number.POSITIVE_INFINITY;
		const most = this.#ranked ? shallowBytes.unknown : batchBytes;
		return batcher.next(Math.min(most, room), this.#options.clock.now(), timed ? this.#depth.estimate : undefined);
	}

	/** Says what it has to send now, so that the one whose turn it is goes first, not the one who flushes first. */
	#claimTurn(): void {
		if (this.#flow) this.#turn?.mayGo(this.#batcher.head);
	}

	#flushSoon(): void {
		if (this.#scheduled || !this.#flow) return;
		this.#scheduled = true;
		this.#options.clock.soon(() => {
			this.#scheduled = false;
			this.flush();
		});
	}

	/** A message that asks for nothing need not wait: nothing has to be chosen among, or kept. */
	#canFrame(length: number): boolean {
		const lags = !this.#welcome && this.#batcher.full;
		return this.#flow !== undefined && !this.#options.keeps && !this.#turn && !lags && this.#batcher.takesNow(length);
	}

	#entry({ lifetime, ...options }: Terms): EntryOptions {
		return lifetime === undefined ? options : { ...options, deadline: this.#options.clock.now() + lifetime };
	}

	#watchRanks({ lifetime, priority, antecedents }: Terms): void {
		if (!this.#ranked && (lifetime !== undefined || priority !== undefined || antecedents)) {
			this.#ranked = true;
			this.#depth.keepShallow();
			if (this.#flow) this.#options.onRanked();
		}
		this.#waitForExpiry();
	}

	get isIdle(): boolean {
		return this.#handedDown.length === 0 && this.#batcher.empty;
	}

	/** The oldest batch was handed down, or could not be. */
	#handed(error: PostSocketsError | undefined): void {
		const batch = this.#handedDown.shift();
		if (!batch) return;
		this.taken += 1;
		this.#depth.handed(batch.bytes);
		this.#batcher.handed(batch, error);
		if (this.#ranked) this.flush();
		this.#settle();
	}

	/** What the flow has and will not say any more. */
	#takeBack(): Batch[] {
		const batches: Batch[] = [];
		for (let batch = this.#handedDown.shift(); batch; batch = this.#handedDown.shift()) {
			batches.push(batch);
		}
		this.#depth.detach();
		return batches;
	}

	/** There is less to send than there was. */
	#settle(): void {
		this.#waitForExpiry();
		this.#claimTurn();
		if (!this.saturated) this.#tellDrained();
		if (this.#ended && this.waiting === 0) this.flush();
		this.#checkFlushed();
	}

	#waitForExpiry(): void {
		const { deadline } = this.#batcher;
		if (deadline === this.#expiryAt) return;
		const { clock } = this.#options;
		this.#expiry?.cancel();
		this.#expiryAt = deadline;
		if (deadline === Number.POSITIVE_INFINITY) return;
		this.#expiry = clock.after(deadline - clock.now(), () => {
			this.#expiryAt = Number.POSITIVE_INFINITY;
			this.#batcher.expire(clock.now());
			this.#settle();
		});
		this.#expiry.unref?.();
	}

	#checkFlushed(): void {
		if (this.isIdle || this.#over) for (const resolve of this.#idle.splice(0)) resolve();
		if (this.#over || (this.#ended && this.#flow && this.isIdle)) this.#flushed?.();
	}

	#tellDrained(): void {
		if (this.#drained.length === 0) return;
		const waiting = this.#drained;
		this.#drained = [];
		for (const resolve of waiting) resolve();
	}
}

/** It has to be chosen among others. */
function isChoosy({ priority, lifetime, antecedents, ordered }: Terms): boolean {
	return priority !== undefined || lifetime !== undefined || antecedents !== undefined || ordered === false;
}

const plain: Terms = {};
