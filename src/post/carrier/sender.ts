/**
 * The sending half of a carrier: messages are framed into batches, a batch leaves at the end of the turn or when it is
 * large, and each message is reported when its batch was handed to the layer below.
 *
 * A sender whose carrier may outlive its connection frames as late as it can: what a lost connection has not taken is
 * framed anew for the next one.
 */

import type { Clock } from '../../base/clock.ts';
import { PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import type { Flow } from '../../stack/flow.ts';
import type { FrameOutput, Framer, Framing } from '../message/framer.ts';
import { Packer } from '../message/packer.ts';
import { batchBytes, type CarrierLimits, highWater } from './limits.ts';
import type { SendReport } from './sending.ts';

/** A message that is not framed yet, or may have to be again. */
export interface Kept {
	readonly content: Uint8Array;
	readonly report: SendReport | undefined;
	readonly replayable: boolean;
}

interface Batch {
	readonly chunks: readonly Uint8Array[];
	readonly bytes: number;
	readonly reports: readonly SendReport[];
	/** Its messages, if the sender keeps them. */
	readonly kept: readonly Kept[];
}

export class Sender {
	readonly #clock: Clock;
	readonly #limits: CarrierLimits;
	readonly #packer = new Packer();
	/** Cut, and not yet given to the flow. */
	readonly #waiting = new Queue<Batch>();
	/** Given to the flow, which has not said that they were handed down. */
	readonly #handedDown = new Queue<Batch>();
	/** Batches handed down so far: whether anything goes on. */
	taken = 0;
	/** Of both. */
	#cutBytes = 0;
	/** Only of a sender that keeps: messages to be framed when the flow welcomes them. */
	readonly #kept: Queue<Kept> | undefined;
	#keptBytes = 0;
	/** Tells what no framer would take before it is kept. */
	readonly #probe: Framer;
	#framer: Framer;
	#flow: Flow | undefined;
	/** What the flow calls for each batch; what a lost one still says is not heard. */
	#done: (error?: PostSocketsError) => void = () => {};
	/** Every message is a batch of its own: over datagrams, and as long as nobody knows what it will be over. */
	#separate = true;
	/** Of the messages in the packer. */
	#reports: SendReport[] = [];
	#packed: Kept[] = [];
	/** Some message lies in the packer, if only an empty one. */
	#framed = false;
	#welcome = true;
	#scheduled = false;
	#ended = false;
	#over = false;
	#drained: (() => void)[] = [];
	readonly #idle: (() => void)[] = [];
	#flushed: (() => void) | undefined;

	/** `keeps` if the flow may be lost and another one come. */
	constructor(framing: Framing, framer: Framer, clock: Clock, limits: CarrierLimits, keeps: boolean) {
		this.#framer = framer;
		this.#probe = keeps ? framing.framer() : framer;
		this.#clock = clock;
		this.#limits = limits;
		this.#kept = keeps ? new Queue() : undefined;
	}

	/** Bytes not yet handed to the layer below. */
	get queued(): number {
		return this.#packer.length + this.#cutBytes + this.#keptBytes;
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
		this.flush();
	}

	/**
	 * The flow is lost. Messages it was given and has not taken fail, unless they may be sent twice; these wait for the
	 * next one, after those of `before`, and then the rest.
	 */
	detach(framer: Framer, error: PostSocketsError, before: readonly Kept[]): void {
		this.#flow = undefined;
		this.#framer = framer;
		this.#welcome = true;
		this.#separate = true;
		const again = [...before];
		for (let batch = this.#handedDown.shift(); batch; batch = this.#handedDown.shift()) {
			for (const kept of batch.kept) {
				if (kept.replayable) again.push(kept);
				else kept.report?.fail(error);
			}
		}
		this.#cutBytes = 0;
		for (const kept of again.reverse()) {
			this.#kept!.unshift(kept);
			this.#keptBytes += kept.content.length;
		}
		this.#tellDrained();
	}

	/**
	 * Takes one message. Throws what the framer throws, and `queue-full`. `replayable` if it may be sent again on another
	 * flow although this one may have taken it.
	 */
	send(content: Uint8Array, report: SendReport | undefined, replayable: boolean): void {
		if (this.queued > 0 && this.queued + content.length > this.#limits.maxQueuedBytes) {
			throw new PostSocketsError(
				'queue-full',
				`${this.queued} bytes wait to be sent and ${this.#limits.maxQueuedBytes} may; await send() or drained()`,
				{ operation: 'send' },
			);
		}
		if (this.#kept) {
			this.#probe.frame(content, whole, nowhere);
			this.#kept.push({ content, report, replayable });
			this.#keptBytes += content.length;
		} else this.#frame(content, report);
		if (this.#separate || this.queued >= batchBytes) this.flush();
		else if (!this.#scheduled && this.#flow) {
			this.#scheduled = true;
			this.#clock.soon(() => {
				this.#scheduled = false;
				this.flush();
			});
		}
	}

	#frame(content: Uint8Array, report: SendReport | undefined): void {
		this.#framer.frame(content, whole, this.#packer);
		this.#framed = true;
		if (report) this.#reports.push(report);
		if (this.#separate || this.#packer.length >= batchBytes) this.#cut();
	}

	/** No message after those queued; then the flow is half-closed. */
	end(): void {
		if (this.ended) return;
		this.#ended = true;
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
		if (this.queued === 0 || this.#over) return Promise.resolve();
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
		this.#cut();
		for (const batches of [this.#handedDown, this.#waiting]) {
			for (let batch = batches.shift(); batch; batch = batches.shift()) {
				for (const report of batch.reports) report.fail(error);
			}
		}
		for (let kept = this.#kept?.shift(); kept; kept = this.#kept?.shift()) kept.report?.fail(error);
		this.#cutBytes = 0;
		this.#keptBytes = 0;
		this.#tellDrained();
		this.#checkFlushed();
	}

	flush(): void {
		const flow = this.#flow;
		if (!flow || this.#over) return;
		while (this.#welcome || this.#ended) {
			if (this.#waiting.length === 0) this.#pack();
			const batch = this.#waiting.shift();
			if (!batch) break;
			this.#handedDown.push(batch);
			this.#welcome = flow.write(batch.chunks, this.#done);
		}
		if (this.#ended) {
			flow.end();
			this.#checkFlushed();
		}
	}

	/** Makes batches of what is packed, and of what is kept as much as fills one. */
	#pack(): void {
		while (this.#kept && this.#packer.length < batchBytes && this.#waiting.length === 0) {
			const kept = this.#kept.shift();
			if (!kept) break;
			this.#keptBytes -= kept.content.length;
			this.#packed.push(kept);
			this.#frame(kept.content, kept.report);
		}
		this.#cut();
	}

	/** Makes a batch of what is in the packer. An empty message is one too, if it is a datagram or somebody waits for it. */
	#cut(): void {
		if (!this.#framed) return;
		this.#framed = false;
		const bytes = this.#packer.length;
		const reports = this.#reports;
		if (bytes === 0 && reports.length === 0 && !this.#separate) return;
		this.#waiting.push({ chunks: this.#packer.take(), bytes, reports, kept: this.#packed });
		this.#reports = [];
		if (this.#kept) this.#packed = [];
		this.#cutBytes += bytes;
	}

	/** The oldest batch was handed down, or could not be. */
	#handed(error: PostSocketsError | undefined): void {
		const batch = this.#handedDown.shift();
		if (!batch) return;
		this.taken += 1;
		this.#cutBytes -= batch.bytes;
		for (const report of batch.reports) {
			if (error) report.fail(error);
			else report.settle('sent');
		}
		if (!this.saturated) this.#tellDrained();
		this.#checkFlushed();
	}

	#checkFlushed(): void {
		if (this.queued === 0 || this.#over) for (const resolve of this.#idle.splice(0)) resolve();
		if (this.#over || (this.#ended && this.#flow && this.queued === 0)) this.#flushed?.();
	}

	#tellDrained(): void {
		if (this.#drained.length === 0) return;
		const waiting = this.#drained;
		this.#drained = [];
		for (const resolve of waiting) resolve();
	}
}

const whole = { complete: true };

const nowhere: FrameOutput = { uint8() {}, uint16() {}, uint32() {}, write() {} };
