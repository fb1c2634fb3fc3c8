/** A listener of TCP: those whose handshake is under way, and who is told of them when it is over. */

import type { PostSocketsError } from '../../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint } from '../../../base/socket-address.ts';
import type { FlowListener, FlowListenerHandler } from '../../../stack/flow.ts';
import type { Ip } from '../ip.ts';
import type { Holder } from '../port-table.ts';
import type { Socket, SocketInfo, Sockets } from '../sockets.ts';
import type { TcpFlow } from './tcp-flow.ts';

export interface ListenerOptions {
	readonly local: IpEndpoint;
	/** Handshakes under way. */
	readonly backlog: number;
	readonly handler: FlowListenerHandler;
	/** Once, when it closes. */
	readonly free: (listener: TcpListener) => void;
}

/** Milliseconds after the last cookie in which one may come back. */
const cookieLife = 128_000;

export class TcpListener implements FlowListener, Holder, Socket {
	readonly local: IpEndpoint;
	readonly shared = false;
	readonly #ip: Ip;
	readonly #sockets: Sockets;
	readonly #options: ListenerOptions;
	readonly #pending = new Set<TcpFlow>();
	#cookieAt = Number.NEGATIVE_INFINITY;
	#closing: Promise<void> | undefined;

	constructor(ip: Ip, sockets: Sockets, options: ListenerOptions) {
		this.local = options.local;
		this.#ip = ip;
		this.#sockets = sockets;
		this.#options = options;
		sockets.add(this);
	}

	/** No more handshakes can be kept: the next is answered with a cookie. RFC 4987 §3.6 */
	get isFull(): boolean {
		return this.#pending.size >= this.#options.backlog;
	}

	/** A cookie that was sent may come back. */
	get expectsCookies(): boolean {
		return this.#ip.ground.clock.now() - this.#cookieAt < cookieLife;
	}

	cookieSent(): void {
		this.#cookieAt = this.#ip.ground.clock.now();
	}

	/** A handshake is under way. */
	add(flow: TcpFlow): void {
		this.#pending.add(flow);
	}

	/** It is over, in one way or the other. */
	settled(flow: TcpFlow, error: PostSocketsError | undefined): void {
		this.#pending.delete(flow);
		// In a turn of its own: its handler may do anything, and the segment that brought it is not done with.
		if (error === undefined) this.#ip.ground.clock.soon(() => this.#hand(flow));
	}

	close(): Promise<void> {
		this.#close(undefined);
		return this.#closing ?? Promise.resolve();
	}

	finish(error: PostSocketsError): void {
		this.#close(error);
	}

	ref(): void {
		this.#sockets.hold(this, true);
	}

	unref(): void {
		this.#sockets.hold(this, false);
	}

	info(): SocketInfo {
		return { protocol: 'tcp', local: formatSocketAddress(this.local), remote: undefined, state: 'listen' };
	}

	#hand(flow: TcpFlow): void {
		if (flow.isOver) return;
		if (this.#closing) {
			flow.abort();
			return;
		}
		try {
			this.#sockets.checkRoom('accept');
		} catch {
			flow.abort();
			return;
		}
		this.#sockets.add(flow);
		this.#options.handler.onFlow(flow);
	}

	#close(error: PostSocketsError | undefined): void {
		if (this.#closing) return;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#closing = promise;
		this.#options.free(this);
		this.#sockets.delete(this);
		for (const flow of [...this.#pending]) flow.abort();
		this.#ip.ground.clock.soon(() => {
			resolve();
			this.#options.handler.onClose(error);
		});
	}
}
