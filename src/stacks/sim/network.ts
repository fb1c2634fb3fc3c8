/**
 * A network in this program: hosts with names, switches, routers, name servers and trouble, in virtual time, and the same
 * each time for the same seed.
 *
 * ```ts
 * await using network = sim.network({ seed: 7 });
 * const server = network.host('server');
 * const client = network.host('client');
 * await listen({ stack: server, port: 80, scheme: 'tcp' }, { protocol: lines() });
 * const carrier = await initiate('tcp://server.test:80', { local: { stack: client }, protocol: lines() });
 * network.partition(client, server);
 * ```
 *
 * Make what is nearer to the middle first: switches, routers and name servers, then the hosts that are to know of them.
 */

import type { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { badArgument } from '../../base/errors.ts';
import { MacAddress } from '../../base/mac-address.ts';
import { Prefix } from '../../base/prefix.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { crc32 } from '../../wire/crc32.ts';
import type { InterfaceConfig } from '../ip/config.ts';
import { nullLink } from '../ip/null-link.ts';
import { impair } from '../links/impair/impair.ts';
import { type CaptureWrite, pcapng } from '../links/pcap.ts';
import { type Station, stationAt } from '../links/station.ts';
import { dhcpServer } from './dhcp-server.ts';
import { type Fault, Faults, type Hold, type Rule } from './faults.ts';
import { Gate } from './gate.ts';
import { Host, type HostOptions, type InterfaceOptions } from './host.ts';
import { type NameServerOptions, nameServer, type Zone } from './name-server.ts';
import type { Node, World } from './node.ts';
import type { RouterOptions } from './router.ts';
import { advertise } from './router-advertiser.ts';
import { Segment, type SegmentOptions } from './segment.ts';
import { Trace } from './trace.ts';
import { Translation } from './translation.ts';

export interface NetworkOptions {
	/** A whole number. All chance of the network comes of it. Default 1. */
	readonly seed?: number | undefined;
	/**
	 * Default `virtualClock()`, which jumps when the program is quiet. `virtualClock({ auto: false })` is moved by its
	 * `advance()`; `systemClock` is real time.
	 */
	readonly clock?: Clock | undefined;
	/** The domain of the hosts' names. Default `test`. */
	readonly domain?: string | undefined;
	/** Gets a line for each event. */
	readonly trace?: ((line: string) => void) | undefined;
}

export type HostLike = Host | string;

export class Network implements AsyncDisposable {
	readonly clock: Clock;
	readonly seed: number;
	readonly domain: string;
	/** For what a scenario leaves to chance. */
	readonly random: Random;
	readonly trace: Trace;
	readonly #faults = new Faults();
	readonly #hosts = new Map<string, Host>();
	readonly #segments = new Map<string, Segment>();
	/** Who has which address in use, by its text. */
	readonly #owners = new Map<string, { readonly node: Node; readonly gate: Gate }>();
	readonly #stations = new Map<Station, string>();
	readonly #macs = new Map<string, MacAddress>();
	/** What each interface was given at first, so that it has it after a restart. */
	readonly #given = new Map<string, readonly string[]>();
	readonly #captures = new Set<(gate: Gate) => void>();
	readonly #nameServers: string[] = [];
	readonly #world: World;
	#failure: { readonly error: unknown } | undefined;

	constructor(options: NetworkOptions = {}) {
		const { seed = 1, clock = virtualClock(), domain = 'test', trace } = options;
		if (!Number.isSafeInteger(seed)) throw badArgument(`a seed is a whole number, not ${seed}`, 'sim.network');
		this.seed = seed;
		this.clock = clock;
		this.domain = domain;
		this.random = this.chance('scenario');
		this.trace = new Trace(clock, trace);
		this.#world = {
			clock,
			trace: this.trace,
			faults: this.#faults,
			owner: (address) => this.#owners.get(keyOf(address)),
			hostOf: (address) => this.#owners.get(keyOf(address))?.node.name,
			station: (bytes, at) => this.#stations.get(stationAt(bytes, at)),
		};
	}

	/** Every host, routers and name servers too, in the order in which they were made. */
	get hosts(): readonly Host[] {
		return [...this.#hosts.values()];
	}

	/** Makes a host, or gives the one of that name. Throws `bad-argument` for a name that was taken, with options. */
	host(name: string, options?: HostOptions): Host {
		const known = this.#hosts.get(name);
		if (known && options === undefined) return known;
		const segment = Object.values(options?.interfaces ?? {})[0]?.on ?? options?.on ?? this.#usual();
		if (this.#nameServers.length === 0) this.nameServer('dns', { on: segment });
		return this.#make(name, options ?? {}, false);
	}

	/** A switch, whose impairments meet everything that is sent to it. */
	switch(name: string, options: SegmentOptions = {}): Segment {
		return this.#segment(name, options, Number.POSITIVE_INFINITY);
	}

	/** A cable between two interfaces. */
	link(name: string, options: SegmentOptions = {}): Segment {
		return this.#segment(name, options, 2);
	}

	/** A host that forwards: the gateway of the hosts that are made later on its segments. */
	router(name: string, options: RouterOptions): Host {
		const host = this.#make(name, options, true);
		if (options.nat) {
			const translation = new Translation(options.nat, host, this.#world);
			host.translated = (inside, outgoing) => translation.stream(inside, outgoing);
		}
		for (const { address, gate } of this.#addressesOf(host)) gate.segment.routers.push(address);
		if (options.advertise) advertise(host, options.advertise, this.#world);
		if (options.dhcpServer) this.#attend(host, dhcpServer(host, options.dhcpServer));
		return host;
	}

	/**
	 * A host that answers for zones; it always knows the names of the hosts, in the domain of the network. Hosts made
	 * later ask it.
	 */
	nameServer(name: string, options: NameServerOptions = {}): Host {
		const host = this.#make(name, options, true, 'not a router');
		const own: Zone = (asked, type) => this.#ownNames(asked, type);
		this.#attend(host, nameServer(host, this.domain, own, options));
		if (options.hidden !== true) this.#nameServers.push(...host.addresses);
		return host;
	}

	/** Nothing passes between `a` and `b`, until it heals; without `b`, between `a` and all others. */
	partition(a: HostLike | readonly HostLike[], b?: HostLike | readonly HostLike[], options: OneWay = {}): Fault {
		return this.#faults.partition(
			this.#names(a),
			b === undefined ? undefined : this.#names(b),
			options.oneWay === true,
		);
	}

	/** What is sent between `a` and `b` waits until it is released. */
	hold(a: HostLike | readonly HostLike[], b?: HostLike | readonly HostLike[], options: OneWay = {}): Hold {
		return this.#faults.hold(this.#names(a), b === undefined ? undefined : this.#names(b), options.oneWay === true);
	}

	/** Judges every packet on every link, until it is disposed of. The first verdict that is not `pass` counts. */
	rule(rule: Rule): Disposable {
		return this.#faults.rule(rule);
	}

	/**
	 * Writes what the interfaces send and receive as pcapng; streams are not in it. `at` chooses hosts. Default: all, so
	 * that a frame is there once as it was sent and once as it arrived.
	 */
	capture(write: CaptureWrite, { at }: { readonly at?: HostLike | readonly HostLike[] | undefined } = {}): Disposable {
		const capture = pcapng(write, { clock: this.clock });
		const names = at && this.#names(at);
		const added = new Map<Gate, (frame: Uint8Array) => void>();
		const add = (gate: Gate) => {
			if (names && !names.includes(gate.host)) return;
			const tap = capture.tap({ ...nullLink(`${gate.host}.${gate.name}`, gate.mtu), medium: 'ethernet' });
			const record = (frame: Uint8Array) => void tap.send([frame]);
			added.set(gate, record);
			gate.captures.add(record);
		};
		for (const { gates } of this.hosts) gates.forEach(add);
		this.#captures.add(add);
		return {
			[Symbol.dispose]: () => {
				this.#captures.delete(add);
				for (const [gate, record] of added) gate.captures.delete(record);
			},
		};
	}

	/** Resolves after so many milliseconds of the network's time. */
	sleep(milliseconds: number): Promise<void> {
		return new Promise((resolve) => void this.clock.after(milliseconds, resolve));
	}

	/** Ends everything. Rejects with what a `run` of a host has thrown first. */
	async close(): Promise<void> {
		for (const host of this.#hosts.values()) await host.close();
		for (const segment of this.#segments.values()) segment.close();
		if (this.#failure) throw this.#failure.error;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	#segment(name: string, options: SegmentOptions, room: number): Segment {
		if (this.#segments.has(name)) throw badArgument(`there is a segment ${name} already`, 'sim.network');
		const segment = new Segment(name, options, room, this.clock, this.#segments.size);
		this.#segments.set(name, segment);
		return segment;
	}

	/** The switch for those who name none. */
	#usual(): Segment {
		return this.#segments.get('net') ?? this.switch('net');
	}

	#make(name: string, options: HostOptions, serves: boolean, forwards?: 'not a router'): Host {
		if (!/^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i.test(name)) throw badArgument(`"${name}" is no host name`, 'sim.network');
		if (this.#hosts.has(name)) throw badArgument(`there is a host ${name} already`, 'sim.network');
		const interfaces = Object.entries(options.interfaces ?? { eth0: options });
		const host = new Host(options, {
			name,
			forwards: serves && forwards === undefined,
			world: this.#world,
			random: this.chance(name),
			nameServers: () => this.#nameServers,
			search: [this.domain],
			onFailure: (error) => this.#fail(error),
			plugIn: (self) => {
				const plugged = interfaces.map(([each, settings]) => this.#plugIn(self, each, settings, serves));
				return {
					gates: plugged.map(({ gate }) => gate),
					config: Object.fromEntries(plugged.map(({ gate, config }) => [gate.name, config])),
				};
			},
			onChange: (self) => this.#follow(self),
		});
		host.start();
		this.#hosts.set(name, host);
		return host;
	}

	#plugIn(
		host: Host,
		name: string,
		settings: InterfaceOptions,
		serves: boolean,
	): { gate: Gate; config: InterfaceConfig } {
		const { on = this.#usual(), sending, receiving = {}, ...rest } = settings;
		const mac = this.#macOf(host.name, name);
		const impairments = { sending: { ...on.impairments, ...sending }, receiving };
		const link = on.attach(mac, rest.mtu ?? 1500);
		const impaired = Object.values(impairments).some((each) => Object.keys(each).length > 0);
		const worse = impaired
			? impair(link, { clock: this.clock, random: this.chance(`${host.name} ${name}`), ...impairments })
			: link;
		const gate = new Gate(
			worse,
			{ host: host.name, name, segment: on, mac, clock: host.clock, ...impairments },
			this.#world,
		);
		for (const capture of this.#captures) capture(gate);
		return { gate, config: this.#configOf(`${host.name} ${name}`, on, rest, serves, host.forwards) };
	}

	/** The same in every life of the host. */
	#macOf(host: string, name: string): MacAddress {
		const key = `${host} ${name}`;
		const number = this.#stations.size + 1;
		const mac = this.#macs.get(key) ?? MacAddress.from(Uint8Array.of(2, 0, 0, number >> 16, number >> 8, number));
		this.#macs.set(key, mac);
		this.#stations.set(stationAt(mac.bytes, 0), host);
		return mac;
	}

	/** Addresses that nobody says are given, but for those that are to be found. */
	#configOf(key: string, on: Segment, config: InterfaceConfig, serves: boolean, forwards: boolean): InterfaceConfig {
		const { dhcp = false, autoconfiguration = false, linkLocal = autoconfiguration } = config;
		let addresses = config.addresses ?? this.#given.get(key);
		if (addresses === undefined) {
			const families = [...(dhcp ? [] : [4]), ...(autoconfiguration ? [] : [6])];
			const free = families.length > 0 ? on.addressesFor(serves ? 'router' : 'host') : [];
			addresses = free.filter((text) => families.includes(Prefix.parse(text).address.family));
		}
		this.#given.set(key, addresses);
		const prefixes = addresses.map((text) => Prefix.parse(text));
		for (const { address } of prefixes) on.take(address);
		const near = forwards ? [] : [4, 6].flatMap((family) => on.routers.find((each) => each.family === family) ?? []);
		const gateways = near.filter((router) => prefixes.some((prefix) => prefix.contains(router))).map(String);
		const duplicateDetection = { transmits: 0, interval: 0 };
		return { gateways, duplicateDetection, ...config, addresses, dhcp, autoconfiguration, linkLocal };
	}

	/** Keeps the table of who has which address. */
	#follow(host: Host): void {
		const look = () => {
			for (const [text, { node }] of this.#owners) if (node === host) this.#owners.delete(text);
			for (const { address, gate } of this.#addressesOf(host)) this.#owners.set(keyOf(address), { node: host, gate });
		};
		look();
		if (host.state !== 'down') host.watch(look);
	}

	#addressesOf(host: Host): { address: IpAddress; gate: Gate }[] {
		return host.interfaces().flatMap(({ name, addresses }) => {
			const gate = host.gates.find((each) => each.name === name);
			return gate ? addresses.map((address) => ({ address, gate })) : [];
		});
	}

	/** Undefined for a name that is not there. */
	#ownNames(asked: string, type: 'A' | 'AAAA'): readonly string[] | undefined {
		const host = this.#hosts.get(asked);
		const family = type === 'A' ? 4 : 6;
		return host?.addresses.filter((text) => text.includes(':') === (family === 6));
	}

	#names(hosts: HostLike | readonly HostLike[]): string[] {
		const list = (Array.isArray(hosts) ? hosts : [hosts]) as readonly HostLike[];
		return list.map((each) => {
			const name = typeof each === 'string' ? each : each.name;
			if (!this.#hosts.has(name)) throw badArgument(`there is no host ${name} in this network`, 'sim.network');
			return name;
		});
	}

	/** Chance of its own for each name, so that one use more changes nothing for the others. */
	chance(name: string): Random {
		const bytes = new TextEncoder().encode(`${this.seed} ${name}`);
		return seededRandom(crc32(bytes, 0, bytes.length));
	}

	/** What is started on a host fails the network, unless the host went down meanwhile. */
	#attend(host: Host, started: Promise<void>): void {
		started.catch((error: unknown) => host.state === 'down' || this.#fail(error));
	}

	#fail(error: unknown): void {
		this.#failure ??= { error };
	}
}

export interface OneWay {
	/** Only from the first to the second. Default false. */
	readonly oneWay?: boolean | undefined;
}

/** Makes a network of its own. Throws `bad-argument`. */
export function network(options: NetworkOptions = {}): Network {
	return new Network(options);
}

function keyOf(address: IpAddress): string {
	return (address.zone === undefined ? address : address.withZone(undefined)).toString();
}
