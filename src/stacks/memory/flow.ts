/** The two ends of a flow in memory, joined by a pipe each way. */

import { PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type SocketAddress } from '../../base/socket-address.ts';
import { deaf, type Flow, type FlowHandler } from '../../stack/flow.ts';
import { failure } from './failure.ts';
import { Pipe, type PipeReader, type PipeWriter } from './pipe.ts';
import type { Wire } from './wire.ts';

export interface FlowOptions {
	/** Milliseconds of a round trip. */
	readonly rtt: number;
	/** Bytes each way that the reader has not taken, at most. */
	readonly highWater: number;
	/** An end has closed. */
	gone(end: MemoryFlow): void;
}

/** Opens a flow; both ends are paused. */
export function connectedFlows(
	near: SocketAddress,
	far: SocketAddress,
	wire: Wire,
	options: FlowOptions,
): [near: MemoryFlow, far: MemoryFlow] {
	const ends: [MemoryFlow, MemoryFlow] = [
		new MemoryFlow(near, far, wire, options.gone),
		new MemoryFlow(far, near, wire, options.gone),
	];
	const [a, b] = ends;
	const forth = new Pipe(wire, options.rtt / 2, options.highWater, a, b);
	const back = new Pipe(wire, options.rtt / 2, options.highWater, b, a);
	a.open(back, forth);
	b.open(forth, back);
	return ends;
}

export class MemoryFlow implements Flow, PipeWriter, PipeReader {
	readonly local: SocketAddress;
	readonly remote: SocketAddress;
	handler: FlowHandler = deaf;
	readonly #wire: Wire;
	readonly #gone: FlowOptions['gone'];
	#in!: Pipe;
	#out!: Pipe;
	/** This end: `end` was called, and then what was queued has gone. */
	#sending: 'open' | 'ending' | 'sent' = 'open';
	/** The peer has ended. */
	#received = false;
	/** `onClose` is certain: nothing else but it is to come. */
	#over = false;

	constructor(local: SocketAddress, remote: SocketAddress, wire: Wire, gone: FlowOptions['gone']) {
		this.local = local;
		this.remote = remote;
		this.#wire = wire;
		this.#gone = gone;
	}

	open(input: Pipe, output: Pipe): void {
		this.#in = input;
		this.#out = output;
	}

	write(chunks: readonly Uint8Array[], done?: () => void): boolean {
		return !this.#over && this.#sending === 'open' && this.#out.write(chunks, done);
	}

	end(): void {
		if (this.#over || this.#sending !== 'open') return;
		this.#sending = 'ending';
		this.#out.end();
	}

	abort(reason?: PostSocketsError): void {
		if (this.#over) return;
		this.#out.reset();
		this.#finish(reason ?? this.#aborted());
	}

	pause(): void {
		this.#in.pause();
	}

	resume(): void {
		if (!this.#over) this.#in.resume();
	}

	/** Does nothing: see memory.ts. */
	ref(): void {}
	unref(): void {}

	onData(chunk: Uint8Array): void {
		this.handler.onData(chunk);
	}

	onDrain(): void {
		this.handler.onDrain();
	}

	onSent(): void {
		this.#sending = 'sent';
		if (this.#received) this.#finish(undefined);
	}

	onEnd(): void {
		this.#received = true;
		if (this.#sending === 'sent') this.#finish(undefined);
		this.handler.onEnd();
	}

	onReset(): void {
		this.#out.drop();
		this.#finish(failure('ECONNRESET', 'receive', this.local, this.remote));
	}

	#aborted(): PostSocketsError {
		return new PostSocketsError('aborted', 'the flow was aborted by its owner', {
			local: formatSocketAddress(this.local),
			remote: formatSocketAddress(this.remote),
		});
	}

	#finish(error: PostSocketsError | undefined): void {
		this.#over = true;
		this.#in.stop();
		this.#wire.clock.soon(() => {
			this.#gone(this);
			this.handler.onClose(error);
		});
	}
}
