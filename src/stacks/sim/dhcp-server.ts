/** A DHCP server on a router: it gives out addresses of one network, each client the same again. RFC 2131 §4.3 */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { Prefix } from '../../base/prefix.ts';
import type { IpEndpoint } from '../../base/socket-address.ts';
import type { Port } from '../../stack/port.ts';
import * as dhcp from '../../wire/dhcp.ts';
import type { DhcpMessageType } from '../../wire/dhcp-options.ts';
import type { Host } from './host.ts';
import { mostLeases } from './limits.ts';

export interface DhcpServerOptions {
	/** The interface that it serves. Default: the first one. */
	readonly interface?: string | undefined;
	/** First and last address that it gives out. */
	readonly pool: readonly [string, string];
	/** Default: itself. */
	readonly routers?: readonly string[] | undefined;
	/** Default: those of the network. */
	readonly nameServers?: readonly string[] | undefined;
	/** Seconds. Default 3600. */
	readonly leaseTime?: number | undefined;
}

interface Lease {
	readonly address: number;
	/** On the clock of the host. */
	until: number;
}

/** Milliseconds that an offer is kept. */
const offerLife = 60_000;

export async function dhcpServer(host: Host, options: DhcpServerOptions): Promise<void> {
	const life = host.life;
	const server = new DhcpServer(host, options);
	const local = { address: IpAddress.any4, port: 67 };
	const port = await host.bind(local, { signal: new AbortController().signal, interface: server.interface });
	port.handler = {
		onDatagram: (bytes) => server.hear(bytes, port),
		onError() {},
		onClose: (error) => error && host.onceUp(life, () => void dhcpServer(host, options).catch(() => {})),
	};
}

class DhcpServer {
	readonly interface: string;
	readonly #host: Host;
	readonly #options: DhcpServerOptions;
	readonly #network: Prefix;
	readonly #pool: readonly [number, number];
	/** By hardware address. */
	readonly #leases = new Map<string, Lease>();
	/** That somebody else was found to have. */
	readonly #bad = new Set<number>();

	constructor(host: Host, options: DhcpServerOptions) {
		this.#host = host;
		this.#options = options;
		this.interface = options.interface ?? host.gates[0]!.name;
		const own = host.ip!.inspect().interfaces.find(({ name }) => name === this.interface)?.addresses ?? [];
		const networks = own.map(({ address }) => Prefix.parse(address)).filter(({ address }) => address.family === 4);
		const [first, last] = options.pool.map((text) => IpAddress.parse(text)) as [IpAddress, IpAddress];
		const network = networks.find((each) => each.contains(first) && each.contains(last));
		if (network === undefined)
			throw badArgument(`${this.interface} of ${host.name} is in no network of the pool`, 'dhcp');
		this.#network = network;
		this.#pool = [numberOf(first), numberOf(last)];
	}

	hear(bytes: Uint8Array, port: Port): void {
		const message = dhcp.parse(bytes);
		if (typeof message === 'string' || message.operation !== 'request') return;
		const { messageType, requestedAddress, serverIdentifier } = message.options;
		const client = message.clientHardware.toString();
		if (serverIdentifier && !serverIdentifier.equals(this.#network.address)) {
			this.#leases.delete(client);
			return;
		}
		if (messageType === 'release') this.#leases.delete(client);
		if (messageType === 'decline' && requestedAddress) {
			this.#leases.delete(client);
			this.#bad.add(numberOf(requestedAddress));
		}
		if (messageType === 'discover') {
			const address = this.#offer(client);
			if (address !== undefined) this.#reply(message, 'offer', address, port);
		}
		if (messageType !== 'request') return;
		const asked = requestedAddress ?? message.clientAddress;
		const lease = this.#leases.get(client);
		if (lease?.address === numberOf(asked)) {
			lease.until = this.#host.clock.now() + 1000 * this.#leaseTime;
			this.#reply(message, 'ack', lease.address, port);
		} else if (lease !== undefined || serverIdentifier !== undefined || !this.#network.contains(asked)) {
			this.#reply(message, 'nak', undefined, port);
		}
	}

	get #leaseTime(): number {
		return this.#options.leaseTime ?? 3600;
	}

	/** The one that it has, or the first that is free. */
	#offer(client: string): number | undefined {
		const now = this.#host.clock.now();
		const known = this.#leases.get(client);
		if (known) return known.address;
		for (const [other, { until }] of this.#leases) if (until < now) this.#leases.delete(other);
		const taken = new Set([...this.#leases.values()].map(({ address }) => address));
		const [first, last] = this.#pool;
		for (let address = first; address <= last && taken.size < mostLeases; address += 1) {
			if (taken.has(address) || this.#bad.has(address)) continue;
			this.#leases.set(client, { address, until: now + offerLife });
			return address;
		}
		return undefined;
	}

	#reply(message: dhcp.DhcpMessage, messageType: DhcpMessageType, address: number | undefined, port: Port): void {
		const { routers, nameServers = this.#host.ip!.nameServers.map(String) } = this.#options;
		const four = nameServers.map((text) => IpAddress.parse(text)).filter(({ family }) => family === 4);
		const yourAddress = address === undefined ? IpAddress.any4 : addressOf(address);
		const lease = {
			subnetMask: this.#network.netmask,
			routers: routers?.map((text) => IpAddress.parse(text)) ?? [this.#network.address],
			leaseTime: this.#leaseTime,
			...(four.length > 0 && { nameServers: four }),
		};
		const reply: dhcp.DhcpMessage = {
			...message,
			operation: 'reply',
			yourAddress,
			options: { messageType, serverIdentifier: this.#network.address, ...(address !== undefined && lease) },
		};
		const out = new Uint8Array(dhcp.lengthOf(reply));
		dhcp.emit(reply, out, 0);
		const { clientAddress } = message;
		const unicast = !clientAddress.isUnspecified && messageType === 'ack';
		const to: IpEndpoint = { address: unicast ? clientAddress : broadcast, port: 68 };
		port.send(out, to);
	}
}

const broadcast = IpAddress.parse('255.255.255.255');

function numberOf({ bytes }: IpAddress): number {
	return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}

function addressOf(number: number): IpAddress {
	return IpAddress.from(Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number));
}
