/**
 * A Carrier: messages to and from one Remote, over whatever transport won the race (P-01 to P-19).
 *
 * `initiate` and listeners make them. Its life: `dormant` (lazy, nothing sent yet), `establishing`, `active`, `closing`,
 * `closed`. The loss of its transport closes it, with the cause in `closed`.
 */

import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';
import { duplexOf } from '../../duplex/native.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Protocol } from '../message/protocol.ts';
import type { SecurityInfo } from '../policy/security.ts';
import type { RaceWinner } from '../race/race.ts';
import type { RaceReport } from '../race/report.ts';
import type { Established, Transport, TransportFeatures } from '../transport/transport.ts';
import { type CarrierLimits, carrierLimits } from './limits.ts';
import type { Received, ReceiveOptions } from './received.ts';
import { type OnMessageOptions, Receiver } from './receiver.ts';
import { type RequestOptions, Requests } from './requests.ts';
import { Sender } from './sender.ts';
import { Sending } from './sending.ts';

export type CarrierState = 'dormant' | 'establishing' | 'active' | 'closing' | 'closed';

export interface CloseReason {
	/** Who ended it. */
	readonly by: 'local' | 'remote';
	/** Why, if it was not in good order; then messages may be lost. */
	readonly error: PostSocketsError | undefined;
}

/** One live protocol instance under a carrier (P-80), for looking at. */
export interface Transient {
	/** `tls`, `tcp`, `unix`, `udp`. */
	readonly transport: string;
	/** What that transport gives. */
	readonly features: TransportFeatures;
	readonly stack: string;
	/** Both ends as text: `192.0.2.1:443`, `unix:/run/x`. */
	readonly local: string;
	readonly remote: string;
	readonly security: SecurityInfo | undefined;
}

export interface SendProperties {
	/** The last message: the carrier is half-closed after it (RFC 9622 §9.1.3.5). Default false. */
	readonly final?: boolean | undefined;
}

/** What `observe` tells of. */
export interface CarrierEvents {
	readonly active: undefined;
	readonly softError: PostSocketsError;
	readonly closed: CloseReason;
}

interface Observer {
	readonly name: keyof CarrierEvents;
	readonly listener: (event: unknown) => void;
}

export interface CarrierOptions {
	readonly clock: Clock;
	/** What the carrier calls the other end before it has an address. */
	readonly target: string;
	/** Milliseconds that `close` may take. Default 5000. */
	readonly closeTimeout?: number | undefined;
	readonly limits?: Partial<CarrierLimits> | undefined;
	/** How a lazy carrier comes to its transport, at its first message. */
	readonly establish?: ((signal: AbortSignal) => Promise<RaceWinner>) | undefined;
}

const defaultCloseTimeout = 5_000;

export class Carrier<In = Uint8Array, Out = In> implements AsyncIterable<Received<In>>, AsyncDisposable {
	/** Resolves, never rejects, when the carrier is over. */
	readonly closed: Promise<CloseReason>;
	readonly #protocol: Protocol<In, Out>;
	readonly #options: CarrierOptions;
	readonly #sender: Sender;
	readonly #requests: Requests<In, Out>;
	readonly #receiver: Receiver<In>;
	readonly #giveUp = new AbortController();
	readonly #resolveClosed: (reason: CloseReason) => void;
	#state: CarrierState;
	#flow: Flow | undefined;
	#transient: Transient | undefined;
	/** What is under it keeps messages apart. */
	#datagrams = false;
	#race: RaceReport | undefined;
	#sent = 0;
	#reffed = true;
	#closeTimer: Timer | undefined;
	#flushed: Promise<void> | undefined;
	#lastError: PostSocketsError | undefined;
	readonly #observers = new Set<Observer>();
	/** Errors by which it said that it has ended. */
	readonly #endings = new WeakSet<object>();

