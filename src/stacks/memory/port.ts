/** A port in memory: a datagram is copied when it is sent, and lent to whoever holds the address when it arrives. */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint, sameSocketAddress } from '../../base/socket-address.ts';
import type { Port, PortHandler } from '../../stack/port.ts';
import type { Bindings, Holder } from './bindings.ts';
import type { Device, Devices } from './devices.ts';
import { failure } from './failure.ts';
import type { PortMulticast } from './multicast.ts';
import type { Wire } from './wire.ts';

/** Bytes of one datagram: what IPv4 leaves of 65 535 (RFC 768), and IPv6, whose own header does not count. */
const largest = { 4: 65_507, 6: 65_527 };

/** Bytes that one port may have under way; what it sends beyond them is lost, as in a full socket buffer. */
const mostUnderWay = 2 ** 21;

export interface PortOptions {
	readonly remote: IpEndpoint | undefined;
	readonly shared: boolean;
	readonly multicast: PortMulticast;
	readonly devices: Devices;
	/** Milliseconds of a round trip. */
	readonly rtt: number;
}

export class MemoryPort implements Port, Holder {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint | undefined;
	readonly shared: boolean;
	handler: PortHandler = { onDatagram() {}, onError() {}, onClose() {} };
	readonly multicast: PortMulticast;
	readonly #devices: Devices;
	readonly #delay: number;
	readonly #wire: Wire;
	readonly #bindings: Bindings<MemoryPort>;
	#underWay = 0;
	#closed = false;

	constructor(local: IpEndpoint, options: PortOptions, wire: Wire, bindings: Bindings<MemoryPort>) {
		this.local = local;
		this.remote = options.remote;
		this.shared = options.shared;
		this.multicast = options.multicast;
		this.#devices = options.devices;
		this.#delay = options.rtt / 2;
		this.#wire = wire;
		this.#bindings = bindings;
		bindings.add(this);
	}

	send(bytes: Uint8Array, to: IpEndpoint | undefined, done?: (error?: PostSocketsError) => void): void {
		const target = to ?? this.remote;
		if (target === undefined) throw badArgument('a port that is not connected must be told where to send', 'send');
		const error = this.#refusal(bytes.length, target) ?? this.#launch(bytes, target);
		if (done) this.#wire.clock.soon(() => done(error));
	}

	close(): void {
		this.finish(undefined);
	}

	finish(error: PostSocketsError | undefined): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#bindings.delete(this);
		this.#wire.clock.soon(() => this.handler.onClose(error));
	}

	/** Does nothing: see memory.ts. */
	ref(): void {}
	unref(): void {}

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
		return length > largest[family] ? failure('EMSGSIZE', 'send', this.local, to) : undefined;
	}

	/** Returns why it does not leave. */
	#launch(bytes: Uint8Array, to: IpEndpoint): PostSocketsError | undefined {
		const { address, port } = this.local;
		const device = to.address.isMulticast ? this.multicast.wayTo(to.address, address) : undefined;
		if (to.address.isMulticast && device === undefined) return failure('ENETUNREACH', 'send', this.local, to);
		const chooses = address.isUnspecified || address.isMulticast;
		const source = chooses ? this.#devices.sourceFor(to.address, device) : address;
		if (source === undefined) return failure('ENETUNREACH', 'send', this.local, to);
		if (this.#underWay + bytes.length > mostUnderWay) return undefined;
		this.#underWay += bytes.length;
		const datagram = new Uint8Array(bytes);
		const from = { address: source, port };
		this.#wire.carry(this.#delay, () => {
			this.#underWay -= datagram.length;
			if (device === undefined) this.#arrive(datagram, from, to);
			else if (this.multicast.loopback) this.#arriveAtGroup(datagram, from, to, device);
		});
		return undefined;
	}

	#arrive(datagram: Uint8Array, from: IpEndpoint, to: IpEndpoint): void {
		const there = this.#bindings.at(to);
		const holders = there.filter(({ remote }) => remote === undefined || sameSocketAddress(remote, from));
		// A connected port is more specific than one that hears everybody.
		const hearer = holders.find(({ remote }) => remote !== undefined) ?? holders[0];
		if (hearer) hearer.handler.onDatagram(datagram, from);
		else this.#wire.carry(this.#delay, () => this.#hearRefusal(to));
	}

	/** Nobody refuses what was sent to a group. RFC 1122 §3.2.2 */
	#arriveAtGroup(datagram: Uint8Array, from: IpEndpoint, to: IpEndpoint, device: Device): void {
		for (const port of [...this.#bindings.on(to.port)]) {
			if (port.remote !== undefined && !sameSocketAddress(port.remote, from)) continue;
			if (port.multicast.hears(to.address, from, device)) port.handler.onDatagram(datagram, from);
		}
	}

	/** ICMP "port unreachable": only a connected port hears of it. RFC 1122 §4.1.3.3 */
	#hearRefusal(to: IpEndpoint): void {
		if (this.#closed || this.remote === undefined || !sameSocketAddress(this.remote, to)) return;
		this.handler.onError(failure('ECONNREFUSED', 'send', this.local, to));
	}
}
