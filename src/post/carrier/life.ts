/** The life of a carrier: how it comes to a connection, loses it, comes to another, and ends. */

import type { Clock, Timer } from '../../base/clock.ts';
import { PostSocketsError } from '../../base/errors.ts';
import { fromSystem } from '../../base/system-error.ts';
import { deaf } from '../../stack/flow.ts';
import { metricsOf } from '../../stack/metrics.ts';
import type { InterfaceChange, Stack } from '../../stack/stack.ts';
import { type FlowTuning, tuneFlow } from '../../stack/tuning.ts';
import type { Framing } from '../message/framer.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import type { RaceWinner } from '../race/race.ts';
import type { RaceReport } from '../race/report.ts';
import type { Established, Transport } from '../transport/transport.ts';
import { Acks } from './acks.ts';
import type { Candidates } from './candidates.ts';
import type { CarrierEvents, CarrierState, CloseReason } from './events.ts';
import type { Receiver } from './receiver.ts';
import type { Pacing } from './reconnect.ts';
import type { Requests } from './requests.ts';
import type { Sender } from './sender.ts';
import { Transient } from './transient.ts';
import { difference, tuningOf, untuned } from './tuning.ts';

/** What is under a carrier that is active. */
export interface Connection extends Established {
	readonly transport: Transport;
	readonly stack: Stack;
	readonly transient: Transient;
	/** What is under it keeps messages apart. */
	readonly datagrams: boolean;
}

/** How a carrier that was initiated comes to connections. */
export interface Way {
	/** When a lost connection is tried again; without it never. */
	readonly pacing: Pacing | undefined;
	/** What the next race is between. */
	readonly candidates: Candidates;
	establish(signal: AbortSignal): Promise<RaceWinner>;
}

export interface LifeOptions {
	readonly clock: Clock;
	/** What the other end is called before it has an address. */
	readonly target: string;
	readonly framing: Framing;
	/** Milliseconds that `close` may take. */
	readonly closeTimeout: number;
	/** Of a carrier that was initiated. */
	readonly way: Way | undefined;
	readonly sender: Sender;
	readonly receiver: Receiver<unknown>;
	readonly requests: Requests<never, never>;
	/** As it is now. */
	policy(): SettledPolicy;
	hears(name: keyof CarrierEvents): boolean;
	tell<Name extends keyof CarrierEvents>(name: Name, event: CarrierEvents[Name]): void;
	onOver(): void;
}

/** Bytes in the system that wait to be sent for the first time, above which it is to take no more. */
const lowWater = 64 * 2 ** 10;

export class Life {
	/** Resolves, never rejects, when it is over. */
	readonly closed: Promise<CloseReason>;
	readonly #options: LifeOptions;
	readonly #resolveClosed: (reason: CloseReason) => void;
	readonly #giveUp = new AbortController();
	#state: CarrierState;
	#connection: Connection | undefined;
	#winner: RaceWinner | undefined;
	#reffed = true;
	#closeTimer: Timer | undefined;
	#flushed: Promise<void> | undefined;
	/** Which messages the peer has. */
	readonly acks: Acks;
	#watch: Disposable | undefined;
	/** Looks whether the peer takes what it is sent, as long as `connTimeout` asks for it. */
	#patience: Timer | undefined;
	/** What the connection was last asked to be like, and what of it was done. */
	#wish = untuned;
	readonly #tuned = new Set<keyof FlowTuning>();
	#shallow = false;
	#told = false;
	/** Until the next try. */
	#retry: Timer | undefined;
	#establishing: Promise<void> | undefined;
	#lastError: PostSocketsError | undefined;
	/** Errors by which it said that it has ended. */
	readonly #endings = new WeakSet<object>();

