/**
 * A stack of our own over any links: ARP and neighbour discovery, DHCP and address autoconfiguration, routes, ICMP,
 * multicast, UDP and TCP.
 *
 * ```ts
 * const stack = ipStack(link, { addresses: ['192.0.2.2/24', '2001:db8::2/64'], gateways: ['192.0.2.1'] });
 * await stack.ready();
 * ```
 *
 * Open sockets hold the process, as the links do for them; its timers never do.
 */

import { IpAddress } from '../../base/address.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import { Prefix } from '../../base/prefix.ts';
import { systemRandom } from '../../base/random.ts';
import type { IpEndpoint, SocketAddress } from '../../base/socket-address.ts';
import type { Flow, FlowListener } from '../../stack/flow.ts';
import { InterfaceWatch } from '../../stack/interface-watch.ts';
import type { Link } from '../../stack/link.ts';
import type { Port } from '../../stack/port.ts';
import type {
	Acceptor,
	BindOptions,
	ConnectOptions,
	Datagrams,
	Dialer,
	Interface,
	InterfaceChange,
	ListenOptions,
	Stack,
	StackFeatures,
	Watchable,
} from '../../stack/stack.ts';
import { type InterfaceSettings, type IpConfig, readInterfaces, type StaticRoute } from './config.ts';
import { Configuration } from './configuration.ts';
import { type EchoOptions, EchoPort } from './echo-port.ts';
import { background, Counters } from './ground.ts';
import { localMtu } from './host.ts';
import { type Inspection, inspect } from './inspection.ts';
import { Ip } from './ip.ts';
import { defaultLimits } from './limits.ts';
import type { Nic } from './nic.ts';
import { nullLink } from './null-link.ts';
import { Sockets } from './sockets.ts';
import { Tcp } from './tcp/tcp.ts';
import { Udp } from './udp.ts';

export interface IpStack
	extends Omit<Stack, 'connect' | 'listen' | 'bind' | 'interfaces' | 'watch'>,
		Dialer,
		Acceptor,
		Datagrams,
		Watchable {
	/** Told, and learned from DHCP and routers. */
	readonly nameServers: readonly IpAddress[];
	/**
	 * Resolves once no address is still being checked, and every interface that is up has the lease it is to get by DHCP.
	 * Rejects with `timed-out`, `aborted`, `closed`.
	 */
	ready(options?: ReadyOptions): Promise<void>;
	/** Opens a port that asks by ICMP echo. Throws `closed`, `resource-limit`. */
	ping(options: EchoOptions): EchoPort;
	/** What it is like now. */
	inspect(): Inspection;
}

export interface ReadyOptions {
	/** Milliseconds. Default 30 000. */
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a stack over links, which are its own from then on: it closes them when it closes. Throws `bad-argument`.
 * Besides the links it has the interface `lo`.
 */
export function ipStack(links: Link | readonly Link[], config: IpConfig = {}): IpStack {
	return new UserStack(Array.isArray(links) ? links : [links as Link], config);
}

class UserStack implements IpStack {
	readonly name: string;
	readonly clock: Clock;
	readonly features: StackFeatures = { ipv4: true, ipv6: true, unix: false };
	readonly #ip: Ip;
	readonly #udp: Udp;
	readonly #tcp: Tcp;
	readonly #sockets: Sockets;
	readonly #configurations: Configuration[] = [];
	readonly #nameServers: readonly IpAddress[];
	readonly #watch: InterfaceWatch;
	readonly #waiting = new Set<() => void>();
	#looking = false;
	#closed: PostSocketsError | undefined;

