/** What is left of a connection that both sides have closed, so that late segments of it meet nobody else. RFC 9293 §3.6.1 */

import type { IpEndpoint } from '../../../base/socket-address.ts';
import { type TcpView, tcpFlag } from '../../../wire/tcp.ts';
import type { TcpOptions } from '../../../wire/tcp-options.ts';
import type { Packet } from '../packet.ts';
import type { Connection, Outgoing } from './connection.ts';
import type { Endpoint } from './demux.ts';
import { isBefore } from './sequence.ts';

export interface TimeWaitOwner {
	/** Milliseconds. */
	readonly now: number;
	send(local: IpEndpoint, remote: IpEndpoint, segment: Outgoing): void;
	/** Its time begins anew. */
	restart(waiting: TimeWait): void;
	/** A new connection may take its place: this is its SYN. */
	reopen(waiting: TimeWait, packet: Packet, view: TcpView): void;
}

export class TimeWait implements Endpoint {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint;
	next: Endpoint | undefined;
	/** When it goes, in milliseconds. */
	until = 0;
	readonly #owner: TimeWaitOwner;
	readonly #sndNxt: number;
	readonly #rcvNxt: number;
	readonly #timestamps: { readonly recent: number; readonly offset: number } | undefined;

	constructor(local: IpEndpoint, remote: IpEndpoint, connection: Connection, owner: TimeWaitOwner) {
		this.local = local;
		this.remote = remote;
		this.#owner = owner;
		this.#sndNxt = connection.sender.sndNxt;
		this.#rcvNxt = connection.receiver.rcvNxt;
		this.#timestamps = connection.timestamps;
	}

	/** RFC 9293 §3.10.7.4 in TIME-WAIT; RFC 6191 for a SYN; RFC 1337: no reset ends it. */
	hear(packet: Packet, view: TcpView): void {
		const { flags, sequence } = view;
		if ((flags & tcpFlag.rst) !== 0) return;
		if ((flags & (tcpFlag.syn | tcpFlag.ack)) === tcpFlag.syn && this.#isNewer(view)) {
			this.#owner.reopen(this, packet, view);
			return;
		}
		if ((flags & tcpFlag.fin) !== 0) this.#owner.restart(this);
		const isPlainAck = view.payloadLength === 0 && (flags & (tcpFlag.syn | tcpFlag.fin)) === 0;
		if (isPlainAck && sequence === this.#rcvNxt) return;
		this.#owner.send(this.local, this.remote, {
			sequence: this.#sndNxt,
			acknowledgment: this.#rcvNxt,
			flags: tcpFlag.ack,
			window: 0,
			options: this.#options(),
			length: 0,
			segmentSize: undefined,
			capable: false,
		});
	}

	#options(): TcpOptions {
		if (this.#timestamps === undefined) return {};
		const { recent, offset } = this.#timestamps;
		return { timestamps: { value: (Math.floor(this.#owner.now) + offset) >>> 0, echo: recent } };
	}

	#isNewer(view: TcpView): boolean {
		const { timestamps } = view.options;
		if (this.#timestamps && timestamps && timestamps.value !== this.#timestamps.recent) {
			return isBefore(this.#timestamps.recent, timestamps.value);
		}
		return isBefore(this.#rcvNxt, view.sequence);
	}
}
