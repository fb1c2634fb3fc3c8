/**
 * What goes down next, as batches of framed bytes. A message that asks for nothing is framed at once, small ones back to
 * back; one that has to be chosen waits in the queue, unframed. It knows no flow and no time: the sender does.
 */

import { PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import type { FrameProperties, Framer, Framing } from '../message/framer.ts';
import { Packer } from '../message/packer.ts';
import { type Ending, type EntryOptions, precedes } from '../queue/entry.ts';
import { type Estimate, SendQueue } from '../queue/send-queue.ts';
import { batchBytes, type CarrierLimits } from './limits.ts';
import { Outgoing } from './outgoing.ts';
import type { SendReport } from './sending.ts';
import { nowhere, Streamed } from './streamed.ts';

export interface Batch {
	readonly chunks: readonly Uint8Array[];
	readonly bytes: number;
	/** Bytes, without framing, of pieces and of messages that were framed at once; who waits to hear of the latter. */
	readonly eager: number;
	readonly reports: readonly SendReport[];
	/** Those that came out of the queue. */
	readonly messages: readonly Outgoing[];
}

export interface BatcherOptions {
	readonly framing: Framing;
	readonly framer: Framer;
	readonly limits: CarrierLimits;
}

/** The chunk of a framing that lets nothing come between the pieces of a message. */
const undivided = Number.POSITIVE_INFINITY;

export class Batcher {
	/** Every message is a batch of its own: over datagrams, and as long as nobody knows what it will be over. */
	separate = true;
	readonly #framing: Framing;
	readonly #limits: CarrierLimits;
	readonly #packer = new Packer();
	readonly #queue: SendQueue<Outgoing>;
	/** Of a lost flow, to be sent before all that waits. */
	readonly #again = new Queue<Outgoing>();
	/** Messages of which a part has been framed: one, unless the framing lets others come between. */
	readonly #begun: Outgoing[] = [];
	/** Of the messages on this flow, for a framing that divides them. */
	#numbers = 0;
	/** Bytes after which another message may come between. */
	readonly #chunk: number;
	/** Messages that the framing allows to be begun. */
	readonly #maxBegun: number;
	/** Cut, and not yet taken. */
	readonly #cutBatches = new Queue<Batch>();
	/** Tells what no framer would take before it waits. */
	readonly #probe: Framer;
	#framer: Framer;
	/** Bytes that count as queued and are not the queue's: framed at once, or pieces. */
	#eagerBytes = 0;
	/** Of pieces that were not framed yet. */
	#pieceBytes = 0;
	/** Of what is in the packer. */
	#eager = 0;
	#reports: SendReport[] = [];
	#messages: Outgoing[] = [];
	/** Some message lies in the packer, if only an empty one. */
	#framed = false;

	constructor({ framing, framer, limits }: BatcherOptions) {
		this.#framing = framing;
		this.#framer = framer;
		this.#limits = limits;
		this.#probe = framing.framer();
		this.#chunk = framing.chunk ?? undivided;
		this.#maxBegun = framing.maxMessages ?? Number.POSITIVE_INFINITY;
		this.#queue = new SendQueue(report, limits);
	}

	/** Bytes not yet handed down, framing not counted. */
	get bytes(): number {
		return this.#eagerBytes + this.#pieceBytes + this.#queue.bytes;
	}

	/** Messages that can still be taken back or overtaken. */
	get waiting(): number {
		return this.#queue.queued;
	}

	get nextId(): number {
		return this.#queue.nextId;
	}

	/** When `expire` is to be called next; `Infinity` for never. */
	get deadline(): number {
		return this.#queue.deadline;
	}

	/** A batch is full. */
	get full(): boolean {
		return this.#cutBatches.length > 0 || this.#packer.length >= batchBytes;
	}

	/** The place, in the group, of what would go first; undefined if nothing would. */
	get head(): number | undefined {
		if (this.#framed || this.#cutBatches.length > 0) return 0;
		const begun = this.#begun.find(({ ready }) => ready);
		return (this.#again.at(0) ?? begun ?? (this.#queue.first as Outgoing | undefined))?.place;
	}

	/** Nothing is left to be taken. */
	get empty(): boolean {
		const held = this.#begun.length + this.#again.length + this.#cutBatches.length;
		return !this.#framed && held === 0 && this.waiting === 0;
	}

	/** Nothing waits that a message sent now would have to wait for too, and it needs no choosing by its size. */
	takesNow(length: number): boolean {
		return this.waiting === 0 && this.#begun.length === 0 && length <= this.#chunk;
	}

	/** Frames a message at once. Throws what the framer throws, and `queue-full`. */
	frame(content: Uint8Array, report: SendReport | undefined): void {
		this.#checkRoom(content.length);
		this.#framer.frame(content, this.#wholeOf((this.#numbers += 1)), this.#packer);
		this.#queue.pass();
		this.#framed = true;
		this.#eager += content.length;
		this.#eagerBytes += content.length;
		if (report) this.#reports.push(report);
		if (this.separate || this.#packer.length >= batchBytes) this.#cut();
	}

	/** Queues a message. Throws what a framer would throw, `queue-full`, and `bad-argument` for its antecedents. */
	enqueue(content: Uint8Array, report: SendReport | undefined, replayable: boolean, options: EntryOptions): Outgoing {
		this.#probe.frame(content, this.#wholeOf(0), nowhere);
		this.#checkRoom(content.length);
		const outgoing = new Outgoing(content, report, replayable, options);
		this.#queue.add(outgoing);
		return outgoing;
	}

	/** Queues a message of which the pieces are to come. Throws as `enqueue` does. */
	open(report: SendReport, options: EntryOptions): Streamed {
		this.#framing.framer().frame(nothing, part, nowhere);
		const account = (bytes: number) => {
			if (bytes > 0) this.#checkRoom(bytes);
			this.#pieceBytes += bytes;
		};
		const streamed = new Streamed(report, this.#framing.framer(), account, options);
		this.#queue.add(streamed);
		return streamed;
	}

	/** No message after those queued. */
	end(): void {
		this.#queue.end();
	}

	withdraw(message: Outgoing): boolean {
		return this.#queue.withdraw(message);
	}

	extend(message: Outgoing, deadline: number): boolean {
		return this.#queue.extend(message, deadline);
	}

	drop(matches: (message: Outgoing) => boolean): void {
		this.#queue.drop(matches);
	}

	expire(now: number): void {
		this.#queue.expire(now);
	}

	/** The next batch, of about `most` bytes if it is made of what is queued. `now` and `estimate` are for deadlines. */
	next(most: number, now: number, estimate: Estimate | undefined): Batch | undefined {
		while (this.#cutBatches.length === 0 && this.#packer.length < most) {
			const ahead = estimate && { ...estimate, below: estimate.below + this.#packer.length };
			const message = this.#choose(now, ahead);
			if (!message) break;
			this.#framePiece(message);
		}
		if (this.#cutBatches.length === 0) this.#cut();
		return this.#cutBatches.shift();
	}

	/** A batch was handed down, or could not be. */
	handed(batch: Batch, error: PostSocketsError | undefined): void {
		this.#eagerBytes -= batch.eager;
		if (!error) Packer.giveBack(batch.chunks);
		for (const report of batch.reports) {
			if (error) report.fail(error);
			else report.settle('sent');
		}
		for (const message of batch.messages) this.#end(message, error ?? 'sent');
	}

	/**
	 * The flow is lost that was given `batches`. Their messages fail, unless they may be sent twice; these are next, after
	 * those of `before`. Only for messages that were queued.
	 */
	lose(framer: Framer, error: PostSocketsError, before: readonly Outgoing[], batches: readonly Batch[]): void {
		this.#framer = framer;
		this.#numbers = 0;
		this.separate = true;
		for (const message of before) this.#again.push(message);
		for (const message of [...batches.flatMap(({ messages }) => messages), ...this.#begun.splice(0)]) {
			message.rewind();
			if (message.replayable) this.#again.push(message);
			else this.#end(message, error);
		}
		for (const { eager } of batches) this.#eagerBytes -= eager;
	}

	/** Whatever was not handed down fails. */
	fail(error: PostSocketsError, batches: readonly Batch[]): void {
		this.#cut();
		for (const batch of batches) this.handed(batch, error);
		for (let batch = this.#cutBatches.shift(); batch; batch = this.#cutBatches.shift()) this.handed(batch, error);
		for (let message = this.#again.shift(); message; message = this.#again.shift()) this.#end(message, error);
		for (const message of this.#begun.splice(0)) this.#end(message, error);
		this.#queue.failAll(error);
	}

	#checkRoom(length: number): void {
		const { maxQueuedBytes } = this.#limits;
		if (this.bytes === 0 || this.bytes + length <= maxQueuedBytes) return;
		throw new PostSocketsError(
			'queue-full',
			`${this.bytes} bytes wait to be sent and ${maxQueuedBytes} may; await send() or drained()`,
			{ operation: 'send' },
		);
	}

	/** What the next piece is of: something more urgent than what has begun, if it may come between, else that. */
	#choose(now: number, estimate: Estimate | undefined): Outgoing | undefined {
		const begun = this.#begun;
		if (begun.length > 0 && this.#chunk === undivided) return begun[0]!.ready ? begun[0] : undefined;
		let ready: Outgoing | undefined;
		for (const message of begun) if (message.ready && (!ready || precedes(message, ready))) ready = message;
		const may = (next: Outgoing) => this.#mayBegin(next) && (!ready || next.priority < ready.priority);
		for (;;) {
			const again = this.#again.at(0);
			if (again && !this.#mayBegin(again)) return ready;
			const next = this.#again.shift() ?? this.#queue.next(now, estimate, begun.length > 0 ? may : undefined);
			if (!next) return ready;
			next.number = this.#numbers += 1;
			if (next.ready) return next;
			begun.push(next);
			if (this.#chunk === undivided) return undefined;
		}
	}

	#mayBegin(message: Outgoing): boolean {
		return this.#begun.length < this.#maxBegun || message.fits(this.#chunk);
	}

	#framePiece(message: Outgoing): void {
		const { bytes, last } = message.take(this.#chunk)!;
		this.#framer.frame(bytes, last ? this.#wholeOf(message.number) : this.#partOf(message.number), this.#packer);
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
		if (this.separate) this.#cut();
	}

	#wholeOf(message: number): FrameProperties {
		return this.#chunk === undivided ? whole : { complete: true, message };
	}

	#partOf(message: number): FrameProperties {
		return this.#chunk === undivided ? part : { complete: false, message };
	}

	/** Makes a batch of what is in the packer. An empty message is one too, if it is a datagram or somebody waits for it. */
	#cut(): void {
		if (!this.#framed) return;
		this.#framed = false;
		const bytes = this.#packer.length;
		const reports = this.#reports.length > 0 ? this.#reports : none;
		const messages = this.#messages.length > 0 ? this.#messages : none;
		if (bytes === 0 && reports === none && messages === none && !this.separate) return;
		this.#cutBatches.push({ chunks: this.#packer.take(), bytes, eager: this.#eager, reports, messages });
		if (reports !== none) this.#reports = [];
		if (messages !== none) this.#messages = [];
		this.#eager = 0;
	}

	/** What became of a message that was given to the flow. A request that is asked again was in no queue. */
	#end(message: Outgoing, ending: Ending): void {
		if (!message.queue) report(message, ending);
		else if (ending instanceof PostSocketsError) this.#queue.fail(message, ending);
		else this.#queue.sent(message);
	}
}

function report(message: Outgoing, ending: Ending): void {
	if (message instanceof Streamed) message.drop();
	if (ending instanceof PostSocketsError) message.report?.fail(ending);
	else message.report?.settle(ending);
}

const whole: FrameProperties = { complete: true };

const part: FrameProperties = { complete: false };

const nothing = new Uint8Array(0);

const none: readonly never[] = [];