	constructor(links: readonly Link[], config: IpConfig) {
		const { name = 'ip', clock = systemClock, random = systemRandom, forward = false } = config;
		const settings = readInterfaces(links, config);
		const secret = config.secret ?? random.fill(new Uint8Array(16));
		if (secret.length !== 16) throw badArgument(`a secret has 16 bytes, not ${secret.length}`, 'ipStack');
		const limits = { ...defaultLimits, ...config.limits };
		this.name = name;
		this.clock = clock;
		this.#nameServers = (config.nameServers ?? []).map((text) => IpAddress.parse(text));
		this.#sockets = new Sockets(limits.sockets, (held) => {
			for (const link of links) held ? link.ref() : link.unref();
		});
		const ground = { clock: background(clock), random, limits, counters: new Counters() };
		this.#watch = new InterfaceWatch(clock, () => this.interfaces());
		this.#ip = new Ip(ground, forward, {
			gained: (nic, own) => this.#changed(() => this.#of(nic)?.gained(own)),
			lost: (nic, own) => this.#changed(() => this.#of(nic)?.lost(own)),
			duplicate: (nic, own) => this.#changed(() => this.#of(nic)?.duplicate(own)),
			noRouter: (nic, hop) => this.#of(nic)?.noRouter(hop),
			advertised: (nic, router, message) => this.#changed(() => this.#of(nic)?.advertised(router, message)),
			onState: (nic) => this.#changed(() => this.#of(nic)?.start()),
			onClose: () => this.#changed(() => {}),
		});
		this.#udp = new Udp(this.#ip, this.#sockets, config.privilegedPorts === true);
		this.#udp.reserved.set(68, (nic, bytes, start, end) => this.#of(nic)?.hearDhcp(bytes, start, end) ?? false);
		this.#tcp = new Tcp(this.#ip, this.#sockets, {
			config: config.tcp ?? {},
			privileged: config.privilegedPorts === true,
		});
		this.#ip.onDrain = () => this.#tcp.drained();
		this.#attachLoopback();
		for (const [link, each] of settings) this.#attach(link, each, secret);
		for (const route of config.routes ?? []) this.#addRoute(route);
		for (const configuration of this.#configurations) configuration.start();
	}

	get nameServers(): readonly IpAddress[] {
		const all = [...this.#nameServers, ...this.#configurations.flatMap(({ nameServers }) => nameServers)];
		return all.filter((address, index) => all.findIndex((other) => other.equals(address)) === index);
	}

	interfaces(): readonly Interface[] {
		return this.#ip.host.nics.filter(({ up }) => up).map((nic) => nic.data());
	}

	watch(listener: (change: InterfaceChange) => void): Disposable {
		if (this.#closed) throw this.#closedError('watch');
		return { [Symbol.dispose]: this.#watch.add(listener) };
	}

	async bind(local: IpEndpoint, options: BindOptions): Promise<Port> {
		if (this.#closed) throw this.#closedError('bind');
		if (options.signal.aborted) throw abortedBy(options.signal, 'bind');
		return this.#udp.bind(local, options);
	}

	async connect(remote: SocketAddress, options: ConnectOptions): Promise<Flow> {
		if (this.#closed) throw this.#closedError('connect');
		return this.#tcp.connect(remote, options);
	}

	async listen(local: SocketAddress, options: ListenOptions): Promise<FlowListener> {
		if (this.#closed) throw this.#closedError('listen');
		return this.#tcp.listen(local, options);
	}

	ping(options: EchoOptions): EchoPort {
		if (this.#closed) throw this.#closedError('ping');
		return new EchoPort(this.#ip, options, this.#sockets);
	}

	ready({ timeout = 30_000, signal }: ReadyOptions = {}): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const look = () => {
			if (this.#closed) finish(() => reject(this.#closedError('ready')));
			else if (signal?.aborted) finish(() => reject(abortedBy(signal, 'ready')));
			else if (this.#configurations.every(({ ready }) => ready)) finish(resolve);
		};
		const timer = this.clock.after(timeout, () => finish(() => reject(this.#notReady(timeout))));
		const finish = (settle: () => void) => {
			timer.cancel();
			this.#waiting.delete(look);
			signal?.removeEventListener('abort', look);
			settle();
		};
		this.#waiting.add(look);
		signal?.addEventListener('abort', look);
		look();
		return promise;
	}

	inspect(): Inspection {
		return inspect(this.#ip, this.#configurations, this.#sockets);
	}

	close(): Promise<void> {
		if (!this.#closed) {
			this.#closed = this.#closedError('close');
			for (const configuration of this.#configurations) configuration.stop();
			for (const socket of this.#sockets) socket.finish(this.#closed);
			this.#tcp.close();
			this.#watch.clear();
			this.#ip.close();
			for (const { link } of this.#ip.host.nics) link.close();
			for (const look of [...this.#waiting]) look();
		}
		// Every onClose was put off to the end of this turn; what is put off later runs later.
		return new Promise((resolve) => this.clock.soon(resolve));
	}

	#attachLoopback(): void {
		const detection = { transmits: 0, interval: 0 };
		const options = { mtu: localMtu, detection, type: 'loopback', refusePrivate: false } as const;
		const nic = this.#ip.attach(nullLink('lo', localMtu), options);
		for (const text of ['127.0.0.1/8', '::1/128']) {
			const [valid, preferred] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
			nic.changeAddress({ type: 'add', prefix: Prefix.parse(text), origin: 'loopback', valid, preferred });
		}
	}

	#attach(link: Link, settings: InterfaceSettings, secret: Uint8Array): void {
		const nic = this.#ip.attach(link, settings);
		this.#configurations.push(new Configuration(this.#ip, nic, settings, secret));
		link.unref();
	}

	#addRoute({ to, via, interface: name, metric = 0 }: StaticRoute): void {
		const prefix = Prefix.parse(to);
		const gateway = via === undefined ? undefined : IpAddress.parse(via);
		const near = gateway && this.#configurations.find((each) => each.reaches(gateway))?.nic;
		const nic = name === undefined ? near : this.#ip.host.named(name);
		if (nic === undefined) {
			throw badArgument(
				`the route to ${to} needs \`via\` a router on a link, or an \`interface\` that is there`,
				'ipStack',
			);
		}
		this.#ip.host.routes.add({ prefix, nic, gateway, metric, origin: 'static' });
	}

	#of(nic: Nic): Configuration | undefined {
		return this.#configurations.find((each) => each.nic === nic);
	}

	/** Does what changes addresses or interfaces, and lets everybody know at the end of the turn. */
	#changed(change: () => void): void {
		change();
		this.#ip.host.changed();
		if (this.#looking) return;
		this.#looking = true;
		this.clock.soon(() => {
			this.#looking = false;
			this.#watch.look();
			for (const look of [...this.#waiting]) look();
		});
	}

	#notReady(timeout: number): PostSocketsError {
		const names = this.#configurations.filter(({ ready }) => !ready).map(({ nic }) => nic.name);
		const message = `${names.join(', ')} had no address after ${timeout} ms; is there a DHCP server, or give addresses`;
		return new PostSocketsError('timed-out', message, { operation: 'ready' });
	}

	#closedError(operation: string): PostSocketsError {
		return new PostSocketsError('closed', `the stack ${this.name} is closed`, { operation });
	}
}
