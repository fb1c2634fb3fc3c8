/**
 * A Carrier: messages to and from one Remote, over whatever transport won the race (P-01 to P-19).
 *
 * `initiate` and listeners make them; [life.ts](life.ts) is what becomes of them. The loss of its connection closes a
 * carrier, with the cause in `closed`, unless `reconnect` was asked for.
 */

import type { Duplex } from 'node:stream';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import { fromSystem } from '../../base/system-error.ts';
import { duplexOf } from '../../duplex/native.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Winner } from '../association/hints.ts';
import type { LocalLike } from '../endpoint/local.ts';
import type { Remote, RemoteLike } from '../endpoint/remote.ts';
import type { Protocol } from '../message/protocol.ts';
import type { Capabilities } from '../policy/capabilities.ts';
import type { ConnectionProperties, MessageProperties, Policy } from '../policy/policy.ts';
import type { PropertyValue } from '../policy/properties.ts';
import {
	type CarrierFacts,
	type ReadProperties,
	readProperties,
	readProperty,
	setProperty,
} from '../policy/property-access.ts';
import type { Security } from '../policy/security.ts';
import type { Direction } from '../policy/tokens.ts';
import type { GroupScheduler } from '../queue/scheduler.ts';
import type { RaceReport } from '../race/report.ts';
import type { Established, Transport } from '../transport/transport.ts';
import type { Candidates } from './candidates.ts';
import type { CarrierEvents, CarrierState, CloseReason } from './events.ts';
import { abilitiesOf, factsOf } from './facts.ts';
import type { Group, GroupMember } from './group.ts';
import { Life, type Way } from './life.ts';
import { type CarrierLimits, carrierLimits } from './limits.ts';
import { MessageWriter } from './message-writer.ts';
import { Observers } from './observers.ts';
import type { CarrierMaking, ForkOptions } from './options.ts';
import type { Outgoing } from './outgoing.ts';
import { OwnPolicy } from './own-policy.ts';
import type { Path } from './path.ts';
import type { Received, ReceiveOptions } from './received.ts';
import { type OnMessageOptions, Receiver } from './receiver.ts';
import { type RequestOptions, Requests } from './requests.ts';
import { Sender, type Terms } from './sender.ts';
import { Sending, type SendingOwner, type SendOutcome, type SendReport } from './sending.ts';
import { ownTerms, policyTerms, type SendProperties } from './terms.ts';
import type { Transient } from './transient.ts';
import { Turn } from './turn.ts';
import { secured } from './upgrade.ts';
import { type WebStreams, webStreams } from './web-streams.ts';

/** The association of a carrier: an `Association`, made by somebody or by itself. */
export interface CarrierAssociation {
	readonly remote: Remote;
	readonly policy: Policy;
	/** Its carriers that are not closed. */
	readonly carriers: ReadonlySet<AnyCarrier>;
	/** The paths that its carriers use. */
	readonly paths: readonly Path[];
	/** What won the last race on this network, if that was not long ago. */
	readonly winner: Winner | undefined;
	initiate<In = Uint8Array, Out = Uint8Array>(options?: CarrierMaking<In, Out>): Promise<Carrier<In, Out>>;
	forget(): void;
}

/** A carrier of whatever messages. */
export type AnyCarrier = Carrier<never, never>;

/** How a carrier that was initiated comes to connections, and to others like itself. */
export interface CarrierOrigin extends Way {
	fork<In, Out>(options: ForkOptions<In, Out>, protocol: Protocol<In, Out>): Promise<Carrier<In, Out>>;
}

export interface CarrierOptions {
	/** Whose time it keeps. */
	readonly stack: Stack;
	/** What the carrier calls the other end before it has an address. */
	readonly target: string;
	readonly group: Group<AnyCarrier>;
	/** Its rank in the group. Default: that of the group's policy. */
	readonly priority?: number | undefined;
	/** What remembers for it. Default: nothing, on the listening side. */
	readonly association?: CarrierAssociation | undefined;
	/** The name that `upgrade` verifies; without one it is the side that shows a certificate. */
	readonly name?: string | undefined;
	/** Of a carrier that was initiated and was not upgraded. */
	readonly origin?: CarrierOrigin | undefined;
	/** Milliseconds that `close` may take. Default 5000. */
	readonly closeTimeout?: number | undefined;
	readonly limits?: Partial<CarrierLimits> | undefined;
	/** Hear everything that the carrier tells of itself. */
	readonly observers?: Observers<CarrierEvents, AnyCarrier> | undefined;
}

