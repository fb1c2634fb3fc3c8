/** A port that asks by ICMP echo: what ping and traceroute are made of. RFC 792, RFC 4443 §4 */

import type { IpAddress } from '../../base/address.ts';
import { PostSocketsError } from '../../base/errors.ts';
import type { IcmpEcho } from '../../wire/icmp.ts';
import { uint16 } from '../../wire/network-order.ts';
import type { EchoAsker } from './icmp.ts';
import type { Ip } from './ip.ts';
import type { Packet, Problem } from './packet.ts';
import type { Socket, SocketInfo, Sockets } from './sockets.ts';

export interface EchoOptions {
	readonly family: 4 | 6;
	/** The address to ask from. Default: the stack chooses for each. */
	readonly local?: IpAddress | undefined;
	/** The interface to leave by, by name. Default: as the routes say. */
	readonly interface?: string | undefined;
}

export interface EchoRequest {
	/** 0 to 65535. */
	readonly sequence: number;
	/** Copied. Default none. */
	readonly data?: Uint8Array | undefined;
	/** 1 to 255. Default: the system's. */
	readonly hopLimit?: number | undefined;
	/** Fail with `too-large` rather than to be sent in fragments. Default false. */
	readonly dontFragment?: boolean | undefined;
}

export interface EchoReply {
	readonly from: IpAddress;
	readonly sequence: number;
	/** **Borrowed** until the handler returns. */
	readonly data: Uint8Array;
	/** What the reply still had. */
	readonly hopLimit: number;
}

/** `Problem` of packet.ts says what the kinds mean. */
export interface EchoProblem extends Pick<Problem, 'kind' | 'from' | 'mtu'> {
	/** Where the request was sent to. */
	readonly to: IpAddress;
	readonly sequence: number;
}

export interface EchoHandler {
	onReply(reply: EchoReply): void;
	onProblem(problem: EchoProblem): void;
	/** The port is gone: the last call, exactly once; with an error if not by `close`. */
	onClose(error: PostSocketsError | undefined): void;
}

/** Nothing is delivered from inside a call. */
export class EchoPort implements EchoAsker, Socket {
	readonly family: 4 | 6;
	/** Tells its requests from those of others, by chance. */
	readonly identifier: number;
	handler: EchoHandler = { onReply() {}, onProblem() {}, onClose() {} };
	readonly #ip: Ip;
	readonly #options: EchoOptions;
	readonly #sockets: Sockets;
	#closed = false;

	/** Throws `resource-limit`. */
	constructor(ip: Ip, options: EchoOptions, sockets: Sockets) {
		sockets.checkRoom('ping');
		const { askers } = ip.icmp;
		let identifier = ip.ground.random.below(65_536);
		for (let tries = 0; askers.has(`${options.family} ${identifier}`); tries += 1) {
			if (tries === 65_536) throw new PostSocketsError('resource-limit', 'every ICMP identifier is in use');
			identifier = (identifier + 1) & 0xffff;
		}
		this.family = options.family;
		this.identifier = identifier;
		this.#ip = ip;
		this.#options = options;
		this.#sockets = sockets;
		askers.set(this.#key(), this);
		sockets.add(this);
	}

	/** Returns why nothing left: `unreachable`, `too-large`, `queue-full`, `closed`. */
	send(to: IpAddress, request: EchoRequest): PostSocketsError | undefined {
		const context = { operation: 'ping', remote: to.toString() };
		if (this.#closed) return new PostSocketsError('closed', 'the port is closed', context);
		const { local: source, interface: name } = this.#options;
		const { host, icmp } = this.#ip;
		const nic = name === undefined ? undefined : host.named(name);
		const way = name !== undefined && nic === undefined ? undefined : host.wayTo(to, { source, nic });
		if (way === undefined || to.family !== this.family) {
			return new PostSocketsError('unreachable', `there is no route to ${to}`, context);
		}
		const { sequence, data = new Uint8Array(0), hopLimit, dontFragment } = request;
		const echo: IcmpEcho = { kind: 'echo-request', identifier: this.identifier, sequence, data };
		const failed = icmp.sendEcho(way, { hopLimit, dontFragment }, echo);
		if (failed === undefined) return undefined;
		if (failed === 'queue-full') return new PostSocketsError('queue-full', 'the link takes no more for now', context);
		const message = `${data.length} bytes do not pass to ${to}; the path takes packets of ${host.mtuOf(way)} bytes`;
		return new PostSocketsError('too-large', message, context);
	}

	close(): void {
		this.finish(undefined);
	}

	finish(error: PostSocketsError | undefined): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#ip.icmp.askers.delete(this.#key());
		this.#sockets.delete(this);
		this.#ip.ground.clock.soon(() => this.handler.onClose(error));
	}

	ref(): void {
		this.#sockets.hold(this, true);
	}

	unref(): void {
		this.#sockets.hold(this, false);
	}

	info(): SocketInfo {
		return { protocol: 'icmp', local: `${this.#options.local ?? '*'} ${this.identifier}`, remote: undefined };
	}

	/** @internal */
	onReply(packet: Packet, { sequence, data }: IcmpEcho): void {
		this.handler.onReply({ from: packet.source, sequence, data, hopLimit: packet.header.hopLimit });
	}

	/** @internal */
	onProblem({ kind, from, mtu, destination, bytes, start }: Problem): void {
		this.handler.onProblem({ kind, from, mtu, to: destination, sequence: uint16(bytes, start + 6) });
	}

	#key(): string {
		return `${this.family} ${this.identifier}`;
	}
}
