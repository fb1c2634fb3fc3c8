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
	readonly bytes: number;
	readonly sendings: readonly Sending[];
}

export class Sender {
	readonly #framer: Framer;
	readonly #clock: Clock;
	readonly #limits: CarrierLimits;
	readonly #packer = new Packer();
	readonly #batches = new Queue<Batch>();
	#flow: Flow | undefined;
	/** Of the messages in the packer. */
	#sendings: Sending[] = [];
	#handedDown = 0;
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
		return this.#packer.length + this.#handedDown;
	}

	/** Nothing more can be sent: the last message was, or the carrier is over. */
	get ended(): boolean {
		return this.#ended || this.#over;
	}

	/** Sending more now would only grow the queue. */
	get saturated(): boolean {
		return (!this.#welcome && !this.#ended) || this.queued >= highWater;
	}

	/** From here on batches go to `flow`. */
	attach(flow: Flow): void {
		this.#flow = flow;
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
		if (sending) this.#sendings.push(sending);
		if (this.#packer.length >= batchBytes) this.flush();
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
		for (let batch = this.#batches.shift(); batch; batch = this.#batches.shift()) {
			for (const sending of batch.sendings) sending.fail(error);
		}
		for (const sending of this.#sendings) sending.fail(error);
		this.#sendings = [];
		this.#packer.take();
		this.#handedDown = 0;
		this.#tellDrained();
		this.#checkFlushed();
	}

	flush(): void {
		if (!this.#flow || this.#over) return;
		// A message without bytes leaves none in the packer, and is to be told `sent` all the same.
		const waiting = this.#packer.length > 0 || this.#sendings.length > 0;
		if (waiting && (this.#welcome || this.#ended)) this.#write(this.#flow);
		if (this.#ended) {
			this.#flow.end();
			this.#checkFlushed();
		}
	}

	#write(flow: Flow): void {
		const bytes = this.#packer.length;
		this.#batches.push({ bytes, sendings: this.#sendings });
		this.#sendings = [];
		this.#handedDown += bytes;
		this.#welcome = flow.write(this.#packer.take(), this.#onDone);
	}

	readonly #onDone = () => {
		const batch = this.#batches.shift();
		if (!batch) return;
		this.#handedDown -= batch.bytes;
		for (const sending of batch.sendings) sending.settle('sent');
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
