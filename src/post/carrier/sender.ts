/**
 * The sending half of a carrier. A message that asks for nothing is framed at once, small ones back to back, and leaves
 * at the end of the turn. As soon as the flow lags behind, or a message has a rank, a deadline or antecedents, messages
 * wait in the queue, which chooses anew each time the flow takes more. Each is reported when it was handed down.
 *
 * A sender whose carrier may outlive its connection frames as late as it can: what a lost connection has not taken is
 * framed anew for the next one.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import { PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Framer, Framing } from '../message/framer.ts';
import { Packer } from '../message/packer.ts';
import { DrainRate } from '../queue/drain-rate.ts';
import { type Ending, type EntryOptions, precedes } from '../queue/entry.ts';
import { type Estimate, SendQueue } from '../queue/send-queue.ts';
import { batchBytes, type CarrierLimits, highWater, shallowBytes } from './limits.ts';
import { Outgoing } from './outgoing.ts';
import type { SendReport } from './sending.ts';
import { nowhere, Streamed } from './streamed.ts';

/** What a message asks for beside being sent. Without any, it is reliable, in order, and in no hurry. */
export interface Terms extends Omit<EntryOptions, 'deadline'> {
	/** Milliseconds for which it is worth sending. Default for ever. */
	readonly lifetime?: number | undefined;
	/** Do not wait for the end of the turn, nor for others to share a packet with. */
	readonly immediate?: boolean | undefined;
	/** It may be sent again on another flow although this one may have taken it. */
	readonly replayable?: boolean | undefined;
}

interface Batch {
	readonly chunks: readonly Uint8Array[];
	readonly bytes: number;
	/** Bytes, without framing, of pieces and of messages that were framed at once; who waits to hear of the latter. */
	readonly eager: number;
	readonly reports: readonly SendReport[];
	/** Those that came out of the queue. */
	readonly messages: readonly Outgoing[];
}