	/** @internal Made by `initiate` and by listeners. */
	constructor(protocol: Protocol<In, Out>, options: CarrierOptions) {
		const { clock } = options;
		const limits = carrierLimits(options.limits);
		const framer = protocol.framing.framer();
		if (!((options.closeTimeout ?? 0) >= 0)) throw badArgument(`closeTimeout is ${options.closeTimeout}; 0 or more ms`);
		const { promise, resolve } = Promise.withResolvers<CloseReason>();
		this.closed = promise;
		this.#resolveClosed = resolve;
		this.#protocol = protocol;
		this.#options = options;
		this.#state = options.establish ? 'dormant' : 'establishing';
		this.#sender = new Sender(framer, clock, limits);
		this.#requests = new Requests(protocol.correlate, clock, limits.maxRequests);
		this.#receiver = new Receiver(framer, protocol, this.#requests, clock, limits, {
			onMalformed: (error) => this.abort(error),
			onSoftError: (error) => this.#tell('softError', error),
			isItsEnd: (error) => this.#endings.has(error as object),
			onHandled: () => void this.close(),
		});
	}

	get state(): CarrierState {
		return this.#state;
	}

	/** More can be sent (RFC 9622 §8.1.11.2): no final message was, and the carrier is not over. */
	get canSend(): boolean {
		return !this.#sender.ended && this.#state !== 'closing' && this.#state !== 'closed';
	}

	/** More can arrive (RFC 9622 §8.1.11.3). */
	get canReceive(): boolean {
		return !this.#receiver.ended;
	}

	/** The live protocol instances; none while dormant or establishing, one after. */
	get transients(): readonly Transient[] {
		return this.#transient ? [this.#transient] : [];
	}

	/** How its connection came about; undefined on the listening side. */
	get race(): RaceReport | undefined {
		return this.#race;
	}

	/**
	 * Sends one message: reliably and in order. Its bytes belong to the carrier until it is `sent`. What cannot be sent
	 * at all (a schema mismatch, a line break in a line, too large) throws here; see `Sending` for the rest.
	 */
	send(content: Out, properties: SendProperties = {}): Sending {
		const sending = new Sending((this.#sent += 1));
		const refusal = this.#refusal('send');
		if (refusal) {
			sending.fail(refusal);
			return sending;
		}
		const bytes = this.#protocol.codec.encode(content);
		try {
			this.#sender.send(bytes, sending);
		} catch (error) {
			if (!isQueueFull(error)) throw error;
			sending.fail(error);
			return sending;
		}
		this.#afterSend(properties);
		return sending;
	}

	/**
	 * Sends one message without telling what becomes of it. Returns false when the caller should await `drained()`
	 * before it goes on. Throws `queue-full`, and as `send` does.
	 */
	post(content: Out, properties: SendProperties = {}): boolean {
		if (this.#refusal('post')) return false;
		this.#sent += 1;
		this.#sender.send(this.#protocol.codec.encode(content), undefined);
		this.#afterSend(properties);
		return !this.#sender.saturated;
	}

	/**
	 * Resolves when more is welcome, and for those who wait when the carrier ends. Rejects with `closed` when it is
	 * closing or over: whoever posts in a loop must get out of it.
	 */
	drained(): Promise<void> {
		const over = this.#state === 'closing' || this.#state === 'closed';
		return over ? Promise.reject(this.#refusal('drained')) : this.#sender.drained();
	}

	/**
	 * Sends `content` and resolves with the reply: the next message, or the one that the protocol's `correlate` joins to
	 * it. Other messages go to the carrier's consumer. Rejects with `timed-out`, `aborted`, `closed`, `queue-full`.
	 */
	request(content: Out, options: RequestOptions = {}): Promise<In> {
		const { framing } = this.#protocol;
		if (!framing.preservesBoundaries && !this.#datagrams) {
			throw badArgument(
				`${framing.name} has no messages that could be a reply; give a protocol with a framing`,
				'request',
			);
		}
		const refusal = this.#refusal('request') ?? this.#noReply(options.signal);
		if (refusal) return Promise.reject(refusal);
		const bytes = this.#protocol.codec.encode(content);
		let reply: Promise<In>;
		try {
			reply = this.#requests.wait(content, options, () => this.#sender.send(bytes, undefined));
		} catch (error) {
			if (!isQueueFull(error)) throw error;
			return Promise.reject(error);
		}
		this.#sent += 1;
		this.#afterSend({});
		this.#receiver.update();
		return reply;
	}

	/**
	 * The next message, or a piece of one; undefined at the end. Calls queue up. Rejects once with the cause if the
	 * carrier did not end in good order.
	 */
	receive(options: ReceiveOptions = {}): Promise<Received<In> | undefined> {
		return this.#receiver.receive(options);
	}

	/**
	 * Calls `handler` with every message until it returns false or the result is disposed of. Nobody tells a handler that
	 * the peer has ended: so the carrier then closes by itself, once the promises that handlers returned have settled.
	 * What a handler throws reaches the host as an uncaught error; the carrier goes on.
	 */
	onMessage(handler: (received: Received<In>) => unknown, options: OnMessageOptions = {}): Disposable {
		const stop = this.#receiver.onMessage(handler, options);
		return { [Symbol.dispose]: stop };
	}

	/**
	 * Every message in order, until the peer ends. Neither that nor leaving the loop closes the carrier: one may still
	 * answer, so close it (`await using` does).
	 */
	[Symbol.asyncIterator](): AsyncGenerator<Received<In>, void, void> {
		return this.#receiver.iterate();
	}

	/**
	 * Ends in good order: what was sent is flushed and the peer told, for `closeTimeout` at most; what still arrives is
	 * dropped. Resolves then, never rejects. The connection lingers for the peer's end (see `closed`) without holding
	 * the process, and is reset if `closeTimeout` passes without it.
	 */
	async close(): Promise<void> {
		if (this.#state !== 'closing' && this.#state !== 'closed') this.#beginClose();
		await Promise.race([this.closed, this.#flushed]);
	}

	/** Ends at once: what was not sent is dropped, the peer sees a reset. */
	abort(reason?: PostSocketsError): void {
		if (this.#state === 'closed') return;
		const error =
			reason ?? new PostSocketsError('aborted', `the carrier to ${this.#target} was aborted`, { operation: 'abort' });
		this.#giveUp.abort(error);
		this.#flow?.abort(error);
		this.#over({ by: 'local', error });
	}

	/**
	 * Calls `listener` at every event of that name: `active` (the connection stands), `softError` (the network or a
	 * malformed datagram; nothing ends by it), `closed`. An event that nobody hears costs nothing.
	 */
	observe<Name extends keyof CarrierEvents>(name: Name, listener: (event: CarrierEvents[Name]) => void): Disposable {
		const observer: Observer = { name, listener: listener as (event: unknown) => void };
		this.#observers.add(observer);
		return { [Symbol.dispose]: () => void this.#observers.delete(observer) };
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** Keeps the process alive while it is open: the default. */
	ref(): this {
		this.#reffed = true;
		this.#flow?.ref();
		return this;
	}

	/** Lets the process exit although the carrier is open. */
	unref(): this {
		this.#reffed = false;
		this.#flow?.unref();
		return this;
	}

	/**
	 * Hands the connection over as a stream shaped like `net.Socket`: on the kernel the very socket where nothing was
	 * read yet. The carrier is over with that. Throws `bad-argument` once a message was sent or received.
	 */
	toDuplex(): Duplex {
		if (!this.#flow || this.#state !== 'active') {
			throw badArgument(`a carrier that is ${this.#state} has no connection to hand over`, 'toDuplex');
		}
		if (this.#sent > 0 || this.#receiver.touched) {
			throw badArgument('messages were sent or received already; call toDuplex() on a fresh carrier', 'toDuplex');
		}
		const duplex = duplexOf(this.#flow, { clock: this.#options.clock });
		this.#flow = undefined;
		this.#over({ by: 'local', error: undefined });
		return duplex;
	}

	/** @internal Puts the winner's flow, or an accepted one, under the carrier. */
	attach({ flow, security }: Established, { name: transport, features }: Transport, stack: string): void {
		if (this.#state === 'closed') {
			flow.abort();
			return;
		}
		this.#flow = flow;
		this.#transient = {
			transport,
			features,
			stack,
			local: formatSocketAddress(flow.local),
			remote: formatSocketAddress(flow.remote),
			security,
		};
		flow.handler = {
			onData: (chunk) => this.#receiver.onData(chunk),
			onDrain: () => this.#sender.onDrain(),
			onEnd: () => this.#receiver.onEnd(),
			onSoftError: (error) => this.#tell('softError', error),
			onClose: (error) => this.#onFlowClosed(error),
		};
		if (!this.#reffed) flow.unref();
		if (this.#state === 'establishing') {
			this.#state = 'active';
			this.#tell('active', undefined);
		}
		this.#datagrams = features.datagrams;
		this.#sender.attach(flow, features.datagrams);
		// Not before the end of the turn, so that whoever gets the carrier may take its untouched connection instead.
		this.#options.clock.soon(() => {
			if (this.#flow === flow) this.#receiver.attach(flow, features.datagrams);
		});
	}

	/** @internal */
	settleRace(report: RaceReport): void {
		this.#race = report;
	}

	get #target(): string {
		return this.#transient?.remote ?? this.#options.target;
	}

	#refusal(operation: string): PostSocketsError | undefined {
		if (this.canSend) return undefined;
		const why = this.#state === 'active' ? 'its final message was sent' : `it is ${this.#state}`;
		return this.#ending('closed', `nothing can be sent on the carrier to ${this.#target}: ${why}`, operation);
	}

	#noReply(signal: AbortSignal | undefined): PostSocketsError | undefined {
		if (signal?.aborted) return abortedBy(signal, 'request');
		if (!this.#receiver.ended) return undefined;
		return this.#ending('closed', `${this.#target} has ended: no reply can come`, 'request');
	}

	/** Observers hear in a turn of their own: nothing is ever called from inside a call. */
	#tell<Name extends keyof CarrierEvents>(name: Name, event: CarrierEvents[Name]): void {
		for (const observer of this.#observers) {
			if (observer.name === name) this.#options.clock.soon(() => observer.listener(event));
		}
	}

	#ending(code: 'closed' | 'send-failed', message: string, operation: string): PostSocketsError {
		const error = new PostSocketsError(code, message, { operation, remote: this.#target, cause: this.#lastError });
		this.#endings.add(error);
		return error;
	}

	#afterSend({ final = false }: SendProperties): void {
		if (final) this.#sender.end();
		if (this.#state === 'dormant') this.#establish();
	}

	#establish(): void {
		this.#state = 'establishing';
		this.#options.establish!(this.#giveUp.signal).then(
			(winner) => {
				this.#race = winner.report;
				this.attach(winner, winner.transport, winner.stack.name);
			},
			(error: unknown) => this.#over({ by: 'local', error: fromSystem(error, { operation: 'initiate' }) }),
		);
	}

	#beginClose(): void {
		const { clock, closeTimeout = defaultCloseTimeout } = this.#options;
		if (this.#state === 'dormant') {
			this.#over({ by: 'local', error: undefined });
			return;
		}
		this.#state = 'closing';
		this.#sender.end();
		this.#receiver.discard();
		this.#flushed = this.#sender.flushed().then(() => {
			this.#closeTimer?.unref?.();
			this.unref();
		});
		this.#closeTimer = clock.after(closeTimeout, () => {
			const { queued } = this.#sender;
			const what = queued > 0 ? `take its last ${queued} bytes` : 'end';
			const message = `${this.#target} did not ${what} within ${closeTimeout} ms of close(); a reset ended it`;
			this.abort(new PostSocketsError('timed-out', message, { operation: 'close', remote: this.#target }));
		});
	}

	#onFlowClosed(error: PostSocketsError | undefined): void {
		// `closed` and `aborted` are what our own stack says of its flows; no peer can cause them.
		const ours = error ? error.code === 'closed' || error.code === 'aborted' : this.#state === 'closing';
		const by = ours ? 'local' : 'remote';
		this.#over({ by, error });
	}

	#over(reason: CloseReason): void {
		if (this.#state === 'closed') return;
		this.#state = 'closed';
		this.#closeTimer?.cancel();
		const { error } = reason;
		this.#lastError = error;
		const why = error?.message ?? 'the carrier closed';
		this.#sender.fail(this.#ending('send-failed', `${why}; the message was not sent`, 'send'));
		this.#receiver.close(error);
		this.#resolveClosed(reason);
		this.#tell('closed', reason);
	}
}

function isQueueFull(error: unknown): error is PostSocketsError {
	return error instanceof PostSocketsError && error.code === 'queue-full';
}
