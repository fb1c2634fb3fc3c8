/** How one interface comes to its addresses and routes: as it is told, by DHCP, and by what routers advertise. */

import { IpAddress } from '../../base/address.ts';
import { type Driver, drive } from '../../base/machine.ts';
import { Prefix } from '../../base/prefix.ts';
import { offloaded } from '../../wire/checksum.ts';
import type { DhcpMessage } from '../../wire/dhcp.ts';
import * as dhcp from '../../wire/dhcp.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import type { RouterAdvertisement } from '../../wire/neighbor-discovery.ts';
import * as udpHeader from '../../wire/udp.ts';
import type { AddressOrigin, OwnAddress } from './addresses.ts';
import { Autoconfiguration, type AutoconfigurationEvent, type AutoconfigurationSink } from './autoconfiguration.ts';
import type { InterfaceSettings } from './config.ts';
import { DhcpClient, type DhcpEvent, type DhcpLease, type DhcpSink, type DhcpState } from './dhcp-client.ts';
import type { Ip } from './ip.ts';
import type { Nic } from './nic.ts';
import { wayOnLink } from './output.ts';
import { sipHash } from './sip-hash.ts';

const ever = Number.POSITIVE_INFINITY;

/** The lower the better; what is configured has 0. */
const metrics = { dhcp: 200, high: 100, medium: 200, low: 300 };

/** RFC 7217 §7: so often another identifier is tried. */
const mostDuplicates = 3;

const ports = { server: 67, client: 68 };

export class Configuration {
	readonly nic: Nic;
	readonly #ip: Ip;
	readonly #settings: InterfaceSettings;
	readonly #secret: Uint8Array;
	readonly #dhcp: DhcpClient | undefined;
	readonly #dhcpDriver: Driver<DhcpEvent> | undefined;
	readonly #autoconfiguration: Autoconfiguration | undefined;
	readonly #autoconfigurationDriver: Driver<AutoconfigurationEvent> | undefined;
	#started = false;
	/** Of the lease that is in use. */
	#lease: DhcpLease | undefined;
	#advertisedServers: readonly IpAddress[] = [];
	/** How many of the addresses made in a prefix were others' already, by the prefix. */
	readonly #duplicates = new Map<string, number>();

	constructor(ip: Ip, nic: Nic, settings: InterfaceSettings, secret: Uint8Array) {
		const { random, limits, clock } = ip.ground;
		this.#ip = ip;
		this.nic = nic;
		this.#settings = settings;
		this.#secret = secret;
		if (settings.dhcp && nic.mac !== undefined) {
			this.#dhcp = new DhcpClient(nic.mac, random);
			this.#dhcpDriver = drive(this.#dhcp, this.#dhcpSink(), clock);
		}
		if (settings.autoconfiguration) {
			this.#autoconfiguration = new Autoconfiguration(limits, random);
			this.#autoconfigurationDriver = drive(this.#autoconfiguration, this.#autoconfigurationSink(), clock);
		}
		for (const gateway of settings.gateways) {
			ip.host.routes.add({ prefix: everything(gateway.family), nic, gateway, metric: 0, origin: 'static' });
		}
	}

