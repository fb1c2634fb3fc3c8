/**
 * A port as a listener: a datagram from a new peer opens a flow, later ones from that peer belong to it (RFC 9623
 * §4.7.2). A peer that is silent for `idleTimeout` is forgotten, as nobody says goodbye.
 *
 * The address of a peer is what its datagrams claim, and may be that of a victim. So nothing is sent where nobody can
 * have asked, and with an `amplification` no more than that many times what came from there (RFC 9000 §8.1).
 */

import { IpAddress } from '../../base/address.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint } from '../../base/socket-address.ts';
import type { FlowListener, FlowListenerHandler } from '../../stack/flow.ts';
import type { Port } from '../../stack/port.ts';
import { DatagramFlow } from './datagram-flow.ts';

/** Peers at once; a datagram from one more is dropped. */
const mostPeers = 16_384;

/** Milliseconds without a datagram either way after which a peer is forgotten. */
const idleTimeout = 60_000;

/**
 * Ports that nobody asks from. 0 is no address to answer to (RFC 768). The others are those of echo, systat, daytime,
 * qotd, chargen and time, which answer to whatever they get: one forged datagram, and two servers talk for ever.
 */
const neverAsking: ReadonlySet<number> = new Set([0, 7, 11, 13, 17, 19, 37]);

/** Bytes of the headers of IPv4 and UDP, which each datagram costs besides its own. */
const headers = 28;

interface Peer {
	readonly flow: DatagramFlow;
	heard: number;
	/** Bytes it sent and was sent, headers included. */
	received: number;
	sent: number;
}

export class DatagramListener implements FlowListener {
	readonly local: IpEndpoint;
	readonly #port: Port;
	readonly #clock: Clock;
	readonly #handler: FlowListenerHandler;
	readonly #amplification: number;
	readonly #peers = new Map<string, Peer>();
	readonly #closed = Promise.withResolvers<void>();
	#sweep: Timer | undefined;
	#closing = false;
	#told = false;

	/** `amplification`: bytes that may go to a peer for each that came from it. */
	constructor(port: Port, clock: Clock, handler: FlowListenerHandler, amplification = Number.POSITIVE_INFINITY) {
		this.local = port.local;
		this.#port = port;
		this.#clock = clock;
		this.#handler = handler;
		this.#amplification = amplification;
		port.handler = {
			onDatagram: (bytes, from) => this.#receive(bytes, from),
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

	#receive(bytes: Uint8Array, from: IpEndpoint): void {
		if (neverAsking.has(from.port) || !isOneHost(from.address)) return;
		const peer = this.#peer(from);
		if (!peer) return;
		peer.heard = this.#clock.now();
		peer.received += headers + bytes.length;
		peer.flow.receive(bytes);
	}

	#peer(from: IpEndpoint): Peer | undefined {
		const key = formatSocketAddress(from);
		const known = this.#peers.get(key);
		if (known) return known;
		if (this.#closing || this.#peers.size >= mostPeers) return undefined;
		const peer: Peer = { flow: this.#open(from, key), heard: 0, received: 0, sent: 0 };
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
				const peer = this.#peers.get(key)!;
				const cost = headers + bytes.length;
				if (peer.sent + cost > this.#amplification * peer.received) {
					this.#clock.soon(() => done(this.#tooMuch(peer, bytes.length)));
					return;
				}
				peer.heard = this.#clock.now();
				peer.sent += cost;
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

	#tooMuch({ flow, received, sent }: Peer, length: number): PostSocketsError {
		const remote = formatSocketAddress(flow.remote);
		return new PostSocketsError(
			'too-large',
			`${length} bytes would make more than ${this.#amplification} times what came from ${remote} ` +
				`(${received} bytes with headers, ${sent} sent), which has not proven to be there; \`amplification\` allows more`,
			{ operation: 'send', local: formatSocketAddress(this.local), remote },
		);
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

/** Not a group, not everybody, not nobody: what no datagram truly comes from (RFC 1122 §3.2.1.3). */
function isOneHost(address: IpAddress): boolean {
	return !address.isMulticast && !address.isUnspecified && !address.unmapped().equals(broadcast);
}

const broadcast = IpAddress.parse('255.255.255.255');
