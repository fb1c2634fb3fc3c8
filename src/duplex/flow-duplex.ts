/** A `Flow` as a node duplex with the shape of `net.Socket`, for every library that wants to be given a socket. */

import { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../base/clock.ts';
import { PostSocketsError } from '../base/errors.ts';
import { type IpEndpoint, isUnix, type SocketAddress } from '../base/socket-address.ts';
import type { Flow, FlowHandler } from '../stack/flow.ts';
import { IdleTimer } from './idle-timer.ts';
import { linger } from './linger.ts';

export interface FlowDuplexOptions {
	/** Stay writable after the peer has ended. Default false, as `net.connect` has it; HTTP servers and TLS want true. */
	readonly allowHalfOpen?: boolean | undefined;
	/** For `setTimeout`. Default `systemClock`. */
	readonly clock?: Clock | undefined;
}

/** One end as node spells it. */
export interface SocketEnd {
	readonly address: string;
	readonly family: 'IPv4' | 'IPv6';
	readonly port: number;
}

type WriteCallback = (error?: Error | null) => void;

/**
 * Takes over `flow`, which is from then on the duplex's alone. Chunks are copies and belong to the reader. Errors are
 * those of the system where the flow's error has one as its cause, so that libraries find the `code` they look for.
 */
export class FlowDuplex extends Duplex {
	/** A flow is connected. */
	readonly connecting = false;
	readonly pending = false;
	/** No `alpnProtocol` beside it: `false` there is that of a TLS socket, and an HTTP/2 server would turn it away. */
	readonly encrypted = false;
	/** What `setTimeout` was told, in milliseconds. */
	timeout: number | undefined;

	readonly #flow: Flow;
	readonly #clock: Clock;
	readonly #idle: IdleTimer;
	#bytesRead = 0;
	#bytesHandedOver = 0;
	/** The write under way: its callback, what it still waits for. */
	#callback: WriteCallback | undefined;
	#done = true;
	#welcome = true;
	/** `onClose` came. */
	#gone = false;
	#resetting = false;

	constructor(flow: Flow, options: FlowDuplexOptions = {}) {
		super({ allowHalfOpen: options.allowHalfOpen ?? false });
		this.#flow = flow;
		this.#clock = options.clock ?? systemClock;
		this.#idle = new IdleTimer(this.#clock, () => this.emit('timeout'));
		flow.handler = this.#handler;
		// As a socket does: an end or a reset is noticed before anybody reads.
		this.read(0);
	}

	get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed' {
		if (this.readable) return this.writable ? 'open' : 'readOnly';
		return this.writable ? 'writeOnly' : 'closed';
	}

	get bytesRead(): number {
		return this.#bytesRead;
	}

	get bytesWritten(): number {
		return this.#bytesHandedOver + this.writableLength;
	}

	get remoteAddress(): string | undefined {
		return endOf(this.#flow.remote)?.address;
	}

	get remotePort(): number | undefined {
		return endOf(this.#flow.remote)?.port;
	}

	get remoteFamily(): string | undefined {
		return endOf(this.#flow.remote)?.family;
	}

	get localAddress(): string | undefined {
		return endOf(this.#flow.local)?.address;
	}

	get localPort(): number | undefined {
		return endOf(this.#flow.local)?.port;
	}

	get localFamily(): string | undefined {
		return endOf(this.#flow.local)?.family;
	}

	/** The local end; empty where it has no IP address. */
	address(): SocketEnd | Record<string, never> {
		return endOf(this.#flow.local) ?? {};
	}

	/** The flow is connected: whatever is asked for, 'connect' follows. */
	connect(...args: unknown[]): this {
		const listener = args.at(-1);
		if (typeof listener === 'function') this.once('connect', listener as () => void);
		process.nextTick(() => {
			if (this.destroyed) return;
			this.emit('connect');
			this.emit('ready');
		});
		return this;
	}

	/** Emits 'timeout' when nothing was read or written for so many milliseconds; 0 stops. Nothing else happens. */
	setTimeout(milliseconds: number, listener?: () => void): this {
		if (this.destroyed) return this;
		this.timeout = milliseconds;
		this.#idle.set(milliseconds);
		if (listener && milliseconds > 0) this.once('timeout', listener);
		else if (listener) this.off('timeout', listener);
		return this;
	}

	/** Does nothing: a flow sends at once. */
	setNoDelay(_on?: boolean): this {
		return this;
	}

	/** Does nothing: a flow has no keep-alive. */
	setKeepAlive(_on?: boolean, _initialDelay?: number): this {
		return this;
	}

	ref(): this {
		this.#flow.ref();
		return this;
	}

	unref(): this {
		this.#flow.unref();
		return this;
	}

	/** Ends, and is destroyed when everything was written. */
	destroySoon(): void {
		if (this.writable) this.end();
		if (this.writableFinished) this.destroy();
		else this.once('finish', () => this.destroy());
	}

	/** Destroys, and resets the peer where the flow can. */
	resetAndDestroy(): this {
		this.#resetting = true;
		return this.destroy();
	}

	override _read(): void {
		this.#flow.resume();
	}

	override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: WriteCallback): void {
		this.#send([chunk], callback);
	}

	override _writev(chunks: { chunk: Uint8Array }[], callback: WriteCallback): void {
		const pieces = chunks.map(({ chunk }) => chunk);
		this.#send(pieces, callback);
	}

	override _final(callback: WriteCallback): void {
		this.#flow.end();
		callback();
	}

	override _destroy(error: Error | null, callback: WriteCallback): void {
		this.#idle.set(0);
		const interrupted = this.#callback;
		this.#callback = undefined;
		interrupted?.(error ?? new PostSocketsError('closed', 'the socket was destroyed before these bytes were written'));
		if (!this.#gone) {
			if (this.#resetting) this.#flow.abort();
			else linger(this.#flow, this.#clock);
		}
		callback(error);
	}

	#send(chunks: readonly Uint8Array[], callback: WriteCallback): void {
		this.#idle.touch();
		this.#callback = callback;
		this.#done = false;
		this.#welcome = true;
		this.#welcome = this.#flow.write(chunks, () => {
			for (const { length } of chunks) this.#bytesHandedOver += length;
			this.#done = true;
			this.#next();
		});
	}

	/** The next write may come when this one is handed over and the flow wants more. */
	#next(): void {
		if (!this.#done || !this.#welcome) return;
		this.#idle.touch();
		const callback = this.#callback;
		this.#callback = undefined;
		callback?.();
	}

	readonly #handler: FlowHandler = {
		onData: (chunk) => {
			this.#idle.touch();
			this.#bytesRead += chunk.length;
			if (!this.push(Buffer.from(chunk))) this.#flow.pause();
		},
		onDrain: () => {
			this.#welcome = true;
			this.#next();
		},
		onEnd: () => void this.push(null),
		onClose: (error) => {
			this.#gone = true;
			// Without one both ends have ended: the duplex closes by itself when its reader has come that far.
			if (error) this.destroy(errorForSocket(error));
		},
	};
}

/** Undefined for a Unix socket. */
function endOf(address: SocketAddress): SocketEnd | undefined {
	return isUnix(address) ? undefined : spell(address);
}

function spell({ address, port }: IpEndpoint): SocketEnd {
	return { address: address.toString(), family: address.family === 6 ? 'IPv6' : 'IPv4', port };
}

/** What this side has decided is no error of a socket: node's too only closes when it is destroyed from elsewhere. */
function errorForSocket(error: PostSocketsError): Error | undefined {
	const { code, cause } = error;
	if (code === 'aborted' || code === 'closed') return undefined;
	return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause : error;
}
