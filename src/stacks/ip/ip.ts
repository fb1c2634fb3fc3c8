/** IP, put together: what a protocol above it stands on. */

import type { IpAddress } from '../../base/address.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import type { Link } from '../../stack/link.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import type { OwnAddress } from './addresses.ts';
import { Forwarding } from './forwarding.ts';
import type { Ground } from './ground.ts';
import { GroupMessages } from './group-messages.ts';
import { Host, scoped } from './host.ts';
import { Icmp } from './icmp.ts';
import { IcmpErrors } from './icmp-errors.ts';
import { Input } from './input.ts';
import { NeighborDiscovery, type OnAdvertisement } from './neighbor-discovery.ts';
import { Nic, type NicOptions, type NicOwner } from './nic.ts';
import { fromSelf, Output } from './output.ts';
import type { Problem, Protocol } from './packet.ts';
import { unreachable } from './problems.ts';

/** What the interfaces have to say, to whoever configures them. */
export interface NicEvents {
	gained(nic: Nic, own: OwnAddress): void;
	lost(nic: Nic, own: OwnAddress): void;
	duplicate(nic: Nic, own: OwnAddress): void;
	noRouter(nic: Nic, hop: IpAddress): void;
	advertised: OnAdvertisement;
	onState(nic: Nic): void;
	onClose(nic: Nic, error: PostSocketsError | undefined): void;
}

/**
 * A protocol registers with `use`, finds its way with `host.wayTo`, sends with `output.send`, asks `host.mtuOf` how much
 * fits, and confirms with `confirm` that a neighbour is there.
 */
export class Ip {
	readonly ground: Ground;
	readonly host: Host;
	readonly output: Output;
	readonly icmp: Icmp;
	readonly discovery: NeighborDiscovery;
	/** A link takes more, after it was full. */
	onDrain: () => void = () => {};
	readonly #input: Input;
	readonly #errors: IcmpErrors;
	readonly #groups: GroupMessages;
	readonly #events: NicEvents;
	#closed = false;

	constructor(ground: Ground, forwards: boolean, events: NicEvents) {
		this.ground = ground;
		this.host = new Host(ground, forwards);
		this.output = new Output(this.host, (nic, bytes) => {
			if (!this.#closed) this.#input.receive(nic, bytes, 0, bytes.length, fromSelf);
		});
		this.#errors = new IcmpErrors(this.host, this.output);
		const forwarding = forwards ? new Forwarding(this.host, this.output, this.#errors) : undefined;
		this.#input = new Input(this.host, this.#errors, forwarding);
		this.discovery = new NeighborDiscovery(this.host, this.output, (nic, router, message) =>
			events.advertised(nic, router, message),
		);
		this.#groups = new GroupMessages(this.host, this.output);
		this.icmp = new Icmp(this.host, this.output, this.discovery, this.#groups, (problem) => this.#hear(problem));
		this.#events = events;
		this.use(ipProtocol.icmpv4, this.icmp);
		this.use(ipProtocol.icmpv6, this.icmp);
		this.use(ipProtocol.igmp, this.#groups);
	}

	get reassembling(): Input['reassembling'] {
		return this.#input.reassembling;
	}

	/** `protocol` is one of `ipProtocol`. */
	use(protocol: number, handler: Protocol): void {
		this.#input.protocols.set(protocol, handler);
	}

	attach(link: Link, options: NicOptions): Nic {
		const nic = new Nic(link, options, this.ground, (created) => this.#ownerOf(created));
		this.host.nics.push(nic);
		return nic;
	}

	/** A higher layer has heard from the next hop. RFC 4861 §7.3.1 */
	confirm(nic: Nic, hop: IpAddress): void {
		nic.tellNeighbors({ type: 'confirmed', hop: hop.withZone(undefined) });
	}

	close(): void {
		this.#closed = true;
		this.#input.close();
		for (const nic of this.host.nics) nic.close();
	}

	#ownerOf(nic: Nic): NicOwner {
		const events = this.#events;
		return {
			receive: (from, bytes, start, end, arrival) => this.#input.receive(from, bytes, start, end, arrival),
			solicit: (hop, mac) => this.discovery.solicit(nic, hop, mac),
			probe: (address) => this.discovery.probe(nic, address),
			announce: (address) => this.discovery.announce(nic, address),
			unreachable: (packet) => this.#unreachable(nic, packet),
			neighborChanged: () => this.host.changed(),
			noRouter: (hop) => events.noRouter(nic, hop),
			gained: (own) => events.gained(nic, own),
			lost: (own) => events.lost(nic, own),
			duplicate: (own) => events.duplicate(nic, own),
			onDrain: () => this.onDrain(),
			onState: () => events.onState(nic),
			onClose: (error) => events.onClose(nic, error),
			reports: this.#groups.sinks(nic),
		};
	}

	/** What ICMP says is believed if it is about a packet that we may have sent. RFC 5927 §4.1 */
	#hear(problem: Problem): void {
		const { source, destination, protocol, kind, mtu, length } = problem;
		const handler = this.#input.protocols.get(protocol);
		if (handler === undefined || this.host.owner(source) === undefined || !handler.sent(problem)) {
			this.ground.counters.add('unsolicited');
			return;
		}
		if (kind === 'too-big') this.host.pathMtus.lower(destination, mtu, length, this.ground.clock.now());
		handler.onProblem(problem);
	}

	/** A neighbour does not answer: whoever has sent the packet is told. RFC 1122 §3.3.1.4, RFC 4861 §7.2.2 */
	#unreachable(nic: Nic, packet: Uint8Array): void {
		this.ground.counters.add('unresolved');
		const problem = unreachable(packet);
		if (problem === undefined) return;
		if (this.host.owner(problem.source) === undefined) {
			const arrival = { ...fromSelf, local: false };
			this.#errors.complain(nic, packet, 0, packet.length, arrival, { kind: 'host' });
			return;
		}
		const told = { ...problem, destination: scoped(problem.destination, nic) };
		const handler = this.#input.protocols.get(told.protocol);
		if (handler?.sent(told)) handler.onProblem(told);
	}
}
