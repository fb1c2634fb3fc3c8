/**
 * A port as a listener: a datagram from a new peer opens a flow, later ones from that peer belong to it (RFC 9623
 * §4.7.2). A peer that is silent for `idleTimeout` is forgotten, as nobody says goodbye.
 */

import type { Clock, Timer } from '../../base/clock.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint } from '../../base/socket-address.ts';
import type { FlowListener, FlowListenerHandler } from '../../stack/flow.ts';
import type { Port } from '../../stack/port.ts';
import { DatagramFlow } from './datagram-flow.ts';

/** Peers at once; a datagram from one more is dropped. */
const mostPeers = 16_384;

/** Milliseconds without a datagram either way after which a peer is forgotten. */
const idleTimeout = 60_000;

interface Peer {
	readonly flow: DatagramFlow;
	heard: number;
}

export class DatagramListener implements FlowListener {
	readonly local: IpEndpoint;
	readonly #port: Port;
	readonly #clock: Clock;
	readonly #handler: FlowListenerHandler;
	readonly #peers = new Map<string, Peer>();
	readonly #closed = Promise.withResolvers<void>();
	#sweep: Timer | undefined;
	#closing = false;
	#told = false;

	constructor(port: Port, clock: Clock, handler: FlowListenerHandler) {
		this.local = port.local;
		this.#port = port;
		this.#clock = clock;
		this.#handler = handler;
		port.handler = {
			onDatagram: (bytes, from) => this.#peer(from)?.flow.receive(bytes),
			onError: (error) => error.remote && this.#peers.get(error.remote)?.flow.softError(error),
			onClose: (error) => this.#gone(error),
		};
	}

	/** No new peers; the port is freed when the last flow has ended. */
	async close(): Promise<void> {
		this.#closing = true;
		this.#closeIfIdle();
		if (this.#peers.size === 0) await this.#closed.promise;
		else this.#clock.soon(() => this.#tell(undefined));
	}

	ref(): void {
		this.#port.ref();
	}

	unref(): void {
		this.#port.unref();
	}

	#peer(from: IpEndpoint): Peer | undefined {
		const key = formatSocketAddress(from);
		const known = this.#peers.get(key);
		if (known) {
			known.heard = this.#clock.now();
			return known;
		}
		if (this.#closing || this.#peers.size >= mostPeers) return undefined;
		const peer: Peer = { flow: this.#open(from, key), heard: this.#clock.now() };
		this.#peers.set(key, peer);
		this.#watch();
		this.#handler.onFlow(peer.flow);
		return peer;
	}

	#open(remote: IpEndpoint, key: string): DatagramFlow {
		return new DatagramFlow({
			local: this.#port.local,
			remote,
			send: (bytes, done) => {
				const peer = this.#peers.get(key);
				if (peer) peer.heard = this.#clock.now();
				this.#port.send(bytes, remote, done);
			},
			close: (closed) => {
				this.#peers.delete(key);
				this.#clock.soon(closed);
				this.#closeIfIdle();
			},
			ref() {},
			unref() {},
		});
	}

	#watch(): void {
		this.#sweep ??= this.#clock.after(idleTimeout, () => {
			this.#sweep = undefined;
			const now = this.#clock.now();
			for (const { flow, heard } of [...this.#peers.values()]) if (now - heard >= idleTimeout) flow.end();
			if (this.#peers.size > 0) this.#watch();
		});
		this.#sweep.unref?.();
	}

	#closeIfIdle(): void {
		if (this.#closing && this.#peers.size === 0) this.#port.close();
	}

	#gone(error: PostSocketsError | undefined): void {
		this.#sweep?.cancel();
		for (const { flow } of this.#peers.values()) flow.gone(error);
		this.#peers.clear();
		this.#tell(error);
		this.#closed.resolve();
	}

	#tell(error: PostSocketsError | undefined): void {
		if (this.#told) return;
		this.#told = true;
		this.#handler.onClose(error);
	}
}
