/**
 * The sending half of a carrier: messages are framed into batches, a batch leaves at the end of the turn or when it is
 * large, and each `Sending` settles when its batch was handed to the layer below.
 */

import type { Clock } from '../../base/clock.ts';
import { PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Framer } from '../message/framer.ts';
import { Packer } from '../message/packer.ts';
import { batchBytes, type CarrierLimits, highWater } from './limits.ts';
import type { Sending } from './sending.ts';

interface Batch {
	readonly chunks: readonly Uint8Array[];
	readonly bytes: number;
	readonly sendings: readonly Sending[];
}

export class Sender {
	readonly #framer: Framer;
	readonly #clock: Clock;
	readonly #limits: CarrierLimits;
	readonly #packer = new Packer();
	/** Cut, and not yet given to the flow. */
	readonly #waiting = new Queue<Batch>();
	/** Given to the flow, which has not said that they were handed down. */
	readonly #handedDown = new Queue<Batch>();
	/** Of both. */
	#cutBytes = 0;
	#flow: Flow | undefined;
	/** Every message is a batch of its own: over datagrams, and as long as nobody knows what it will be over. */
	#separate = true;
	/** Of the messages in the packer. */
	#sendings: Sending[] = [];
	/** Some message lies in the packer, if only an empty one. */
	#framed = false;
	#welcome = true;
	#scheduled = false;
	#ended = false;
	#over = false;
	#drained: (() => void)[] = [];
	#flushed: (() => void) | undefined;

	constructor(framer: Framer, clock: Clock, limits: CarrierLimits) {
		this.#framer = framer;
		this.#clock = clock;
		this.#limits = limits;
	}

	/** Bytes not yet handed to the layer below. */
	get queued(): number {
		return this.#packer.length + this.#cutBytes;
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
		this.flush();
	}

	/** Frames one message. Throws what the framer throws, and `queue-full`. */
	send(content: Uint8Array, sending: Sending | undefined): void {
		if (this.queued > 0 && this.queued + content.length > this.#limits.maxQueuedBytes) {
			throw new PostSocketsError(
				'queue-full',
				`${this.queued} bytes wait to be sent and ${this.#limits.maxQueuedBytes} may; await send() or drained()`,
				{ operation: 'send' },
			);
		}
		this.#framer.frame(content, { complete: true }, this.#packer);
		this.#framed = true;
		if (sending) this.#sendings.push(sending);
		if (this.#separate) this.#cut();
		if (this.#separate || this.#packer.length >= batchBytes) this.flush();
		else if (!this.#scheduled && this.#flow) {
			this.#scheduled = true;
			this.#clock.soon(() => {
				this.#scheduled = false;
				this.flush();
			});
		}
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

	/** Resolves when the last message was handed down and the peer told; also when the carrier is over. */
	flushed(): Promise<void> {
		return new Promise((resolve) => {
			this.#flushed = resolve;
			this.#checkFlushed();
		});
	}

	/** The flow is gone: whatever was not handed down fails. */
	fail(error: PostSocketsError): void {
		this.#over = true;
		this.#cut();
		for (const batches of [this.#handedDown, this.#waiting]) {
			for (let batch = batches.shift(); batch; batch = batches.shift()) {
				for (const sending of batch.sendings) sending.fail(error);
			}
		}
		this.#cutBytes = 0;
		this.#tellDrained();
		this.#checkFlushed();
	}

	flush(): void {
		const flow = this.#flow;
		if (!flow || this.#over) return;
		if (this.#welcome || this.#ended) this.#cut();
		while (this.#waiting.length > 0 && (this.#welcome || this.#ended)) {
			const batch = this.#waiting.shift()!;
			this.#handedDown.push(batch);
			this.#welcome = flow.write(batch.chunks, this.#onDone);
		}
		if (this.#ended) {
			flow.end();
			this.#checkFlushed();
		}
	}

	/** Makes a batch of what is in the packer. An empty message is one too, if it is a datagram or somebody waits for it. */
	#cut(): void {
		if (!this.#framed) return;
		this.#framed = false;
		const bytes = this.#packer.length;
		const sendings = this.#sendings;
		if (bytes === 0 && sendings.length === 0 && !this.#separate) return;
		this.#waiting.push({ chunks: this.#packer.take(), bytes, sendings });
		this.#sendings = [];
		this.#cutBytes += bytes;
	}

	readonly #onDone = (error?: PostSocketsError) => {
		const batch = this.#handedDown.shift();
		if (!batch) return;
		this.#cutBytes -= batch.bytes;
		for (const sending of batch.sendings) {
			if (error) sending.fail(error);
			else sending.settle('sent');
		}
		if (!this.saturated) this.#tellDrained();
		this.#checkFlushed();
	};

	#checkFlushed(): void {
		if (this.#over || (this.#ended && this.#flow && this.queued === 0)) this.#flushed?.();
	}

	#tellDrained(): void {
		if (this.#drained.length === 0) return;
		const waiting = this.#drained;
		this.#drained = [];
		for (const resolve of waiting) resolve();
	}
}