	/** Learned name servers, the most preferred first. */
	get nameServers(): readonly IpAddress[] {
		return [...(this.#lease?.nameServers ?? []), ...this.#advertisedServers];
	}

	get dhcpState(): DhcpState | undefined {
		return this.#dhcp?.state;
	}

	/** Nothing of what it was told to get at once is still to come. */
	get ready(): boolean {
		if (!this.nic.up) return true;
		const settled = this.nic.addresses.list.every(({ state }) => state !== 'tentative');
		return this.#started && settled && (this.#dhcp === undefined || this.#lease !== undefined);
	}

	/** Whether the router is in one of the networks that the interface is told to be in. */
	reaches(router: IpAddress): boolean {
		return this.#settings.addresses.some((prefix) => prefix.contains(router));
	}

	/** The link is there, perhaps again. */
	start(): void {
		if (!this.nic.up) return;
		if (!this.#started) {
			this.#started = true;
			if (this.#settings.linkLocal) this.#make(linkLocalPrefix, 'link-local', ever, ever);
			for (const prefix of this.#settings.addresses) this.#add(prefix, 'static', ever, ever);
		}
		this.nic.unconfigured4 = this.#dhcp !== undefined && this.#lease === undefined;
		this.#dhcpDriver?.send({ type: 'start' });
		this.#autoconfigurationDriver?.send({ type: 'start' });
	}

	/** Gives back what is borrowed. */
	stop(): void {
		this.#dhcpDriver?.send({ type: 'stop' });
		this.#dhcpDriver?.stop();
		this.#autoconfigurationDriver?.stop();
	}

	gained({ address, prefixLength, origin }: OwnAddress): void {
		// Who makes an address of a prefix knows nothing about who else is near. RFC 5942 §4
		if (origin === 'autoconfiguration' || (address.family === 6 && address.isLinkLocal)) return;
		const prefix = Prefix.of(Prefix.of(address.withZone(undefined), prefixLength).network, prefixLength);
		this.#ip.host.routes.add({ prefix, nic: this.nic, gateway: undefined, metric: 0, origin: 'link' });
	}

	lost({ address, prefixLength, origin }: OwnAddress): void {
		if (origin === 'autoconfiguration') return;
		const prefix = Prefix.of(Prefix.of(address.withZone(undefined), prefixLength).network, prefixLength);
		const others = this.nic.usable().filter((other) => !other.address.equals(address));
		if (others.some((other) => other.prefixLength === prefixLength && prefix.contains(other.address))) return;
		this.#ip.host.routes.remove({ prefix, nic: this.nic, gateway: undefined });
	}

	duplicate({ address, origin, prefixLength }: OwnAddress): void {
		if (origin === 'dhcp') {
			this.#dhcpDriver?.send({ type: 'duplicate' });
			return;
		}
		if (origin !== 'link-local' && origin !== 'autoconfiguration') return;
		const prefix = Prefix.of(Prefix.of(address.withZone(undefined), prefixLength).network, prefixLength);
		const met = (this.#duplicates.get(prefix.toString()) ?? 0) + 1;
		if (met > mostDuplicates) return;
		this.#duplicates.set(prefix.toString(), met);
		const { clock } = this.#ip.ground;
		const valid = this.nic.addresses.validFor(address, clock.now());
		this.nic.changeAddress({ type: 'remove', address });
		this.#make(prefix, origin, valid, valid);
	}

	advertised(router: IpAddress, message: RouterAdvertisement): void {
		this.#autoconfigurationDriver?.send({ type: 'advertisement', router, message });
	}

	noRouter(router: IpAddress): void {
		this.#autoconfigurationDriver?.send({ type: 'no-router', router });
	}

	/** A datagram to the client's port; false if there is no client. */
	hearDhcp(bytes: Uint8Array, start: number, end: number): boolean {
		if (this.#dhcpDriver === undefined) return false;
		const message = dhcp.parse(bytes, start, end);
		if (typeof message === 'string') this.#ip.ground.counters.add(message);
		else this.#dhcpDriver.send({ type: 'message', message });
		return true;
	}

	#add(prefix: Prefix, origin: AddressOrigin, valid: number, preferred: number): void {
		const { address } = prefix;
		const zoned = address.family === 6 && address.isLinkLocal ? address.withZone(this.nic.name) : address;
		this.nic.changeAddress({ type: 'add', prefix: Prefix.of(zoned, prefix.length), origin, valid, preferred });
	}

	/** Stable as long as prefix, interface and secret are, and opaque. RFC 7217 §5 */
	#make(prefix: Prefix, origin: AddressOrigin, valid: number, preferred: number): void {
		const met = this.#duplicates.get(prefix.toString()) ?? 0;
		const name = Uint8Array.from(this.nic.name, (character) => character.codePointAt(0)! & 0xff);
		const network = prefix.network.bytes;
		const identifier = sipHash(this.#secret, Uint8Array.of(...network.subarray(0, 8), met, ...name));
		for (let index = 0; index < 8; index += 1) {
			network[15 - index] = Number((identifier >> BigInt(8 * index)) & 0xffn);
		}
		this.#add(Prefix.of(IpAddress.from(network), prefix.length), origin, valid, preferred);
	}

	#dhcpSink(): DhcpSink {
		const { nic } = this;
		const { host } = this.#ip;
		return {
			send: (message, server) => this.#sendDhcp(message, server),
			configure: (lease) => {
				this.#forget();
				this.#lease = lease;
				nic.unconfigured4 = false;
				nic.advertisedMtu[4] = Math.max(lease.mtu ?? ever, 576);
				this.#add(lease.prefix, 'dhcp', lease.lifetime, lease.lifetime);
				for (const { prefix, router } of lease.routes) {
					const gateway = router.isUnspecified ? undefined : router;
					host.routes.add({ prefix, nic, gateway, metric: metrics.dhcp, origin: 'dhcp' });
				}
			},
			unconfigure: () => {
				const address = this.#lease?.prefix.address;
				this.#forget();
				if (address) nic.changeAddress({ type: 'remove', address });
				nic.unconfigured4 = true;
			},
		};
	}

	#forget(): void {
		this.#lease = undefined;
		this.nic.advertisedMtu[4] = ever;
		this.#ip.host.routes.removeIf(({ nic, origin }) => nic === this.nic && origin === 'dhcp');
	}

	/** Without the table of ports: it is from an address that is not there yet. RFC 2131 §4.1 */
	#sendDhcp(message: DhcpMessage, server: IpAddress | undefined): void {
		const own = this.#lease && this.nic.addresses.find(this.#lease.prefix.address)?.address;
		const way =
			server !== undefined && own !== undefined
				? this.#ip.host.wayTo(server, { source: own, nic: this.nic })
				: wayOnLink(this.nic, message.clientAddress, broadcast);
		if (way === undefined) return;
		const payloadLength = dhcp.lengthOf(message);
		const header = { sourcePort: ports.client, destinationPort: ports.server, payloadLength };
		this.#ip.output.send(
			way,
			{ protocol: ipProtocol.udp, loopback: false },
			{
				length: udpHeader.lengthOf() + payloadLength,
				write(out, at, sum) {
					const end = dhcp.emit(message, out, udpHeader.emit(header, out, at));
					if (sum !== offloaded) udpHeader.seal(out, at, end, sum);
				},
			},
		);
	}

	#autoconfigurationSink(): AutoconfigurationSink {
		const { nic } = this;
		const { host, discovery } = this.#ip;
		return {
			solicit: () => discovery.solicitRouters(nic),
			autonomous: (prefix, valid, preferred) => this.#autonomous(prefix, valid, preferred),
			onLink: (prefix, there) => {
				const route = { prefix, nic, gateway: undefined, metric: metrics.high, origin: 'advertised' } as const;
				const known = [...host.routes].some(
					(each) => each.nic === nic && each.origin === 'link' && each.prefix.equals(prefix),
				);
				if (known) return;
				if (there) host.routes.add(route);
				else host.routes.remove(route);
			},
			router: (gateway, preference) => {
				const prefix = everything(6);
				if (preference === undefined) host.routes.remove({ prefix, nic, gateway });
				else host.routes.add({ prefix, nic, gateway, metric: metrics[preference], origin: 'advertised' });
			},
			nameServers: (addresses) => {
				this.#advertisedServers = addresses.map((each) => (each.isLinkLocal ? each.withZone(nic.name) : each));
			},
			parameters: ({ hopLimit, reachableTime, retransmitTime, mtu }) => {
				if (hopLimit > 0) nic.hopLimit = hopLimit;
				// RFC 4861 §6.3.4; a stranger is not to make us ask a thousand times a second.
				if (reachableTime > 0) nic.neighbors.timing.reachable = Math.min(Math.max(reachableTime, 1000), 3_600_000);
				if (retransmitTime > 0) nic.neighbors.timing.retransmit = Math.min(Math.max(retransmitTime, 100), 60_000);
				if (mtu !== undefined && mtu >= 1280) nic.advertisedMtu[6] = mtu;
				host.changed();
			},
		};
	}

	/** RFC 4862 §5.5.3 (d), (e): nobody who only pretends to be a router can take an address away within two hours. */
	#autonomous(prefix: Prefix, valid: number, preferred: number): void {
		const { nic } = this;
		const own = nic.addresses.list.find(
			({ origin, address }) => origin === 'autoconfiguration' && prefix.contains(address),
		);
		if (own === undefined) {
			if (valid > 0) this.#make(prefix, 'autoconfiguration', valid, preferred);
			return;
		}
		if (own.state === 'duplicate') return;
		const left = nic.addresses.validFor(own.address, this.#ip.ground.clock.now());
		const next = valid > twoHours || valid > left ? valid : Math.min(left, twoHours);
		this.#add(Prefix.of(own.address, own.prefixLength), 'autoconfiguration', next, Math.min(preferred, next));
	}
}

const twoHours = 7_200_000;
const linkLocalPrefix = Prefix.parse('fe80::/64');
const broadcast = IpAddress.parse('255.255.255.255');

function everything(family: 4 | 6): Prefix {
	return Prefix.of(family === 4 ? IpAddress.any4 : IpAddress.any6, 0);
}
