/** A node duplex as a `Flow`: `net.Socket`, `tls.TLSSocket`, or anything that behaves like them. */

import type { Duplex } from 'node:stream';
import { PostSocketsError } from '../base/errors.ts';
import { formatSocketAddress, type SocketAddress } from '../base/socket-address.ts';
import { fromSystem } from '../base/system-error.ts';
import type { Backlog, Backlogged } from '../stack/backlog.ts';
import { deaf, type Flow, type FlowHandler } from '../stack/flow.ts';
import type { FlowMetrics, Measurable } from '../stack/metrics.ts';
import type { FlowTuning, Tunable } from '../stack/tuning.ts';
import { type DuplexOwner, takeDuplex } from './native.ts';
import { reset } from './reset.ts';

/**
 * Makes bytes of `duplex` arrive at `deliver`, from the first `resume` of the duplex on. Returns the duplex to use from
 * now on: the same one, or another that has taken its place. Called once, at the first use of a flow.
 */
export type Reader = (duplex: Duplex, deliver: (chunk: Uint8Array) => void) => Duplex;

/** Who measures and tunes the duplex that is in use: its socket, or the flow that lies under it. */
export type Below = (duplex: Duplex) => object & Partial<Measurable & Backlogged & Tunable<FlowTuning>>;

export interface DuplexFlowOptions {
	readonly local: SocketAddress;
	readonly remote: SocketAddress;
	/** How bytes are read. Default: by 'data' events. */
	readonly reader?: Reader | undefined;
	/** Default: nobody. */
	readonly below?: Below | undefined;
	/** What an error of the duplex means. Default: what the system says it does. */
	readonly explain?: ((error: unknown) => unknown) | undefined;
	/** Called once, when the duplex has closed; also when it was taken from the flow. */
	readonly gone?: (() => void) | undefined;
}

/**
 * Takes over `duplex`, which must be connected and not have been read from. It must be like a socket: no event comes from
 * inside a call, 'close' comes last, and nothing keeps the bytes of a write whose callback was called. (The two ends of
 * `stream.duplexPair` are not: they hand each other the very same arrays.)
 */
export class DuplexFlow implements Flow, DuplexOwner, Measurable, Backlogged, Tunable<FlowTuning> {
	readonly local: SocketAddress;
	readonly remote: SocketAddress;
	handler: FlowHandler = deaf;
	#duplex: Duplex;
	readonly #reader: Reader;
	readonly #below: Below | undefined;
	readonly #explain: ((error: unknown) => unknown) | undefined;
	readonly #gone: (() => void) | undefined;
	/** `fresh` until the first use. */
	#life: 'fresh' | 'used' | 'taken' | 'aborted' | 'closed' = 'fresh';
	#paused = true;
	#writable = true;
	/** The peer has ended. */
	#ended = false;
	/** Set by `abort`. */
	#reason: PostSocketsError | undefined;
	/** Of the duplex; the first counts. */
	#failure: unknown;
	/** Events that wait for `resume`: those of the end. */
	#held: (() => void)[] = [];

	constructor(duplex: Duplex, options: DuplexFlowOptions) {
		this.local = options.local;
		this.remote = options.remote;
		this.#duplex = duplex;
		this.#reader = options.reader ?? dataEvents;
		this.#below = options.below;
		this.#explain = options.explain;
		this.#gone = options.gone;
		duplex.pause();
		duplex.allowHalfOpen = true;
		this.#listen(duplex);
	}

