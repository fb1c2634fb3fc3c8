/** A host of a simulated network: a stack for carriers, that can be crashed, paused and restarted. */

import { IpAddress } from '../../base/address.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { IpEndpoint, SocketAddress } from '../../base/socket-address.ts';
import { type StubResolver, stubResolver } from '../../dns/resolver.ts';
import type { Flow, FlowListener } from '../../stack/flow.ts';
import type { Port } from '../../stack/port.ts';
import type { Answer, RecordAnswer, RecordResolver } from '../../stack/resolver.ts';
import type {
	BindOptions,
	ConnectOptions,
	Interface,
	InterfaceChange,
	ListenOptions,
	Stack,
	StackFeatures,
} from '../../stack/stack.ts';
import type { TypeName } from '../../wire/dns/record.ts';
import type { InterfaceConfig, StaticRoute } from '../ip/config.ts';
import { type IpStack, ipStack } from '../ip/ip-stack.ts';
import type { Impairments } from '../links/impair/impairments.ts';
import type { Gate } from './gate.ts';
import { HostClock, type Skew } from './host-clock.ts';
import { netstat } from './netstat.ts';
import type { Node, World } from './node.ts';
import type { Segment } from './segment.ts';
import { Streams } from './streams.ts';
import { type Hop, ping, traceroute } from './traceroute.ts';

export interface InterfaceOptions extends InterfaceConfig {
	/** Where it is plugged in. Default: the switch that the network has of itself. */
	readonly on?: Segment | undefined;
	/** On top of what the segment does to what is sent to it. */
	readonly sending?: Impairments | undefined;
	readonly receiving?: Impairments | undefined;
}

/** What is said of one interface here is that of `eth0`, unless `interfaces` says which there are. */
export interface HostOptions extends InterfaceOptions {
	/** By name. Addresses that are not said are given, unless `dhcp` or `autoconfiguration` is to find them. */
	readonly interfaces?: Readonly<Record<string, InterfaceOptions>> | undefined;
	readonly routes?: readonly StaticRoute[] | undefined;
	/** Default: those of the network, and what DHCP and routers say. */
	readonly nameServers?: readonly string[] | undefined;
	/** Domains in which a name with few dots is looked for. Default: that of the network. */
	readonly search?: readonly string[] | undefined;
	/** Its hosts file: addresses by name. */
	readonly hosts?: Readonly<Record<string, readonly string[]>> | undefined;
	readonly skew?: Skew | undefined;
	/** What runs on it, from now on and after each restart. What it throws, the network throws when it closes. */
	readonly run?: ((host: Host) => unknown) | undefined;
}

/** What the network gives a host. */
export interface HostMaking {
	readonly name: string;
	readonly forwards: boolean;
	readonly world: World;
	readonly random: Random;
	readonly nameServers: () => readonly string[];
	readonly search: readonly string[];
	/** New interfaces, at the start of each life. */
	readonly plugIn: (host: Host) => {
		readonly gates: readonly Gate[];
		readonly config: Record<string, InterfaceConfig>;
	};
	/** It is up, or down. */
	readonly onChange: (host: Host) => void;
	readonly onFailure: (error: unknown) => void;
}

export class Host implements Required<Stack>, Node {
	readonly name: string;
	readonly clock: HostClock;
	readonly features: StackFeatures = { ipv4: true, ipv6: true, unix: false };
	readonly resolver: RecordResolver;
	readonly ends: Streams;
	readonly forwards: boolean;
	/** What a router translates, if it does. */
	translated: Node['translated'] = () => undefined;
	readonly #options: HostOptions;
	readonly #making: HostMaking;
	#ip: IpStack | undefined;
	#gates: readonly Gate[] = [];
	#life = 0;
	readonly #waiting: (() => void)[] = [];
	#stub: { readonly servers: string; readonly resolver: StubResolver } | undefined;

	/** @internal Made by the network. */
	constructor(options: HostOptions, making: HostMaking) {
		this.name = making.name;
		this.forwards = making.forwards;
		this.clock = new HostClock(making.world.clock, options.skew ?? {});
		this.#options = options;
		this.#making = making;
		this.ends = new Streams(this, making.world);
		this.resolver = {
			resolve: (name, type, signal) => this.#ask((stub) => stub.resolve(name, type, signal) as Promise<Answer>),
			records: <T extends TypeName>(name: string, type: T, signal: AbortSignal) =>
				this.#ask((stub) => stub.records(name, type, signal) as Promise<RecordAnswer<T>>),
		};
	}

	/** Of this life; undefined while the host is down. */
	get ip(): IpStack | undefined {
		return this.#ip;
	}

	get gates(): readonly Gate[] {
		return this.#gates;
	}

	get life(): number {
		return this.#life;
	}

