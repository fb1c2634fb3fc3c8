/**
 * The receiving half of a carrier: bytes become frames, frames become values, values go to whoever consumes. Without a
 * consumer it reads a little ahead and then stops the network (RFC 9622 §9.3: nothing is delivered unasked).
 */

import { concat } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import { formatSocketAddress } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Codec } from '../message/codec.ts';
import { Deframer } from '../message/deframer.ts';
import type { Framer, Framing } from '../message/framer.ts';
import type { Protocol } from '../message/protocol.ts';
import type { CarrierLimits } from './limits.ts';
import { Received, type ReceiveOptions } from './received.ts';
import type { Requests } from './requests.ts';

/** How one consumer takes messages: pulled one by one, or pushed until it returns false. */
interface Pull<In> {
	readonly options: ReceiveOptions;
	resolve(received: Received<In> | undefined): void;
	reject(error: PostSocketsError): void;
}

type Push<In> = (received: Received<In>) => unknown;

export interface OnMessageOptions {
	/** Content that is bytes may be overwritten once the handler returns: it is not copied. Default false. */
	readonly borrow?: boolean | undefined;
}

export interface ReceiverOwner {
	/** The peer sent what is no message; nothing more is received. */
	onMalformed(error: PostSocketsError): void;
	/** A datagram was no message, and was dropped. */
	onSoftError(error: PostSocketsError): void;
	/** `error` says that something could not be sent because this very carrier has ended. */
	isItsEnd(error: unknown): boolean;
	/** The peer has ended, and an `onMessage` handler is done with everything it sent. */
	onHandled(): void;
}

export class Receiver<In> {
	#deframer: Deframer;
	readonly #framing: Framing;
	readonly #codec: Codec<In, never>;
	readonly #requests: Requests<In, never>;
	readonly #clock: Clock;
	readonly #limits: CarrierLimits;
	readonly #owner: ReceiverOwner;
	readonly #queue = new Queue<Received<In>>();
	readonly #pulls = new Queue<Pull<In>>();
	#flow: Flow | undefined;
	#datagrams = false;
	/** Who the flow comes from. */
	#from = '';
	/** Why the flow before was lost, until the first message of this one. */
	#gap: PostSocketsError | undefined;
	#reading = false;
	/** What the queue costs: its bytes, and a message without any counts as one. */
	#queuedBytes = 0;
	#push: Push<In> | undefined;
	#borrow = false;
	/** Promises of the handler that have not settled. */
	#handling = 0;
	#iterating = false;
	/** No further message will come: the peer has ended, or the carrier is over. */
	#ended = false;
	/** Thrown to the consumer once, after what came before it. */
	#error: PostSocketsError | undefined;
	#discarding = false;
	/** Some message was received or waits. */
	touched = false;

	constructor(
		framer: Framer,
		{ framing, codec }: Protocol<In, never>,
		requests: Requests<In, never>,
		clock: Clock,
		limits: CarrierLimits,
		owner: ReceiverOwner,
	) {
		this.#deframer = new Deframer(framer, framing.name);
		this.#framing = framing;
		this.#codec = codec;
		this.#requests = requests;
		this.#clock = clock;
		this.#limits = limits;
		this.#owner = owner;
	}

	get ended(): boolean {
		return this.#ended;
	}

	/** Reads from `flow` from here on, each chunk by itself if `datagrams`; `unread` came before and is read first. */
	attach(flow: Flow, datagrams: boolean, unread?: Uint8Array): void {
		this.#flow = flow;
		this.#datagrams = datagrams;
		this.#from = formatSocketAddress(flow.remote);
		if (unread) this.onData(unread);
		this.update();
	}

	/** Stops reading, and gives the bytes of which no message was made yet. */
	detach(): Uint8Array {
		this.#flow = undefined;
		this.#reading = false;
		return this.#deframer.rest();
	}

	/** The flow is lost and another is to come, with a `framer` of its own; what was half received is dropped. */
	restart(framer: Framer, gap: PostSocketsError): void {
		this.detach();
		this.#deframer = new Deframer(framer, this.#framing.name);
		this.#gap = gap;
	}

	/** Messages that nobody has taken yet. */
	get queued(): number {
		return this.#queue.length;
	}

	/** Somebody waits for a message. */
	get awaited(): boolean {
		return this.#pulls.length > 0 || this.#requests.size > 0;
	}

