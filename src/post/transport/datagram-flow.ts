/**
 * Datagrams as a flow: each write is one datagram, each chunk that arrives is one. Nothing is reliable, nothing is in
 * order, and the peer cannot end; what the contract of flows says about bytes holds for whole datagrams.
 */

import { concat } from '../../base/bytes.ts';
import { PostSocketsError } from '../../base/errors.ts';
import { Queue } from '../../base/queue.ts';
import { formatSocketAddress, type IpEndpoint } from '../../base/socket-address.ts';
import { deaf, type Flow, type FlowHandler } from '../../stack/flow.ts';

export interface DatagramSocket {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint;
	send(bytes: Uint8Array, done: (error?: PostSocketsError) => void): void;
	/** `closed` is called once, in a later turn. */
	close(closed: () => void): void;
	ref(): void;
	unref(): void;
}

/** Bytes sent and not yet taken by the stack; above it a write returns false. */
const sendBuffer = 256 * 1024;

/** Bytes kept while the reader is paused; what comes above it is dropped, as a kernel would. */
const receiveBuffer = 256 * 1024;

export class DatagramFlow implements Flow {
	handler: FlowHandler = deaf;
	readonly #socket: DatagramSocket;
	readonly #kept = new Queue<Uint8Array>();
	#keptBytes = 0;
	#sending = 0;
	#welcome = true;
	#paused = true;
	#ending = false;
	#over = false;

	constructor(socket: DatagramSocket) {
		this.#socket = socket;
	}

	get local(): IpEndpoint {
		return this.#socket.local;
	}

	get remote(): IpEndpoint {
		return this.#socket.remote;
	}

	/** Sends `chunks` as one datagram. `done` has an error if this datagram could not be sent. */
	write(chunks: readonly Uint8Array[], done?: (error?: PostSocketsError) => void): boolean {
		if (this.#ending || this.#over) return false;
		const datagram = concat(chunks);
		this.#sending += datagram.length;
		this.#socket.send(datagram, (error) => {
			this.#sending -= datagram.length;
			if (this.#over) return;
			done?.(error);
			if (this.#ending && this.#sending === 0) return this.#close(undefined);
			if (this.#welcome || this.#sending >= sendBuffer) return;
			this.#welcome = true;
			this.handler.onDrain();
		});
		this.#welcome = this.#sending < sendBuffer;
		return this.#welcome;
	}

	/** There is nobody to tell: it closes when everything was handed down (RFC 9623 §10.3). */
	end(): void {
		if (this.#ending || this.#over) return;
		this.#ending = true;
		if (this.#sending === 0) this.#close(undefined);
	}

	abort(reason?: PostSocketsError): void {
		const remote = formatSocketAddress(this.remote);
		this.#close(reason ?? new PostSocketsError('aborted', 'the flow was aborted by its owner', { remote }));
	}

	pause(): void {
		this.#paused = true;
	}

	resume(): void {
		this.#paused = false;
		if (this.#kept.length > 0) queueMicrotask(() => this.#release());
	}

	ref(): void {
		this.#socket.ref();
	}

	unref(): void {
		this.#socket.unref();
	}

	/** One datagram from the peer; borrowed. */
	receive(datagram: Uint8Array): void {
		if (this.#over || this.#ending) return;
		if (!this.#paused && this.#kept.length === 0) {
			this.handler.onData(datagram);
			return;
		}
		if (this.#keptBytes + datagram.length > receiveBuffer) return;
		this.#keptBytes += datagram.length;
		this.#kept.push(datagram.slice());
	}

	/** The network answered with an error to something sent; nothing ends by it (RFC 9622 §8.3.1). */
	softError(error: PostSocketsError): void {
		if (!this.#over) this.handler.onSoftError?.(error);
	}

	/** The socket is gone. */
	gone(error: PostSocketsError | undefined): void {
		if (this.#over) return;
		this.#over = true;
		this.handler.onClose(error);
	}

	#release(): void {
		while (!this.#paused && !this.#over) {
			const datagram = this.#kept.shift();
			if (!datagram) return;
			this.#keptBytes -= datagram.length;
			this.handler.onData(datagram);
		}
	}

	#close(error: PostSocketsError | undefined): void {
		if (this.#over) return;
		this.#over = true;
		this.#kept.clear();
		this.#socket.close(() => this.handler.onClose(error));
	}
}