export interface SenderOptions {
	readonly framing: Framing;
	readonly framer: Framer;
	readonly clock: Clock;
	readonly limits: CarrierLimits;
	/** The flow may be lost and another one come. */
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
	readonly #packer = new Packer();
	readonly #queue: SendQueue<Outgoing>;
	/** Of a lost flow, to be sent before all that waits. */
	readonly #again = new Queue<Outgoing>();
	/** Messages of which a part has been framed: one, unless the framing lets others come between. */
	#begun: Outgoing[] = [];
	#numbers = 0;
	/** Bytes after which another message may come between. */
	readonly #chunk: number;
	/** Cut, and not yet given to the flow. */
	readonly #waiting = new Queue<Batch>();
	/** Given to the flow, which has not said that they were handed down. */
	readonly #handedDown = new Queue<Batch>();
	readonly #rate = new DrainRate();
	/** Tells what no framer would take before it waits. */
	readonly #probe: Framer;
	#framer: Framer;
	#flow: Flow | undefined;
	/** What the flow calls for each batch; what a lost one still says is not heard. */
	#done: (error?: PostSocketsError) => void = () => {};
	/** Every message is a batch of its own: over datagrams, and as long as nobody knows what it will be over. */
	#separate = true;
	/** Some message had a rank or a deadline: little is given to the flow at a time. */
	#ranked = false;
	/** Bytes of messages that were framed at once and not handed down yet. */
	#eagerBytes = 0;
	/** Of what is in the packer. */
	#eager = 0;
	#reports: SendReport[] = [];
	#messages: Outgoing[] = [];
	/** Some message lies in the packer, if only an empty one. */
	#framed = false;
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
		const { framing, framer, limits } = options;
		this.#options = options;
		this.#framer = framer;
		this.#probe = framing.framer();
		this.#chunk = framing.chunk ?? undivided;
		this.#queue = new SendQueue((message, ending) => this.#report(message, ending), limits);
	}

	/** Bytes not yet handed to the layer below, framing not counted. */
	get queued(): number {
		return this.#eagerBytes + this.#queue.bytes;
	}

	/** The number of the next message. */
	get nextId(): number {
		return this.#queue.nextId;
	}

	/** Messages that were not given to the flow, and can be taken back or overtaken. */
	get waiting(): number {
		return this.#queue.queued;
	}

	/** Nothing more can be sent: the last message was, or the carrier is over. */
	get ended(): boolean {
		return this.#ended || this.#over;
	}

	/** Sending more now would only grow the queue. */
	get saturated(): boolean {
		return (!this.#welcome && !this.#ended) || this.queued >= highWater;
	}

	/** From here on batches go to `flow`, each message by itself if `datagrams`. */
	attach(flow: Flow, datagrams: boolean): void {
		this.#flow = flow;
		this.#separate = datagrams;
		this.#done = (error) => {
			if (this.#flow === flow) this.#handed(error);
		};
		if (this.#ranked) this.#options.onRanked();
		this.flush();
	}

	/**
	 * The flow is lost. Messages it was given and has not taken fail, unless they may be sent twice; these wait for the
	 * next one, after those of `before`, and then the rest.
	 */
	detach(framer: Framer, error: PostSocketsError, before: readonly Outgoing[]): void {
		this.#flow = undefined;
		this.#framer = framer;
		this.#welcome = true;
		this.#separate = true;
		for (const message of before) this.#again.push(message);
		for (let batch = this.#handedDown.shift(); batch; batch = this.#handedDown.shift()) {
			this.#rate.finished(batch.bytes, this.#options.clock.now());
			for (const message of batch.messages) {
				this.#endOrRepeat(message, error);
			}
		}
		for (const message of this.#begun.splice(0)) {
			this.#endOrRepeat(message, error);
		}
		this.#tellDrained();
	}

	/**
	 * Takes one message, and gives it back if it waits in the queue. Throws what the framer throws, `queue-full`, and
	 * `bad-argument` for antecedents that can never be met.
	 */
	send(content: Uint8Array, report: SendReport | undefined, terms: Terms = plain): Outgoing | undefined {
		const large = content.length > this.#chunk;
		const outgoing = large || this.#mustWait || isChoosy(terms) ? this.#enqueue(content, report, terms) : undefined;
		if (!outgoing) this.#frameNow(content, report);
		if (terms.final) this.end();
		else if (this.#separate || terms.immediate || this.#packer.length >= batchBytes) this.flush();
		else this.#flushSoon();
		return outgoing;
	}

	/** Takes a message of which the pieces are to come; `onWritten` when there are some. Throws as `send` does. */
	open(report: SendReport, terms: Terms): Streamed {
		const { framing, clock } = this.#options;
		framing.framer().frame(nothing, part, nowhere);
		const streamed = new Streamed(report, framing.framer(), { ...terms, deadline: deadlineOf(terms, clock) });
		this.#queue.add(streamed);
		this.#watchRanks(terms);
		return streamed;
	}

	/** A streamed message has another piece. */
	onWritten(): void {
		if (this.#begun.length > 0 || this.waiting > 0) this.#flushSoon();
	}

	/** Takes back what was not given to the flow. */
	withdraw(message: Outgoing): boolean {
		const withdrawn = this.#queue.withdraw(message);
		if (withdrawn) this.#settle();
		return withdrawn;
	}

	/** Gives a message that waits another lifetime, from now. */
	extend(message: Outgoing, lifetime: number): boolean {
		const extended = this.#queue.extend(message, this.#options.clock.now() + lifetime);
		this.#waitForExpiry();
		return extended;
	}

	/** Takes back all that `matches` and was not given to the flow. */
	drop(matches: (message: Outgoing) => boolean): void {
		this.#queue.drop(matches);
		this.#settle();
	}

	/** No message after those queued; then the flow is half-closed. */
	end(): void {
		if (this.ended) return;
		this.#ended = true;
		this.#queue.end();
		this.flush();
		if (!this.saturated) this.#tellDrained();
	}

	onDrain(): void {
		this.#welcome = true;
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
		if (this.#isIdle || this.#over) return Promise.resolve();
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
		this.#expiry?.cancel();
		this.#cut();
		for (const batches of [this.#handedDown, this.#waiting]) {
			for (let batch = batches.shift(); batch; batch = batches.shift()) {
				for (const report of batch.reports) report.fail(error);
				for (const message of batch.messages) this.#end(message, error);
			}
		}
		for (let message = this.#again.shift(); message; message = this.#again.shift()) this.#end(message, error);
		for (const message of this.#begun.splice(0)) this.#end(message, error);
		this.#queue.failAll(error);
		this.#eagerBytes = 0;
		this.#tellDrained();
		this.#checkFlushed();
	}

	flush(): void {
		const flow = this.#flow;
		if (!flow || this.#over) return;
		while (this.#welcome && !(this.#ranked && this.#rate.below >= shallowBytes)) {
			if (this.#waiting.length === 0) this.#pack();
			const batch = this.#waiting.shift();
			if (!batch) break;
			this.#handedDown.push(batch);
			this.#welcome = flow.write(batch.chunks, this.#done);
			this.#rate.started(batch.bytes, this.#options.clock.now(), this.#welcome && !this.#ranked);
		}
		this.#waitForExpiry();
		if (
			!this.#ended ||
			this.#begun.length > 0 ||
			this.#framed ||
			this.#waiting.length > 0 ||
			this.#again.length > 0 ||
			this.waiting > 0
		)
			return;
		flow.end();
		this.#checkFlushed();
	}

	#flushSoon(): void {
		if (this.#scheduled || !this.#flow) return;
		this.#scheduled = true;
		this.#options.clock.soon(() => {
			this.#scheduled = false;
			this.flush();
		});
	}

	/** Whatever is sent now has to be chosen or kept. */
	get #mustWait(): boolean {
		return (
			this.#options.keeps || this.waiting > 0 || this.#begun.length > 0 || (!this.#welcome && this.#waiting.length > 0)
		);
	}

	get #isIdle(): boolean {
		const none =
			!this.#framed && this.#begun.length + this.#again.length + this.#waiting.length + this.#handedDown.length === 0;
		return none && this.queued === 0;
	}

	#frameNow(content: Uint8Array, report: SendReport | undefined): void {
		this.#checkRoom(content.length);
		const divided = this.#chunk !== undivided;
		this.#framer.frame(content, divided ? { complete: true, message: (this.#numbers += 1) } : whole, this.#packer);
		this.#queue.pass();
		this.#framed = true;
		this.#eager += content.length;
		this.#eagerBytes += content.length;
		if (report) this.#reports.push(report);
		if (this.#separate || this.#packer.length >= batchBytes) this.#cut();
	}

	#enqueue(content: Uint8Array, report: SendReport | undefined, terms: Terms): Outgoing {
		this.#probe.frame(content, this.#chunk === undivided ? whole : { complete: true, message: 0 }, nowhere);
		this.#checkRoom(content.length);
		const { replayable = false } = terms;
		const deadline = deadlineOf(terms, this.#options.clock);
		const outgoing = new Outgoing(content, report, replayable, { ...terms, deadline });
		this.#queue.add(outgoing);
		this.#watchRanks(terms);
		return outgoing;
	}

	#watchRanks({ lifetime, priority, antecedents }: Terms): void {
		if (!this.#ranked && (lifetime !== undefined || priority !== undefined || antecedents)) {
			this.#ranked = true;
			if (this.#flow) this.#options.onRanked();
		}
		this.#waitForExpiry();
	}

	#checkRoom(length: number): void {
		const { maxQueuedBytes } = this.#options.limits;
		if (this.queued === 0 || this.queued + length <= maxQueuedBytes) return;
		throw new PostSocketsError(
			'queue-full',
			`${this.queued} bytes wait to be sent and ${maxQueuedBytes} may; await send() or drained()`,
			{ operation: 'send' },
		);
	}

	/** Makes batches of what is packed, and of what is queued as much as fills one. */
	#pack(): void {
		const { clock, roundTrip } = this.#options;
		const most = this.#ranked ? shallowBytes : batchBytes;
		const now = clock.now();
		const timed = this.#queue.deadline < Number.POSITIVE_INFINITY;
		const estimate = timed ? this.#rate.estimate(now, roundTrip()) : undefined;
		while (this.#waiting.length === 0 && this.#packer.length < most) {
			const ahead = estimate && { ...estimate, below: estimate.below + this.#packer.length };
			const message = this.#choose(now, ahead);
			if (!message) break;
			this.#framePiece(message);
		}
		this.#cut();
	}

	/** What the next piece is of: something more urgent than what has begun, if it may come between, else that. */
	#choose(now: number, estimate: Estimate | undefined): Outgoing | undefined {
		const begun = this.#begun;
		if (begun.length > 0 && this.#chunk === undivided) return begun[0]!.ready ? begun[0] : undefined;
		let ready: Outgoing | undefined;
		for (const message of begun) if (message.ready && (!ready || precedes(message, ready))) ready = message;
		for (;;) {
			const next = this.#again.shift() ?? this.#queue.next(now, estimate, ready);
			if (!next) return ready;
			next.number = this.#numbers += 1;
			if (next.ready) return next;
			begun.push(next);
			if (this.#chunk === undivided) return undefined;
		}
	}

	#framePiece(message: Outgoing): void {
		const { bytes, last } = message.take(this.#chunk)!;
		const interleaved = this.#chunk !== undivided;
		this.#framer.frame(
			bytes,
			interleaved ? { complete: last, message: message.number } : last ? whole : part,
			this.#packer,
		);
		this.#framed = true;
		if (message instanceof Streamed) {
			this.#eager += bytes.length;
			this.#eagerBytes += bytes.length;
		}
		const place = this.#begun.indexOf(message);
		if (last) {
			this.#messages.push(message);
			if (place >= 0) this.#begun.splice(place, 1);
		} else if (place < 0) this.#begun.push(message);
		if (this.#separate) this.#cut();
	}

	/** Makes a batch of what is in the packer. An empty message is one too, if it is a datagram or somebody waits for it. */
	#cut(): void {
		if (!this.#framed) return;
		this.#framed = false;
		const bytes = this.#packer.length;
		const reports = this.#reports.length > 0 ? this.#reports : none;
		const messages = this.#messages.length > 0 ? this.#messages : none;
		if (bytes === 0 && reports === none && messages === none && !this.#separate) return;
		this.#waiting.push({ chunks: this.#packer.take(), bytes, eager: this.#eager, reports, messages });
		if (reports !== none) this.#reports = [];
		if (messages !== none) this.#messages = [];
		this.#eager = 0;
	}

	/** The oldest batch was handed down, or could not be. */
	#handed(error: PostSocketsError | undefined): void {
		const batch = this.#handedDown.shift();
		if (!batch) return;
		this.taken += 1;
		this.#eagerBytes -= batch.eager;
		this.#rate.finished(batch.bytes, this.#options.clock.now());
		for (const report of batch.reports) {
			if (error) report.fail(error);
			else report.settle('sent');
		}
		for (const message of batch.messages) this.#end(message, error);
		if (this.#ranked) this.flush();
		this.#settle();
	}

	#report(message: Outgoing, ending: Ending): void {
		if (message instanceof Streamed) message.drop();
		if (ending instanceof PostSocketsError) message.report?.fail(ending);
		else message.report?.settle(ending);
	}

	/** What became of a message that was given to the flow. A request that is asked again was in no queue. */
	#end(message: Outgoing, error: PostSocketsError | undefined): void {
		if (!message.queue) this.#report(message, error ?? 'sent');
		else if (error) this.#queue.fail(message, error);
		else this.#queue.sent(message);
	}

	#endOrRepeat(message: Outgoing, error: PostSocketsError): void {
		if (!message.replayable) {
			this.#end(message, error);
			return;
		}
		message.rewind();
		this.#again.push(message);
	}

	/** There is less to send than there was. */
	#settle(): void {
		this.#waitForExpiry();
		if (!this.saturated) this.#tellDrained();
		if (this.#ended && this.waiting === 0) this.flush();
		this.#checkFlushed();
	}

	#waitForExpiry(): void {
		const { deadline } = this.#queue;
		if (deadline === this.#expiryAt) return;
		const { clock } = this.#options;
		this.#expiry?.cancel();
		this.#expiryAt = deadline;
		if (deadline === Number.POSITIVE_INFINITY) return;
		this.#expiry = clock.after(deadline - clock.now(), () => {
			this.#expiryAt = Number.POSITIVE_INFINITY;
			this.#queue.expire(clock.now());
			this.#settle();
		});
		this.#expiry.unref?.();
	}

	#checkFlushed(): void {
		if (this.#isIdle || this.#over) for (const resolve of this.#idle.splice(0)) resolve();
		if (this.#over || (this.#ended && this.#flow && this.#isIdle)) this.#flushed?.();
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

function deadlineOf({ lifetime }: Terms, clock: Clock): number | undefined {
	return lifetime === undefined ? undefined : clock.now() + lifetime;
}

const whole = { complete: true };

const part = { complete: false };

/** The chunk of a framing that lets nothing come between. */
const undivided = Number.POSITIVE_INFINITY;

const nothing = new Uint8Array(0);

const plain: Terms = {};

const none: readonly never[] = [];