	onData(chunk: Uint8Array): void {
		if (this.#discarding || this.#ended) return;
		this.touched = true;
		if (this.#datagrams) {
			// Each stands for itself: what is malformed in one harms no other.
			this.#deframer = new Deframer(this.#framing.framer(), this.#framing.name);
			this.#deframer.end();
		}
		this.#deframer.push(chunk);
		this.#deframe();
		this.#deframer.own();
		this.update();
	}

	onEnd(): void {
		if (this.#discarding || this.#ended) return;
		this.#deframer.end();
		this.#deframe();
		this.close(undefined);
	}

	/** Nothing more comes; waiting consumers get the end, or `error` once after what is queued. */
	close(error: PostSocketsError | undefined, why = 'the peer ended without replying'): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#error = error;
		this.#servePulls();
		this.#checkHandled();
		this.#requests.fail(error ?? new PostSocketsError('closed', why, { operation: 'request' }));
	}

	/** The application wants nothing any more, not even what came before. */
	drop(): void {
		this.#queue.clear();
		this.#queuedBytes = 0;
		this.#push = undefined;
	}

	/** The application has closed: what still comes is read, so that the end is seen, and dropped. */
	discard(): void {
		this.#discarding = true;
		this.#queue.clear();
		this.#queuedBytes = 0;
		this.close(undefined, 'the carrier was closed before the reply came');
		this.update();
	}

	/** One message or piece; undefined at the end. Calls queue up. */
	receive(options: ReceiveOptions): Promise<Received<In> | undefined> {
		if (this.#push) throw taken('onMessage');
		if (this.#iterating) throw taken('an iterator');
		const { maxLength: max } = options;
		if (max !== undefined && !(max >= 1)) throw badArgument(`maxLength is ${max}; it must be at least 1`, 'receive');
		return this.#pull(options);
	}

	/** Pushes every message to `handler` until it returns false or the returned function is called. */
	onMessage(handler: Push<In>, { borrow = false }: OnMessageOptions): () => void {
		if (this.#push) throw taken('onMessage');
		if (this.#iterating) throw taken('an iterator');
		if (this.#pulls.length > 0) throw taken('receive()');
		this.#push = handler;
		this.#borrow = borrow;
		this.#clock.soon(() => {
			this.#servePush();
			this.update();
		});
		return () => {
			if (this.#push === handler) this.#push = undefined;
			this.update();
		};
	}

	async *iterate(): AsyncGenerator<Received<In>, void, void> {
		if (this.#push) throw taken('onMessage');
		if (this.#iterating) throw taken('another iterator');
		if (this.#pulls.length > 0) throw taken('receive()');
		this.#iterating = true;
		try {
			for (;;) {
				const received = this.#shift() ?? (await this.#pull({}));
				if (!received) return;
				yield received;
			}
		} finally {
			this.#iterating = false;
			this.update();
		}
	}

	/** Reads as long as somebody wants messages or the read-ahead has room. */
	update(): void {
		if (!this.#flow) return;
		const { readAhead, readPast } = this.#limits;
		const room = this.#requests.size > 0 ? Math.max(readAhead, readPast) : readAhead;
		const wanted = this.#discarding || this.#push !== undefined || this.#pulls.length > 0;
		const reading = wanted || this.#queuedBytes < room;
		if (reading === this.#reading) return;
		this.#reading = reading;
		if (reading) this.#flow.resume();
		else this.#flow.pause();
	}

	#deframe(): void {
		while (!this.#ended) {
			let received: Received<In> | undefined;
			try {
				received = this.#next();
				if (received?.complete && this.#requests.take(received.content)) continue;
			} catch (error) {
				const malformed = fromSystem(error, { operation: 'receive' }, 'malformed');
				if (this.#datagrams) this.#owner.onSoftError(malformed);
				else {
					this.close(malformed);
					this.#owner.onMalformed(malformed);
				}
				return;
			}
			if (!received) return;
			this.#deliver(received);
		}
	}

	#next(): Received<In> | undefined {
		const frame = this.#deframer.next();
		if (frame === 'need-more') return undefined;
		const piece = !(frame instanceof Uint8Array);
		const content = piece ? frame.content : frame;
		const complete = !piece || frame.complete;
		// What is queued, or may be a reply, is read after the loan has ended.
		const lent = this.#borrow && this.#push !== undefined && this.#queue.length === 0 && this.#requests.size === 0;
		const decoded = this.#codec.decode(lent || this.#codec.copies ? content : new Uint8Array(content));
		const gap = this.#gap;
		if (gap) this.#gap = undefined;
		return new Received(decoded, complete, content.length, this.#from, gap);
	}

	#deliver(received: Received<In>): void {
		if (this.#push && this.#queue.length === 0) {
			this.#handle(this.#push, received);
		} else {
			this.#queue.push(received);
			this.#queuedBytes += costOf(received);
			this.#servePulls();
		}
	}

	/**
	 * What the handler throws is its owner's: it surfaces in a turn of its own, and nothing here is harmed. Only that an
	 * answer could not be sent, because the carrier has ended, is no mistake of anybody.
	 */
	#handle(push: Push<In>, received: Received<In>): void {
		try {
			const result = push(received);
			if (result === undefined) return;
			if (result === false && this.#push === push) this.#push = undefined;
			if (result instanceof Promise) this.#await(result);
		} catch (error) {
			this.#surface(error);
		}
	}

	#await(result: Promise<unknown>): void {
		this.#handling += 1;
		result
			.catch((error) => this.#surface(error))
			.finally(() => {
				this.#handling -= 1;
				this.#checkHandled();
			});
	}

	#surface(error: unknown): void {
		if (this.#owner.isItsEnd(error)) return;
		this.#clock.soon(() => {
			throw error;
		});
	}

	#checkHandled(): void {
		const done = this.#ended && !this.#error && this.#queue.length === 0 && this.#handling === 0;
		if (this.#push && done) this.#owner.onHandled();
	}

	/** Gives what is queued to the handler; never from inside a call of its owner. */
	#servePush(): void {
		while (this.#push && this.#queue.length > 0) this.#handle(this.#push, this.#shift()!);
		this.#checkHandled();
	}

	/** Gives what is queued, and then the end, to whoever waits. */
	#servePulls(): void {
		for (let pull = this.#pulls.at(0); pull; pull = this.#pulls.at(0)) {
			const received = this.#take(pull.options);
			if (received) {
				this.#pulls.shift();
				pull.resolve(received);
			} else if (this.#ended) {
				this.#pulls.shift();
				this.#finish(pull);
			} else return;
		}
	}

	#finish(pull: Pull<In>): void {
		const error = this.#error;
		this.#error = undefined;
		if (error) pull.reject(error);
		else pull.resolve(undefined);
	}

	#pull(options: ReceiveOptions): Promise<Received<In> | undefined> {
		const { signal } = options;
		if (signal?.aborted) return Promise.reject(abortedBy(signal, 'receive'));
		return new Promise((resolve, reject) => {
			const onAbort = () => {
				this.#pulls.remove((waiting) => waiting === pull);
				this.update();
				reject(abortedBy(signal!, 'receive'));
			};
			const settled = () => signal?.removeEventListener('abort', onAbort);
			const pull: Pull<In> = {
				options,
				resolve(received) {
					settled();
					resolve(received);
				},
				reject(error) {
					settled();
					reject(error);
				},
			};
			signal?.addEventListener('abort', onAbort, { once: true });
			this.#pulls.push(pull);
			this.#servePulls();
			this.update();
		});
	}

	#shift(): Received<In> | undefined {
		const received = this.#queue.shift();
		if (!received) return undefined;
		this.#queuedBytes -= costOf(received);
		if (!this.#reading) this.update();
		return received;
	}

	/** What `options` allow to be given out of the queue now. */
	#take({ minIncompleteLength = 1, maxLength = Number.POSITIVE_INFINITY }: ReceiveOptions): Received<In> | undefined {
		const head = this.#queue.at(0);
		if (!(head?.content instanceof Uint8Array)) return this.#shift();
		if (head.complete && head.length <= maxLength) return this.#shift();
		let pieces = 0;
		let length = 0;
		let complete = false;
		for (
			let piece: Received<In> | undefined = head;
			piece && !complete && length < maxLength && (pieces === 0 || !piece.gap);
			piece = this.#queue.at(pieces)
		) {
			pieces += 1;
			length += piece.length;
			complete = piece.complete;
		}
		if (!complete && !this.#ended && length < Math.min(minIncompleteLength, maxLength, this.#limits.readPast))
			return undefined;
		return this.#join(pieces, length, maxLength);
	}

	/** The first `pieces` of the queue as one, cut at `maxLength`; the rest goes back. */
	#join(pieces: number, length: number, maxLength: number): Received<In> {
		const parts = Array.from({ length: pieces }, () => this.#shift()!);
		const complete = parts.at(-1)!.complete;
		const [{ from, gap }] = parts as [Received<In>];
		const bytes = concat(parts.map(({ content }) => content as Uint8Array));
		if (length <= maxLength) return new Received(bytes as In, complete, length, from, gap);
		const rest = new Received(bytes.subarray(maxLength) as In, complete, length - maxLength, from);
		this.#queue.unshift(rest);
		this.#queuedBytes += costOf(rest);
		return new Received(bytes.slice(0, maxLength) as In, false, maxLength, from, gap);
	}
}

function costOf({ length }: Received<unknown>): number {
	return Math.max(1, length);
}

function taken(by: string): PostSocketsError {
	return badArgument(`this carrier is being received from by ${by}; a carrier has one consumer at a time`, 'receive');
}