/** What a carrier is changed into; what is left out stays as it is. */
export interface UpgradeOptions<In, Out> {
	/** Secure the connection by TLS (STARTTLS): its keys, certificates, pins. */
	readonly security?: Security | Promise<Security> | undefined;
	readonly protocol?: Protocol<In, Out> | undefined;
	/** Milliseconds for the handshake. Default 30000. */
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

/** A message that was not handed down yet. */
export type QueuedMessage = Pick<Outgoing, 'id' | 'priority' | 'length' | 'content'>;

/** What may change while a carrier lives (RFC 9622 §4). */
export type SettableProperties = ConnectionProperties & MessageProperties;

const defaultCloseTimeout = 5_000;

export class Carrier<In = Uint8Array, Out = In> implements AsyncIterable<Received<In>>, AsyncDisposable, GroupMember {
	readonly #protocol: Protocol<In, Out>;
	readonly #options: CarrierOptions;
	readonly #observers: Observers<CarrierEvents, AnyCarrier>;
	readonly #sender: Sender;
	readonly #requests: Requests<In, Out>;
	readonly #receiver: Receiver<In>;
	readonly #life: Life;
	readonly #policy: OwnPolicy;
	/** Somebody hears what becomes of sendings. */
	#isHeard: boolean;
	/** In its group, once it is not alone. */
	#turn: Turn | undefined;
	/** What its sendings tell and ask. */
	readonly #sendings: SendingOwner;
	/** Sendings whose messages have waited in the queue. */
	readonly #waiting = new WeakMap<Sending, Outgoing>();