	get state(): 'up' | 'paused' | 'down' {
		if (this.#ip === undefined) return 'down';
		return this.clock.paused ? 'paused' : 'up';
	}

	/** Its addresses but for those of loopback, as text. */
	get addresses(): readonly string[] {
		const near = this.interfaces().filter(({ loopback }) => !loopback);
		return near.flatMap(({ addresses }) => addresses.filter((each) => !each.isLinkLocal).map(String));
	}

	interfaces(): readonly Interface[] {
		return this.#ip?.interfaces() ?? [];
	}

	watch(listener: (change: InterfaceChange) => void): Disposable {
		return this.#alive('watch').watch(listener);
	}

	async bind(local: IpEndpoint, options: BindOptions): Promise<Port> {
		return this.#alive('bind').bind(local, options);
	}

	async listen(local: SocketAddress, options: ListenOptions): Promise<FlowListener> {
		this.#alive('listen', options.signal);
		return this.ends.listen(local, options);
	}

	async connect(remote: SocketAddress, options: ConnectOptions): Promise<Flow> {
		this.#alive('connect', options.signal);
		return this.ends.connect(remote, options);
	}

	/** Resolves once it has the addresses that it is to get. Rejects with `aborted`, `closed`. */
	async ready(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
		await this.#alive('ready').ready(options);
	}

	/** Sockets, routes, neighbours and counters, as text. */
	netstat(): string {
		return netstat(this.name, this.state, this.#ip?.inspect(), this.ends.list());
	}

	/** Milliseconds to there and back; undefined where no answer comes within `timeout`. Default 1000. */
	ping(to: string | IpAddress, { timeout = 1000 }: { readonly timeout?: number } = {}): Promise<number | undefined> {
		return ping(this.#alive('ping'), this.clock, addressOf(to), timeout);
	}

	/** The routers on the way, and the end of it. At most `hops`, default 30. */
	traceroute(to: string | IpAddress, { hops = 30 }: { readonly hops?: number } = {}): Promise<readonly Hop[]> {
		return traceroute(this.#alive('traceroute'), this.clock, addressOf(to), hops);
	}

	/** Pulls out the cable of an interface, or plugs it in. Throws `bad-argument` for one that is not there. */
	plug(name: string, up: boolean): void {
		const gate = this.#gates.find((each) => each.name === name);
		if (gate) gate.plug(up);
		else throw badArgument(`${this.name} has no interface ${name}; it has ${this.#gates.map((each) => each.name)}`);
	}

	/** @internal Runs it when a life after `life` has begun. */
	onceUp(life: number, run: () => void): void {
		if (this.#life > life && this.#ip) run();
		else this.#waiting.push(run);
	}

	/** @internal */
	start(): void {
		const { plugIn, random, nameServers, forwards, world } = this.#making;
		const { gates, config } = plugIn(this);
		this.#gates = gates;
		this.#life += 1;
		this.#ip = ipStack(gates, {
			name: this.name,
			clock: this.clock,
			random,
			interfaces: config,
			nameServers: this.#options.nameServers ?? nameServers(),
			routes: this.#options.routes,
			forward: forwards,
			privilegedPorts: true,
		});
		world.trace.add(`${this.name} starts`);
		this.#making.onChange(this);
		for (const wait of this.#waiting.splice(0)) wait();
		const { run } = this.#options;
		if (run) this.clock.soon(() => void Promise.try(run, this).catch(this.#making.onFailure));
	}

	/**
	 * It loses its power: nobody is told, what was open here fails with `closed`, and whoever speaks to it hears nothing,
	 * and after a restart a reset.
	 */
	async crash(): Promise<void> {
		if (this.#ip === undefined) return;
		for (const gate of this.#gates) gate.kill();
		await this.#stop('crashed');
	}

	/** What was open is lost; `run` runs again. Resolves once it is up, though perhaps without addresses from DHCP. */
	async restart(): Promise<void> {
		await this.crash();
		this.start();
	}

	/** It does nothing and hears nothing until `resume`; then it gets all that came, and its timers run late. */
	pause(): void {
		this.#making.world.trace.add(`${this.name} pauses`);
		this.clock.pause();
	}

	resume(): void {
		this.#making.world.trace.add(`${this.name} resumes`);
		this.clock.resume();
	}

	/** In good order: streams are reset, leases are given back. */
	async close(): Promise<void> {
		if (this.#ip === undefined) return;
		this.clock.resume();
		this.ends.end(this.#closedError('is closed'));
		// The resets leave at the end of this turn.
		await new Promise<void>((resolve) => this.clock.soon(resolve));
		await this.#stop('is closed');
	}

	async #stop(what: string): Promise<void> {
		const ip = this.#ip;
		if (ip === undefined) return;
		this.#making.world.trace.add(`${this.name} ${what}`);
		this.clock.resume();
		this.ends.end(this.#closedError(what));
		this.#stub?.resolver.close();
		this.#stub = undefined;
		const closing = ip.close();
		for (const { segment } of this.#gates) segment.detach();
		this.#ip = undefined;
		this.#gates = [];
		this.#making.onChange(this);
		await closing;
	}

	#closedError(what: string): PostSocketsError {
		return new PostSocketsError('closed', `the host ${this.name} ${what}`, { operation: 'close' });
	}

	#alive(operation: string, signal?: AbortSignal): IpStack {
		if (this.#ip === undefined) throw new PostSocketsError('closed', `the host ${this.name} is down`, { operation });
		if (signal?.aborted) throw abortedBy(signal, operation);
		return this.#ip;
	}

	async #ask<T>(question: (stub: StubResolver) => Promise<T>): Promise<T> {
		const ip = this.#alive('resolve');
		// Where nobody is said to know, nobody answers at this very host.
		const servers = ip.nameServers.length > 0 ? ip.nameServers.map(String) : ['127.0.0.1'];
		if (this.#stub?.servers !== servers.join()) {
			const { hosts = {}, search = this.#making.search } = this.#options;
			const table = new Map(
				Object.entries(hosts).map(([name, list]) => [name.toLowerCase(), list.map((text) => IpAddress.parse(text))]),
			);
			const random = this.#making.random;
			const options = { stack: this, servers, search, random, hosts: (name: string) => table.get(name) };
			this.#stub = { servers: servers.join(), resolver: stubResolver(options) };
		}
		return question(this.#stub.resolver);
	}
}

function addressOf(text: string | IpAddress): IpAddress {
	return typeof text === 'string' ? IpAddress.parse(text) : text;
}