	constructor(options: LifeOptions) {
		const { promise, resolve } = Promise.withResolvers<CloseReason>();
		this.closed = promise;
		this.#resolveClosed = resolve;
		this.#options = options;
		this.acks = new Acks(options.clock, () => this.#connection && metricsOf(this.#connection.flow));
		this.#state = options.way ? 'dormant' : 'establishing';
	}

	get state(): CarrierState {
		return this.#state;
	}

	get connection(): Connection | undefined {
		return this.#connection;
	}

	/** How the connection came about. */
	get race(): RaceReport | undefined {
		return this.#winner?.report;
	}

	/** What the other end is called. */
	get target(): string {
		return this.#connection?.transient.remote ?? this.#options.target;
	}

	/** It is over, or about to be. */
	get ending(): boolean {
		return this.#state === 'closing' || this.#state === 'closed';
	}

	/** An error that says that this carrier has ended, as the reason why something cannot be done. */
	ended(code: 'closed' | 'send-failed', message: string, operation: string): PostSocketsError {
		const error = new PostSocketsError(code, message, { operation, remote: this.target, cause: this.#lastError });
		this.#endings.add(error);
		return error;
	}

	/** Whether `error` is one of those. */
	isItsEnd(error: unknown): boolean {
		return this.#endings.has(error as object);
	}

	/** Its end was told: nothing follows. */
	get told(): boolean {
		return this.#told;
	}

	/** There is something to send: a dormant one comes to life, but one that was lost waits for its next try. */
	wake(): void {
		if (this.#state === 'dormant' && !this.#retry) this.#establish();
	}

	/** The candidates have changed. A connection by one that is no longer among them is lost. */
	reconsider(): void {
		const connection = this.#connection;
		const { way } = this.#options;
		if (!connection || !this.#winner || !way) return;
		const { remote, local } = this.#winner;
		if (way.candidates.hasRemote(remote) && way.candidates.hasLocal(local)) return;
		const message = `${this.target} or its local was removed from this carrier`;
		const error = new PostSocketsError('aborted', message, { operation: 'remove', remote: this.target });
		if (this.#outlives) {
			this.#lose(connection, error);
			this.#dismiss(connection);
		} else this.abort(error);
	}

	/** Comes to life now. Resolves once active; rejects with what this try came to. */
	activate(): Promise<void> {
		if (this.#state === 'dormant') this.#establish();
		if (this.#establishing) return this.#establishing;
		if (this.#state === 'active') return Promise.resolve();
		return Promise.reject(this.ended('closed', `the carrier to ${this.target} is ${this.#state}`, 'activate'));
	}

	/** Puts a connection under the carrier; `unread` came over it before. */
	attach(established: Established, transport: Transport, stack: Stack, unread?: Uint8Array): void {
		const { clock, sender, receiver, way, tell } = this.#options;
		const { flow, security } = established;
		if (this.#state === 'closed') {
			flow.abort();
			return;
		}
		const transient = new Transient(transport, stack, flow, security, this.#winner?.local.pvds);
		const { datagrams } = transport.features;
		const connection: Connection = { ...established, transport, stack, transient, datagrams };
		this.#connection = connection;
		flow.handler = {
			onData: (chunk) => receiver.onData(chunk),
			onDrain: () => sender.onDrain(),
			onEnd: () => this.#onEnd(connection),
			onSoftError: (error) => tell('softError', error),
			onClose: (error) => this.#onFlowClosed(connection, error),
		};
		if (!this.#reffed) flow.unref();
		way?.pacing?.succeeded(clock.now());
		this.tune();
		if (this.#shallow) this.keepShallow();
		this.watch();
		tell('transient', { transient, up: true });
		if (this.#state === 'establishing') {
			this.#state = 'active';
			tell('active', transient);
		}
		sender.attach(flow, datagrams);
		// Not before the end of the turn, so that whoever gets the carrier may take its untouched connection instead.
		clock.soon(() => {
			if (this.#connection === connection) receiver.attach(flow, datagrams, unread);
		});
	}

	/** What of the connection was tuned as the policy says. */
	get tuned(): ReadonlySet<keyof FlowTuning> {
		return this.#tuned;
	}

	/** The policy has changed, or the connection is new. */
	tune(): void {
		if (!this.#connection) return;
		const wish = tuningOf(this.#options.policy());
		const wanted = difference(wish, this.#wish);
		this.#wish = wish;
		for (const name of Object.keys(wanted) as (keyof FlowTuning)[]) this.#tuned.delete(name);
		for (const name of tuneFlow(this.#connection.flow, wanted)) this.#tuned.add(name);
		if (wanted.userTimeout === undefined) return;
		this.#patience?.cancel();
		this.#patience = undefined;
		if (wanted.userTimeout > 0 && !this.#tuned.has('userTimeout')) this.#lookAfter(wanted.userTimeout);
	}

	/** Messages have ranks or deadlines from now on: the system below is to hold little, where it can be told. */
	keepShallow(): void {
		this.#shallow = true;
		if (!this.#connection) return;
		for (const name of tuneFlow(this.#connection.flow, { notSentLowWater: lowWater })) this.#tuned.add(name);
	}

	/** Milliseconds, as the system measures them, else as the race found them; 0 if nobody knows. */
	get roundTrip(): number {
		const measured = this.#connection?.transient.paths[0]?.roundTrip;
		if (measured !== undefined) return measured;
		const won = this.#winner?.report.attempts.find(({ outcome }) => outcome === 'won');
		return won ? (won.connected ?? won.end ?? won.start) - won.start : 0;
	}

	/** Watches the interfaces while somebody hears of paths, or a loss is to be noticed before the peer is missed. */
	watch(): void {
		const { way, hears } = this.#options;
		const connection = this.#connection;
		const wanted = connection && !this.ending && (hears('path') || way?.pacing !== undefined);
		if (!wanted) {
			this.#watch?.[Symbol.dispose]();
			this.#watch = undefined;
			return;
		}
		if (this.#watch || !connection.stack.watch) return;
		this.#watch = connection.stack.watch((change) => this.#onInterfaces(connection, change));
	}

	/** The connection stays as it is, and nothing more is sent or received over it. */
	suspend(): Uint8Array {
		this.#state = 'closing';
		this.#connection!.flow.pause();
		return this.#options.receiver.detach();
	}

	/** Gives the connection away; this life is over. Undefined if it was lost. */
	release(): Connection | undefined {
		const connection = this.#connection;
		this.#connection = undefined;
		this.#over({ by: 'local', error: undefined });
		return connection;
	}

	async close(): Promise<void> {
		if (!this.ending) this.#beginClose();
		await Promise.race([this.closed, this.#flushed]);
	}

	abort(reason?: PostSocketsError): void {
		if (this.#state === 'closed') return;
		const message = `the carrier to ${this.target} was aborted`;
		const error = reason ?? new PostSocketsError('aborted', message, { operation: 'abort' });
		this.#giveUp.abort(error);
		this.#connection?.flow.abort(error);
		this.#over({ by: 'local', error });
	}

	ref(): void {
		this.#reffed = true;
		this.#connection?.flow.ref();
	}

	unref(): void {
		this.#reffed = false;
		this.#connection?.flow.unref();
		this.#retry?.unref?.();
	}

	#establish(): void {
		const { way } = this.#options;
		this.#retry?.cancel();
		this.#retry = undefined;
		this.#state = 'establishing';
		this.#establishing = way!.establish(this.#giveUp.signal).then(
			(winner) => {
				this.#establishing = undefined;
				this.#winner = winner;
				this.attach(winner, winner.transport, winner.stack);
				this.reconsider();
			},
			(error: unknown) => {
				this.#establishing = undefined;
				way!.pacing?.failed();
				this.#restOrEnd(fromSystem(error, { operation: 'initiate' }), 'local');
				throw error;
			},
		);
		// Whoever activated it hears of it there; all others by `closed`.
		this.#establishing.catch(() => {});
	}

	/** Without a connection: waits for the next try, if there is to be one. */
	#restOrEnd(error: PostSocketsError, by: CloseReason['by']): void {
		const { clock, way, tell } = this.#options;
		const pause = this.ending ? undefined : way?.pacing?.next();
		if (pause === undefined) {
			this.#over({ by, error });
			return;
		}
		this.#state = 'dormant';
		tell('dormant', error);
		this.#retry = clock.after(pause, () => this.#establish());
		if (!this.#reffed) this.#retry.unref?.();
	}

	/** Without the help of the system: gives up when nothing was taken for `patience`, or half as long again. */
	#lookAfter(patience: number): void {
		const { clock, sender } = this.#options;
		const connection = this.#connection!;
		let taken = sender.taken;
		let since = clock.now();
		const look = () => {
			if (!sender.pending || sender.taken > taken) {
				taken = sender.taken;
				since = clock.now();
			}
			if (clock.now() - since >= patience) {
				const message = `${this.target} has taken nothing for ${patience} ms, which is connTimeout`;
				connection.flow.abort(new PostSocketsError('timed-out', message, { operation: 'send', remote: this.target }));
				return;
			}
			this.#patience = clock.after(patience / 2, look);
			this.#patience.unref?.();
		};
		look();
	}

	#onInterfaces(connection: Connection, change: InterfaceChange): void {
		if (this.#connection !== connection) return;
		const [path] = connection.transient.paths;
		if (!path) return;
		this.#options.tell('path', { path, change });
		if (!path.lost || !this.#outlives) return;
		const message = `${path.local} is on no interface any more`;
		const error = new PostSocketsError('unreachable', message, { operation: 'receive', remote: this.target });
		this.#lose(connection, error);
		this.#dismiss(connection);
	}

	/** Nothing of the connection is left to look after. */
	#settle(): void {
		this.#patience?.cancel();
		this.#watch?.[Symbol.dispose]();
		this.#watch = undefined;
		this.#wish = untuned;
		this.#tuned.clear();
	}

	/** Whether another connection is to come after this one. */
	get #outlives(): boolean {
		const { way, sender } = this.#options;
		return way?.pacing !== undefined && this.#state === 'active' && !(sender.ended && sender.queued === 0);
	}

	/** The connection is lost, but not the carrier. */
	#lose({ transient }: Connection, error: PostSocketsError): void {
		const { clock, framing, sender, receiver, requests, way, tell } = this.#options;
		const framer = framing.framer();
		const failed = this.ended('send-failed', `${error.message}; the message may not have arrived`, 'send');
		this.#connection = undefined;
		this.#settle();
		this.acks.fail(failed);
		sender.detach(framer, failed, requests.lost(error));
		receiver.restart(framer, error);
		tell('transient', { transient, up: false });
		way!.pacing!.lost(clock.now());
		this.#restOrEnd(error, 'remote');
	}

	#onEnd(connection: Connection): void {
		if (!this.#outlives) {
			this.#options.receiver.onEnd();
			return;
		}
		this.#lose(connection, this.ended('closed', `${this.target} ended the connection`, 'receive'));
		this.#dismiss(connection);
	}

	/** Lets a connection end by itself, within the time that `close` has. */
	#dismiss({ flow }: Connection): void {
		const timer = this.#options.clock.after(this.#options.closeTimeout, () => flow.abort());
		timer.unref?.();
		flow.handler = { ...deaf, onClose: () => timer.cancel() };
		flow.unref();
		flow.resume();
		flow.end();
	}

	#beginClose(): void {
		const { clock, closeTimeout, sender, receiver } = this.#options;
		if (this.#state === 'dormant') {
			if (sender.isIdle) {
				this.#over({ by: 'local', error: undefined });
				return;
			}
			this.#establish();
		}
		this.#state = 'closing';
		sender.end();
		receiver.discard();
		this.#flushed = sender.flushed().then(() => {
			this.#closeTimer?.unref?.();
			this.unref();
		});
		this.#closeTimer = clock.after(closeTimeout, () => {
			const what = sender.queued > 0 ? `take its last ${sender.queued} bytes` : 'end';
			const message = `${this.target} did not ${what} within ${closeTimeout} ms of close(); a reset ended it`;
			this.abort(new PostSocketsError('timed-out', message, { operation: 'close', remote: this.target }));
		});
	}

	#onFlowClosed(connection: Connection, error: PostSocketsError | undefined): void {
		if (this.#connection !== connection) return;
		if (error && this.#outlives) {
			this.#lose(connection, error);
			return;
		}
		// `closed` and `aborted` are what our own stack says of its flows; no peer can cause them.
		const ours = error ? error.code === 'closed' || error.code === 'aborted' : this.#state === 'closing';
		this.#over({ by: ours ? 'local' : 'remote', error });
	}

	#over(reason: CloseReason): void {
		if (this.#state === 'closed') return;
		const { sender, receiver, tell, onOver } = this.#options;
		const { error } = reason;
		this.#state = 'closed';
		this.#closeTimer?.cancel();
		this.#retry?.cancel();
		this.#settle();
		this.#lastError = error;
		receiver.close(error);
		const why = error?.message ?? 'the carrier closed';
		const failed = this.ended('send-failed', `${why}; the message was not sent`, 'send');
		this.acks.fail(failed);
		sender.fail(failed);
		onOver();
		if (this.#connection) tell('transient', { transient: this.#connection.transient, up: false });
		this.#resolveClosed(reason);
		tell('closed', reason);
		this.#told = true;
	}
}