	/** @internal Made by `initiate` and by listeners. */
	constructor(protocol: Protocol<In, Out>, options: CarrierOptions) {
		const { stack, target, group, priority, origin, closeTimeout = defaultCloseTimeout } = options;
		const { clock } = stack;
		const { framing } = protocol;
		const limits = carrierLimits(options.limits);
		const framer = framing.framer();
		if (!(closeTimeout >= 0)) throw badArgument(`closeTimeout is ${closeTimeout}; 0 or more ms`);
		this.#protocol = protocol;
		this.#options = options;
		this.#policy = new OwnPolicy(group, priority === undefined ? {} : { connPriority: priority });
		this.#observers = new Observers(clock, () => this.onObserved(), options.observers);
		this.#isHeard = this.#hearsSendings;
		const tell: Tell = (name, event) => this.#observers.tell(name, event, this.#any);
		this.#sender = new Sender({
			framing,
			framer,
			clock,
			limits,
			keeps: origin?.pacing !== undefined,
			roundTrip: () => this.#life.roundTrip,
			onRanked: () => this.#life.keepShallow(),
		});
		this.#requests = new Requests(protocol.correlate, clock, limits.maxRequests);
		this.#receiver = new Receiver(framer, protocol, this.#requests, clock, limits, {
			onMalformed: (error) => this.#life.abort(error),
			onSoftError: (error) => tell('softError', error),
			isItsEnd: (error) => this.#life.isItsEnd(error),
			onHandled: () => void this.close(),
		});
		this.#life = new Life({
			clock,
			target,
			framing,
			closeTimeout,
			way: origin,
			sender: this.#sender,
			receiver: this.#receiver as Receiver<unknown>,
			requests: this.#requests as unknown as Requests<never, never>,
			policy: () => this.#policy.settled,
			hears: (name) => this.#observers.hears(name),
			tell,
			onOver: () => group.leave(this.#any),
		});
		// What comes all the same is nobody's, and the peer's end is the carrier's.
		if (!this.#goes('unidirectional-send')) this.#receiver.onMessage(() => {}, { borrow: true });
		const isHeard = () => this.#isHeard;
		this.#sendings = {
			get heard() {
				return isHeard();
			},
			onEnd: (sending, ending) => this.#onSendingEnd(sending, ending),
			onAckWanted: (sending) => this.#life.acks.add(sending),
		};
		group.join(this.#any);
	}

	/** Resolves, never rejects, when the carrier is over. */
	get closed(): Promise<CloseReason> {
		return this.#life.closed;
	}

	get state(): CarrierState {
		return this.#life.state;
	}

	/** More can be sent (RFC 9622 §8.1.11.2): no final message was, and the carrier is not over. */
	get canSend(): boolean {
		return this.#goes('unidirectional-receive') && !this.#sender.ended && !this.#life.ending;
	}

	/** More can arrive (RFC 9622 §8.1.11.3). */
	get canReceive(): boolean {
		return this.#goes('unidirectional-send') && !this.#receiver.ended;
	}

	/** The live protocol instances; none while there is no connection, one while there is. */
	get transients(): readonly Transient[] {
		const { connection } = this.#life;
		return connection ? [connection.transient] : [];
	}

	/** What the transients run over. */
	get paths(): readonly Path[] {
		return this.transients.flatMap(({ paths }) => paths);
	}

	/** How its connection came about; undefined on the listening side. */
	get race(): RaceReport | undefined {
		return this.#life.race;
	}

	/** What remembers for it; undefined on the listening side, whose peers are strangers. */
	get association(): CarrierAssociation | undefined {
		return this.#options.association;
	}

	/** It and its forks, in the order of their making (RFC 9622 §7.4). */
	get group(): readonly AnyCarrier[] {
		return this.#options.group.members;
	}

	/**
	 * All its properties by the names of RFC 9622: selection preferences are facts once a connection stands (RFC 9622
	 * §6.2), undefined is what only the transport will decide.
	 */
	get properties(): ReadProperties {
		return readProperties(this.#facts);
	}

	/** One of them by any spelling of its name (RFC 9622 §4.1). Throws `bad-argument` for what is no property. */
	get(name: string): PropertyValue | undefined {
		return readProperty(this.#facts, name);
	}

	/**
	 * Sets a connection property, of its whole group but for `connPriority`, or what messages are like from now on. Throws
	 * `bad-argument`, `policy-contradiction` and `not-supported`, and then nothing has changed: no value harms a carrier.
	 */
	set<Name extends keyof SettableProperties>(name: Name, value: SettableProperties[Name]): void;
	set(name: string, value: unknown): void;
	set(name: string, value: unknown): void {
		const { error } = setProperty(this.#facts, name, value);
		if (error) throw error;
		this.#policy.set(name, value);
		this.#turn?.prioritize(this.#policy.settled.connection.connPriority);
	}

	/** What it really gives: of each property whether it is enforced, and which abilities are there, or why not. */
	capabilities(): Capabilities {
		return abilitiesOf(this.#facts, this.#life.connection?.stack ?? this.#options.stack, this.#life);
	}

	/**
	 * Sends one message: reliably and in order, unless `properties` say otherwise. Its bytes belong to the carrier until it
	 * has ended. What cannot be sent at all (a schema mismatch, a line break in a line, too large) throws here; see
	 * `Sending` for the rest.
	 */
	send(content: Out, properties?: SendProperties): Sending {
		const sending = this.#sending();
		const refusal = this.#refusal('send') ?? aborted(properties?.signal);
		if (refusal) {
			sending.fail(refusal);
			return sending;
		}
		const bytes = this.#protocol.codec.encode(content);
		try {
			this.#send(bytes, sending, sending, properties);
		} catch (error) {
			if (!isQueueFull(error)) throw error;
			sending.fail(error);
		}
		return sending;
	}

	/**
	 * Sends one message without telling what becomes of it. Returns false when the caller should await `drained()`
	 * before it goes on. Throws `queue-full`, and as `send` does.
	 */
	post(content: Out, properties?: SendProperties): boolean {
		if (this.#refusal('post') ?? aborted(properties?.signal)) return false;
		const bytes = this.#protocol.codec.encode(content);
		const sending = this.#isHeard || properties?.signal ? this.#sending() : undefined;
		this.#send(bytes, sending, sending, properties);
		return !this.#sender.saturated;
	}

	/**
	 * Sends every value, as fast as the carrier takes them, each with `properties`. Resolves with their number once all
	 * were handed down or dropped. Rejects if the carrier ends before.
	 */
	async sendMany(contents: Iterable<Out> | AsyncIterable<Out>, properties?: SendProperties): Promise<number> {
		let count = 0;
		for await (const content of contents) {
			if (properties?.signal?.aborted) throw abortedBy(properties.signal, 'sendMany');
			if (!this.post(content, properties)) await this.drained();
			if (!this.canSend) throw this.#refusal('sendMany')!;
			count += 1;
		}
		await this.#sender.idle();
		if (this.state === 'closed') throw this.#refusal('sendMany')!;
		return count;
	}

	/**
	 * Opens one message to be written in pieces, of bytes as the codec would have encoded it. From its turn on nothing else
	 * is sent until it is complete: a framing has one message at a time. A framing that says the length
	 * first keeps all pieces until then. Throws as `send` does, and `bad-argument` over datagrams.
	 */
	open(properties: SendProperties = {}): MessageWriter {
		const refusal = this.#refusal('open') ?? aborted(properties.signal);
		if (refusal) throw refusal;
		const sending = this.#sending();
		const terms = this.#terms(properties);
		const streamed = this.#sender.open(sending, terms);
		this.#keep(sending, streamed, properties);
		if (terms.final) this.#sender.end();
		this.#life.wake();
		return new MessageWriter(sending, streamed, this.#sender);
	}

	/** What was sent and not handed down yet. */
	get queued(): { readonly bytes: number; readonly messages: number } {
		return { bytes: this.#sender.queued, messages: this.#sender.waiting };
	}

	/** Takes back whatever matches and was not handed down: it ends as `withdrawn`, and what was to follow it too. */
	withdraw(matches: (message: QueuedMessage) => boolean): void {
		this.#sender.drop(matches);
	}

	/**
	 * Resolves when more is welcome, and for those who wait when the carrier ends. Rejects with `closed` when it is
	 * closing or over: whoever posts in a loop must get out of it.
	 */
	drained(): Promise<void> {
		return this.#life.ending ? Promise.reject(this.#refusal('drained')) : this.#sender.drained();
	}

	/**
	 * Sends `content` and resolves with the reply: the next message, or the one that the protocol's `correlate` joins to
	 * it. Other messages go to the carrier's consumer. Rejects with `timed-out`, `aborted`, `closed`, `queue-full`.
	 */
	request(content: Out, options: RequestOptions = {}): Promise<In> {
		const { framing } = this.#protocol;
		if (!framing.preservesBoundaries && !this.#life.connection?.datagrams) {
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
			const properties = this.#asRequest(options);
			reply = this.#requests.wait(content, bytes, options, (report) =>
				this.#send(bytes, report, undefined, properties),
			);
		} catch (error) {
			if (!isQueueFull(error)) throw error;
			return Promise.reject(error);
		}
		this.#receiver.update();
		return reply;
	}

	/**
	 * The next message, or a piece of one; undefined at the end. Calls queue up. Rejects once with the cause if the
	 * carrier did not end in good order.
	 */
	receive(options: ReceiveOptions = {}): Promise<Received<In> | undefined> {
		this.#checkReceives();
		return this.#receiver.receive(options);
	}

	/**
	 * Calls `handler` with every message until it returns false or the result is disposed of. Nobody tells a handler that
	 * the peer has ended: so the carrier then closes by itself, once the promises that handlers returned have settled.
	 * What a handler throws reaches the host as an uncaught error; the carrier goes on.
	 */
	onMessage(handler: (received: Received<In>) => unknown, options: OnMessageOptions = {}): Disposable {
		this.#checkReceives();
		const stop = this.#receiver.onMessage(handler, options);
		return { [Symbol.dispose]: stop };
	}

	/**
	 * Every message in order, until the peer ends. Neither that nor leaving the loop closes the carrier: one may still
	 * answer, so close it (`await using` does).
	 */
	[Symbol.asyncIterator](): AsyncGenerator<Received<In>, void, void> {
		this.#checkReceives();
		return this.#receiver.iterate();
	}

	/**
	 * Brings a dormant carrier to life now, without waiting for a message or the next try (P-04). Resolves once it is
	 * active. Rejects with the `EstablishmentError` of this try, after which one with `reconnect` tries on, any other is
	 * closed; and with `closed`.
	 */
	activate(): Promise<void> {
		return this.#life.activate();
	}

	/**
	 * More ways to its peer, for a race that is under way and the next ones; known ones are ignored (RFC 9622 §7.5). Throws
	 * `bad-argument`, and `not-supported` on the listening side.
	 */
	addRemote(...remotes: RemoteLike[]): void {
		this.#candidates('addRemote').addRemotes(remotes);
	}

	/** Fewer of them. A connection to one that is removed is lost: with `reconnect` another is made, else the carrier ends. */
	removeRemote(...remotes: RemoteLike[]): void {
		this.#candidates('removeRemote').removeRemotes(remotes);
		this.#life.reconsider();
	}

	/** More places to come from, as `addRemote`. */
	addLocal(...locals: LocalLike[]): void {
		this.#candidates('addLocal').addLocals(locals);
	}

	/** Fewer of them, as `removeRemote`. Throws `bad-argument` for the last one. */
	removeLocal(...locals: LocalLike[]): void {
		this.#candidates('removeLocal').removeLocals(locals);
		this.#life.reconsider();
	}

	/**
	 * Another carrier to the same remote, of the same association and in the same group (P-12, RFC 9622 §7.4): a connection
	 * of its own over TCP, TLS, UDP and Unix sockets, so that the peer cannot tell it from a stranger's. Resolves when it
	 * is ready. Rejects with `not-supported` on the listening side, which knows no way to its peer.
	 */
	fork<I = In, O = Out>(options: ForkOptions<I, O> = {}): Promise<Carrier<I, O>> {
		const { origin } = this.#options;
		if (!origin) {
			const message = `the carrier to ${this.#life.target} was accepted, and its peer does not listen; let the peer fork`;
			return Promise.reject(new PostSocketsError('not-supported', message, { operation: 'fork' }));
		}
		if (this.#life.ending) return Promise.reject(this.#over('fork'));
		const protocol = options.protocol ?? (this.#protocol as unknown as Protocol<I, O>);
		const { connPriority } = this.#policy.settled.connection;
		return origin.fork({ ...options, priority: options.priority ?? connPriority }, protocol);
	}

	/**
	 * Ends in good order: what was sent is flushed and the peer told, for `closeTimeout` at most; what still arrives is
	 * dropped. Resolves then, never rejects. The connection lingers for the peer's end (see `closed`) without holding
	 * the process, and is reset if `closeTimeout` passes without it.
	 */
	close(): Promise<void> {
		return this.#life.close();
	}

	/** Ends at once: what was not sent is dropped, the peer sees a reset. */
	abort(reason?: PostSocketsError): void {
		this.#receiver.drop();
		this.#life.abort(reason);
	}

	/** Closes every carrier of its group (RFC 9622 §10). */
	async closeGroup(): Promise<void> {
		await Promise.all(this.group.map((member) => member.close()));
	}

	/** Aborts every carrier of its group. */
	abortGroup(reason?: PostSocketsError): void {
		for (const member of this.group) member.abort(reason);
	}

	/** Calls `listener` at every event of that name. An event that nobody hears costs nothing. */
	observe<Name extends keyof CarrierEvents>(
		name: Name,
		listener: (event: CarrierEvents[Name], carrier: AnyCarrier) => void,
	): Disposable {
		return this.#observers.add(name, listener);
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** Keeps the process alive while it is open: the default. */
	ref(): this {
		this.#life.ref();
		return this;
	}

	/** Lets the process exit although the carrier is open. */
	unref(): this {
		this.#life.unref();
		return this;
	}

	/**
	 * Hands the connection over as a stream shaped like `net.Socket`: on the kernel the very socket where nothing was
	 * read yet. The carrier is over with that. Throws `bad-argument` once a message was sent or received.
	 */
	toDuplex(): Duplex {
		if (this.state !== 'active') {
			throw badArgument(`a carrier that is ${this.state} has no connection to hand over`, 'toDuplex');
		}
		if (this.#sender.nextId > 1 || this.#receiver.touched) {
			throw badArgument('messages were sent or received already; call toDuplex() on a fresh carrier', 'toDuplex');
		}
		return duplexOf(this.#life.release()!.flow, { clock: this.#options.stack.clock });
	}

	/**
	 * The carrier as web streams, a chunk a message. Closing the writable ends sending; cancelling the readable or aborting
	 * the writable aborts the carrier.
	 */
	toWebStreams(): WebStreams<In, Out> {
		return webStreams({
			receive: () => this.receive(),
			post: (content: Out) => this.post(content),
			drained: () => this.drained(),
			end: () => this.#sender.end(),
			idle: () => this.#sender.idle(),
			abort: () => this.abort(),
		});
	}

	/**
	 * Goes on otherwise over the same connection: secured (STARTTLS), by another protocol (CONNECT), or both. This carrier
	 * is over with that, and the one returned goes on. Everything received must have been consumed; what was sent is
	 * handed down first, so a server posts its go-ahead and calls this in the same turn, a client calls it when it has
	 * read the go-ahead.
	 *
	 * Throws `bad-argument` while messages wait or are waited for. Bytes that came before TLS are an error, `malformed`,
	 * and end the carrier: somebody may have slipped them in (RFC 3207 §6). Without TLS they are the new protocol's first.
	 */
	async upgrade<I = In, O = Out>(options: UpgradeOptions<I, O>): Promise<Carrier<I, O>> {
		const receiver = this.#receiver;
		const { name } = this.#options;
		const { target, connection } = this.#life;
		if (!connection || connection.datagrams || this.state !== 'active') {
			throw badArgument(`a carrier that is ${this.state} has no stream to upgrade`, 'upgrade');
		}
		if (receiver.awaited) throw badArgument('a message is being waited for; upgrade between two', 'upgrade');
		if (receiver.queued > 0 && !options.security) {
			throw badArgument(`${receiver.queued} messages wait to be received; take them first`, 'upgrade');
		}
		if (receiver.ended || this.#sender.ended)
			throw badArgument('one direction has ended; there is no stream to upgrade', 'upgrade');
		const early = receiver.queued;
		const unread = this.#life.suspend();
		if (options.security && early + unread.length > 0) {
			const message = `${target} sent more before TLS than the upgrade allows for; it may have been slipped in`;
			const error = new PostSocketsError('malformed', message, { operation: 'upgrade', remote: target });
			this.abort(error);
			throw error;
		}
		let security: Security | undefined;
		try {
			[security] = await Promise.all([options.security, this.#sender.idle()]);
		} catch (error) {
			this.abort(fromSystem(error, { operation: 'upgrade', remote: target }));
			throw error;
		}
		if (this.#life.state === 'closed') throw this.#over('upgrade');
		const protocol = options.protocol ?? (this.#protocol as unknown as Protocol<I, O>);
		const carrier = new Carrier<I, O>(protocol, { ...this.#options, origin: undefined });
		this.#life.release();
		try {
			const next = security ? await secured(connection, { ...options, name, security }) : connection;
			carrier.attach(next, next.transport, connection.stack, unread);
			return carrier;
		} catch (error) {
			carrier.abort(fromSystem(error, { operation: 'upgrade', remote: target }));
			connection.flow.abort();
			throw error;
		}
	}

	/** @internal Puts a connection under the carrier; `unread` came over it before. */
	attach(established: Established, transport: Transport, stack: Stack, unread?: Uint8Array): void {
		this.#life.attach(established, transport, stack, unread);
	}

	/** @internal */
	onPolicy(): void {
		this.#life.tune();
	}

	/** @internal */
	onCompany(scheduler: GroupScheduler): void {
		const { connPriority } = this.#policy.settled.connection;
		this.#turn = new Turn(scheduler, this.#options.stack.clock, connPriority, () => this.#sender.flush());
		this.#sender.takeTurns(this.#turn);
	}

	/** @internal */
	onObserved(): void {
		this.#isHeard = this.#hearsSendings;
		this.#life.watch();
	}

	get #hearsSendings(): boolean {
		return sendingEvents.some((name) => this.#observers.hears(name));
	}

	#candidates(operation: string): Candidates {
		const { origin } = this.#options;
		if (origin) return origin.candidates;
		const message = `the carrier to ${this.#life.target} was accepted or upgraded, and makes no connections`;
		throw new PostSocketsError('not-supported', message, { operation });
	}

	get #facts(): CarrierFacts {
		return factsOf(this.#policy.settled, this.#protocol.framing, this.#life, this);
	}

	get #any(): AnyCarrier {
		return this as unknown as AnyCarrier;
	}

	#sending(): Sending {
		return new Sending(this.#sender.nextId, this.#sendings);
	}

	#onSendingEnd(sending: Sending, ending: SendOutcome | PostSocketsError): void {
		// Nothing is told after the end (RFC 9622 §11).
		if (this.#life.told) return;
		const { id } = sending;
		if (ending instanceof PostSocketsError) this.#observers.tell('sendError', { id, error: ending }, this.#any);
		else if (ending !== 'withdrawn') this.#observers.tell(ending, { id }, this.#any);
		if (ending !== 'sent' || !this.#observers.hears('acked')) return;
		const acknowledged = () => this.#observers.tell('acked', { id }, this.#any);
		this.#life.acks.add({ acknowledged, unknown() {} });
	}

	#send(
		bytes: Uint8Array,
		report: SendReport | undefined,
		sending: Sending | undefined,
		properties: SendProperties | undefined,
	): void {
		const outgoing = this.#sender.send(bytes, report, this.#terms(properties));
		if (outgoing && sending) this.#keep(sending, outgoing, properties);
		this.#life.wake();
	}

	#terms(properties: SendProperties | undefined): Terms {
		const policy = this.#policy.settled;
		if (!properties) return policyTerms(policy);
		const own = ownTerms(policy, properties, this.#life.connection?.transport.features);
		return { ...own, antecedents: own.antecedents?.flatMap((named) => this.#outgoing(named)) };
	}

	/** The message waits in the queue, and can be taken back. */
	#keep(sending: Sending, outgoing: Outgoing, { signal }: SendProperties = {}): void {
		this.#waiting.set(sending, outgoing);
		sending.waiting = {
			withdraw: () => this.#sender.withdraw(outgoing),
			extend: (lifetime) => this.#sender.extend(outgoing, lifetime),
		};
		if (signal) withdrawBy(signal, sending);
	}

	/** Without correlation replies come in the order of the requests, which then keep it; datagrams have none to keep. */
	#asRequest({ timeout: _, signal: __, ...asked }: RequestOptions): SendProperties | undefined {
		if (Object.keys(asked).length === 0) return undefined;
		const free = this.#protocol.correlate !== undefined || this.#life.connection?.datagrams === true;
		return free ? asked : { ...asked, ordered: true };
	}

	/** What the queue knows an antecedent by; nothing if it went down already. */
	#outgoing(named: Sending | number): (Outgoing | number)[] {
		if (typeof named === 'number') return [named];
		const outgoing = this.#waiting.get(named);
		return outgoing ? [outgoing] : [];
	}

	#refusal(operation: string): PostSocketsError | undefined {
		if (this.canSend) return undefined;
		if (!this.#goes('unidirectional-receive')) {
			return badArgument(
				'the policy of this carrier says direction: unidirectional-receive; it sends nothing',
				operation,
			);
		}
		const why = this.state === 'active' ? 'its final message was sent' : `it is ${this.state}`;
		const message = `nothing can be sent on the carrier to ${this.#life.target}: ${why}`;
		return this.#life.ended('closed', message, operation);
	}

	/** Its policy's direction is not the one that rules this out (RFC 9622 §6.2.16). */
	#goes(other: Direction): boolean {
		return this.#policy.settled.selection.direction !== other;
	}

	#checkReceives(): void {
		if (this.#goes('unidirectional-send')) return;
		throw badArgument('the policy of this carrier says direction: unidirectional-send; it receives nothing', 'receive');
	}

	#noReply(signal: AbortSignal | undefined): PostSocketsError | undefined {
		if (signal?.aborted) return abortedBy(signal, 'request');
		if (!this.#goes('unidirectional-send')) {
			return badArgument(
				'the policy of this carrier says direction: unidirectional-send; no reply can come',
				'request',
			);
		}
		if (!this.#receiver.ended) return undefined;
		return this.#life.ended('closed', `${this.#life.target} has ended: no reply can come`, 'request');
	}

	#over(operation: string): PostSocketsError {
		return this.#life.ended('closed', `the carrier to ${this.#life.target} is ${this.state}`, operation);
	}
}

/** What a sending can come to, for those who hear of all of them. */
const sendingEvents = ['sent', 'acked', 'expired', 'sendError'] as const;

type Tell = <Name extends keyof CarrierEvents>(name: Name, event: CarrierEvents[Name]) => void;

function aborted(signal: AbortSignal | undefined): PostSocketsError | undefined {
	return signal?.aborted ? abortedBy(signal, 'send') : undefined;
}

function withdrawBy(signal: AbortSignal, sending: Sending): void {
	const withdraw = () => void sending.withdraw();
	signal.addEventListener('abort', withdraw, { once: true });
	const forget = () => signal.removeEventListener('abort', withdraw);
	sending.then(forget, forget);
}

function isQueueFull(error: unknown): error is PostSocketsError {
	return error instanceof PostSocketsError && error.code === 'queue-full';
}