	write(chunks: readonly Uint8Array[], done?: () => void): boolean {
		if (!this.#writable) return false;
		const duplex = this.#use();
		const written =
			done &&
			((error?: Error | null): void => {
				if (!error && this.#life !== 'closed') call(done);
			});
		const last = chunks.length - 1;
		if (last < 1) return duplex.write(chunks[0] ?? nothing, written);
		duplex.cork();
		for (let index = 0; index < last; index += 1) duplex.write(chunks[index]);
		const welcome = duplex.write(chunks[last], written);
		duplex.uncork();
		return welcome;
	}

	end(): void {
		if (!this.#writable) return;
		this.#writable = false;
		this.#use().end();
	}

	abort(reason?: PostSocketsError): void {
		if (this.#life === 'taken') reset(this.#duplex);
		if (!this.#alive) return;
		this.#life = 'aborted';
		this.#writable = false;
		this.#reason = reason ?? this.#error('aborted', 'the flow was aborted by its owner');
		// The duplex may have closed in good order, and a pause holds that back: then this is the end.
		if (this.#duplex.closed) process.nextTick(() => this.#finish(this.#reason));
		else reset(this.#duplex);
	}

	pause(): void {
		if (this.#paused) return;
		this.#paused = true;
		this.#duplex.pause();
	}

	resume(): void {
		if (!this.#paused || !this.#alive) return;
		this.#paused = false;
		this.#use().resume();
		if (this.#held.length > 0) process.nextTick(() => this.#release());
	}

	ref(): void {
		(this.#duplex as Partial<Referable>).ref?.();
	}

	unref(): void {
		(this.#duplex as Partial<Referable>).unref?.();
	}

	/** Also of a duplex that was taken. */
	metrics(): FlowMetrics | undefined {
		return this.#below?.(this.#duplex).metrics?.();
	}

	/** Also of a duplex that was taken. What the duplex itself has not handed down is not part of it. */
	backlog(): Backlog | undefined {
		return this.#below?.(this.#duplex).backlog?.();
	}

	/** Also of a duplex that was taken. */
	tune(wish: FlowTuning): readonly (keyof FlowTuning)[] {
		return this.#below?.(this.#duplex).tune?.(wish) ?? [];
	}

	[takeDuplex](): Duplex | undefined {
		if (this.#life !== 'fresh') return undefined;
		this.#life = 'taken';
		this.#writable = false;
		const duplex = this.#duplex;
		this.#unlisten(duplex);
		if (this.#gone) duplex.once('close', this.#gone);
		// As node leaves a socket that nobody has paused: the first 'data' listener starts it. The setter is not in the
		// documentation, but node's own net.js uses it.
		(duplex as { readableFlowing: boolean | null }).readableFlowing = null;
		duplex.read(0);
		return duplex;
	}

	#use(): Duplex {
		if (this.#life === 'fresh') {
			this.#life = 'used';
			const given = this.#duplex;
			this.#duplex = this.#reader(given, this.#deliver);
			if (this.#duplex !== given) {
				this.#unlisten(given);
				this.#listen(this.#duplex);
			}
		}
		return this.#duplex;
	}

	/** Neither taken nor over: what happens to the duplex is still told. */
	get #alive(): boolean {
		return this.#life === 'fresh' || this.#life === 'used';
	}

	readonly #deliver = (chunk: Uint8Array): void => {
		if (this.#life !== 'used') return;
		try {
			this.handler.onData(chunk);
		} catch (error) {
			raise(error);
		}
	};

	readonly #listeners = {
		drain: () => {
			if (this.#writable) call(() => this.handler.onDrain());
		},
		end: () => {
			if (!this.#alive) return;
			this.#ended = true;
			this.#held.push(() => call(() => this.handler.onEnd()));
			this.#release();
		},
		error: (error: unknown) => {
			this.#failure ??= this.#explain ? this.#explain(error) : error;
			this.#writable = false;
		},
		close: () => {
			this.#writable = false;
			this.#gone?.();
			const error = this.#outcome();
			if (error) return this.#finish(error);
			this.#held.push(() => this.#finish(undefined));
			this.#release();
		},
	};

	#listen(duplex: Duplex): void {
		for (const [event, listener] of Object.entries(this.#listeners)) duplex.on(event, listener);
	}

	#unlisten(duplex: Duplex): void {
		for (const [event, listener] of Object.entries(this.#listeners)) duplex.off(event, listener);
	}

	#release(): void {
		while (this.#alive && !this.#paused) {
			const event = this.#held.shift();
			if (event === undefined) return;
			event();
		}
	}

	#outcome(): PostSocketsError | undefined {
		if (this.#reason) return this.#reason;
		if (this.#failure !== undefined) {
			return fromSystem(this.#failure, { operation: operationOf(this.#failure), ...this.#ends() }, 'reset');
		}
		if (this.#ended && this.#duplex.writableFinished) return undefined;
		return this.#error('reset', 'the connection closed before both directions had ended');
	}

	#finish(error: PostSocketsError | undefined): void {
		if (this.#life === 'closed') return;
		this.#life = 'closed';
		call(() => this.handler.onClose(error));
	}

	#error(code: 'aborted' | 'reset', message: string): PostSocketsError {
		return new PostSocketsError(code, message, this.#ends());
	}

	#ends(): { local: string; remote: string } {
		return { local: formatSocketAddress(this.local), remote: formatSocketAddress(this.remote) };
	}
}

interface Referable {
	ref(): void;
	unref(): void;
}

const nothing = new Uint8Array(0);

const dataEvents: Reader = (duplex, deliver) => duplex.on('data', deliver);

function operationOf(error: unknown): 'send' | 'receive' {
	const syscall = error instanceof Error && 'syscall' in error ? error.syscall : undefined;
	return syscall === 'write' || syscall === 'shutdown' ? 'send' : 'receive';
}

function call(run: () => void): void {
	try {
		run();
	} catch (error) {
		raise(error);
	}
}

/** A handler that throws must not throw into node's streams, which would skip what they have left to do. */
function raise(error: unknown): void {
	process.nextTick(() => {
		throw error;
	});
}
