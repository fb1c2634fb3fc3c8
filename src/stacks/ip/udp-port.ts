/** One port of UDP. A datagram is written into a frame when it is sent, so its bytes are never kept. */

import type { IpAddress } from '../../base/address.ts';
import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint } from '../../base/socket-address.ts';
import { type Multicast, sameWithoutZone } from '../../stack/multicast.ts';
import type { Port, PortHandler } from '../../stack/port.ts';
import { offloaded } from '../../wire/checksum.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import * as udp from '../../wire/udp.ts';
import { failure } from './failure.ts';
import type { Way } from './host.ts';
import type { Ip } from './ip.ts';
import type { Nic } from './nic.ts';
import type { Holder } from './port-table.ts';
import type { Socket, SocketInfo, Sockets } from './sockets.ts';

export interface UdpPortOptions extends Pick<Multicast, 'hopLimit' | 'loopback'> {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint | undefined;
	readonly shared: boolean;
	/** The interface that multicast is sent by. */
	readonly by: Nic | undefined;
	/** Of a member: where it has joined the group that is its local address. */
	readonly on: Nic | undefined;
	/** The only sender that a member hears. */
	readonly source: IpAddress | undefined;
}

/** Bytes of one datagram: what IPv4 leaves of 65 535 (RFC 768), and IPv6, whose own header does not count. */
const largest = { 4: 65_507, 6: 65_527 };

export class UdpPort implements Port, Holder, Socket {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint | undefined;
	readonly shared: boolean;
	handler: PortHandler = { onDatagram() {}, onError() {}, onClose() {} };
	readonly #ip: Ip;
	readonly #options: UdpPortOptions;
	readonly #sockets: Sockets;
	readonly #free: () => void;
	/** The last way that was taken. */
	#way: Way | undefined;
	#wayTo: IpAddress | undefined;
	#generation = -1;
	#closed = false;

	/** `free` is called once, when it closes. */
	constructor(ip: Ip, options: UdpPortOptions, sockets: Sockets, free: () => void) {
		this.local = options.local;
		this.remote = options.remote;
		this.shared = options.shared;
		this.#ip = ip;
		this.#options = options;
		this.#sockets = sockets;
		this.#free = free;
		sockets.add(this);
	}

	send(bytes: Uint8Array, to: IpEndpoint | undefined, done?: (error?: PostSocketsError) => void): void {
		const target = to ?? this.remote;
		if (target === undefined) throw badArgument('a port that is not connected must be told where to send', 'send');
		const error = this.#refusal(bytes.length, target) ?? this.#launch(bytes, target);
		if (done) this.#ip.ground.clock.soon(() => done(error));
	}

	close(): void {
		this.finish(undefined);
	}

	finish(error: PostSocketsError | undefined): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#free();
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
		const { local, remote } = this;
		return { protocol: 'udp', local: formatSocketAddress(local), remote: remote && formatSocketAddress(remote) };
	}

	/** Borrowed bytes, of a datagram that is for it. */
	hear(bytes: Uint8Array, from: IpEndpoint): void {
		if (!this.#closed) this.handler.onDatagram(bytes, from);
	}

	hearError(error: PostSocketsError): void {
		if (!this.#closed) this.handler.onError(error);
	}

	/** Whether what came by `nic` for a group, or for everybody on the link, is for it. */
	hearsMany(destination: IpAddress, nic: Nic, from: IpEndpoint): boolean {
		const { on, source } = this.#options;
		const { address } = this.local;
		const { remote } = this;
		if (address.family !== destination.family) return false;
		if (remote !== undefined && !(remote.port === from.port && remote.address.equals(from.address))) return false;
		if (!destination.isMulticast) {
			return on === undefined && (address.isUnspecified || nic.addresses.find(address) !== undefined);
		}
		if (on !== nic || !sameWithoutZone(address, destination)) return false;
		return source === undefined || sameWithoutZone(source, from.address);
	}

	#refusal(length: number, to: IpEndpoint): PostSocketsError | undefined {
		const { family } = this.local.address;
		if (this.#closed) {
			return new PostSocketsError('closed', 'the port is closed', {
				operation: 'send',
				local: formatSocketAddress(this.local),
				remote: formatSocketAddress(to),
			});
		}
		if (to.address.family !== family) return failure('EAFNOSUPPORT', 'send', this.local, to);
		if (to.port === 0) return failure('EINVAL', 'send', this.local, to);
		return length > largest[family] ? failure('EMSGSIZE', 'send', this.local, to) : undefined;
	}

	/** Returns why it does not leave. */
	#launch(bytes: Uint8Array, to: IpEndpoint): PostSocketsError | undefined {
		const way = this.#find(to.address);
		if (way === undefined) return failure('ENETUNREACH', 'send', this.local, to);
		const { hopLimit, loopback } = this.#options;
		const sourcePort = this.local.port;
		const failed = this.#ip.output.send(
			way,
			{ protocol: ipProtocol.udp, hopLimit, loopback },
			{
				length: udp.lengthOf() + bytes.length,
				write(out, at, sum) {
					const header = { sourcePort, destinationPort: to.port, payloadLength: bytes.length };
					const start = udp.emit(header, out, at);
					out.set(bytes, start);
					if (sum !== offloaded) udp.seal(out, at, start + bytes.length, sum);
				},
			},
		);
		if (failed === undefined) return undefined;
		if (failed !== 'queue-full') return failure('EMSGSIZE', 'send', this.local, to);
		const message = 'the link takes no more for now; send less, or raise limits.queuedBytes';
		const remote = formatSocketAddress(to);
		return new PostSocketsError('queue-full', message, { operation: 'send', remote });
	}

	#find(to: IpAddress): Way | undefined {
		const { host } = this.#ip;
		if (this.#generation === host.generation && this.#wayTo !== undefined && to.equals(this.#wayTo)) return this.#way;
		const { address } = this.local;
		const source = address.isUnspecified || address.isMulticast ? undefined : address;
		const nic = to.isMulticast && to.zone === undefined ? this.#options.by : undefined;
		this.#way = host.wayTo(to, { source, nic });
		this.#wayTo = to;
		this.#generation = host.generation;
		return this.#way;
	}
}
