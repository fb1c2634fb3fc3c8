/** TCP: which connection a segment is for, who connects, who listens, and what is said to those that nobody expects. */

import type { IpAddress } from '../../../base/address.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint, isUnix, type SocketAddress } from '../../../base/socket-address.ts';
import type { Flow } from '../../../stack/flow.ts';
import { noInterface } from '../../../stack/route.ts';
import type { ConnectOptions, ListenOptions } from '../../../stack/stack.ts';
import { ipProtocol } from '../../../wire/ip-protocol.ts';
import { uint16, uint32 } from '../../../wire/network-order.ts';
import * as tcp from '../../../wire/tcp.ts';
import { type TcpView, tcpFlag } from '../../../wire/tcp.ts';
import { failure } from '../failure.ts';
import { scoped, type Way } from '../host.ts';
import type { Ip } from '../ip.ts';
import type { Nic } from '../nic.ts';
import type { Packet, Problem, Protocol } from '../packet.ts';
import { PortTable } from '../port-table.ts';
import type { Sockets } from '../sockets.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { Outgoing } from './connection.ts';
import { Demux, type Endpoint } from './demux.ts';
import { Emission } from './emission.ts';
import { Identifiers } from './identifiers.ts';
import { defaultTcpLimits, type TcpConfig, type TcpLimits } from './limits.ts';
import { PagePool } from './paged-bytes.ts';
import { plus } from './sequence.ts';
import { type FlowGround, type FlowOptions, TcpFlow } from './tcp-flow.ts';
import { TcpListener } from './tcp-listener.ts';
import { TimeWait, type TimeWaitOwner } from './time-wait.ts';
import { TimeWaits } from './time-waits.ts';

export interface TcpOptions {
	readonly config: TcpConfig;
	/** Ports below 1024 may be listened on. */
	readonly privileged: boolean;
}

export class Tcp implements Protocol, FlowGround, TimeWaitOwner {
	readonly ip: Ip;
	readonly sockets: Sockets;
	readonly emission = new Emission();
	readonly #config: TcpConfig;
	readonly #limits: TcpLimits;
	readonly #demux: Demux;
	readonly #listeners: PortTable<TcpListener>;
	readonly #identifiers: Identifiers;
	readonly #pool = new PagePool();
	readonly #resets: TokenBucket;
	readonly #timeWaits: TimeWaits;
	/** Those that wait for room on a link. */
	readonly #blocked = new Set<TcpFlow>();

	constructor(ip: Ip, sockets: Sockets, { config, privileged }: TcpOptions) {
		const { random, clock } = ip.ground;
		this.ip = ip;
		this.sockets = sockets;
		this.#config = config;
		this.#limits = readLimits(config);
		this.#demux = new Demux(random);
		this.#listeners = new PortTable(random, privileged);
		this.#identifiers = new Identifiers(random.fill(new Uint8Array(16)));
		this.#resets = new TokenBucket(this.#limits.resets, this.#limits.resets / 2);
		this.#timeWaits = new TimeWaits(clock, this.#limits, (waiting) => this.#demux.delete(waiting));
		ip.use(ipProtocol.tcp, this);
	}

	get now(): number {
		return this.ip.ground.clock.now();
	}

	/** As `Dialer.connect`. */
	connect(remote: SocketAddress, options: ConnectOptions): Promise<Flow> {
		const { signal } = options;
		if (signal.aborted) throw abortedBy(signal, 'connect');
		if (isUnix(remote)) throw badArgument('this stack has no Unix sockets; connect to an IP address', 'connect');
		this.sockets.checkRoom('connect');
		const nic = options.interface === undefined ? undefined : this.#named(options.interface, remote);
		const way = this.#wayTo(remote, options.local, nic);
		const target = { address: way.destination, port: remote.port };
		const local = this.#localFor(target, way.source, options.local?.port ?? 0);
		const { promise, resolve, reject } = Promise.withResolvers<Flow>();
		const onAbort = () => flow.abort(abortedBy(signal, 'connect'));
		const settled = (error: PostSocketsError | undefined) => {
			signal.removeEventListener('abort', onAbort);
			if (error) reject(error);
			else resolve(flow);
		};
		const flow = new TcpFlow(this, { ...this.#optionsFor(local, target, way, 'connect', settled), nic });
		signal.addEventListener('abort', onAbort);
		this.sockets.add(flow);
		this.#demux.add(flow);
		flow.open();
		return promise;
	}

	/** As `Acceptor.listen`, at once. */
	listen(asked: SocketAddress, { backlog, handler, signal }: ListenOptions): TcpListener {
		if (signal.aborted) throw abortedBy(signal, 'listen');
		if (isUnix(asked)) throw badArgument('this stack has no Unix sockets; listen on an IP address', 'listen');
		this.sockets.checkRoom('listen');
		const local = this.#listeners.free({ ...asked, address: this.#owned(asked) }, false, 'listen');
		const listener = new TcpListener(this.ip, this.sockets, {
			local,
			backlog: Math.max(1, backlog ?? this.#limits.backlog),
			handler,
			free: (closing) => this.#listeners.delete(closing),
		});
		this.#listeners.add(listener);
		return listener;
	}

	deliver(packet: Packet): boolean {
		const { bytes, start, end, sum } = packet;
		const view = tcp.parse(bytes, start, end, sum);
		if (typeof view === 'string') {
			this.ip.ground.counters.add(view);
			return true;
		}
		// RFC 9293 §3.9.2.3: what is not for one host is no business of TCP's; IP has seen to the source, but for nobody.
		if (!packet.toUs) return true;
		const endpoint = this.#demux.find(packet, view);
		if (endpoint) endpoint.hear(packet, view);
		else this.#hearNew(packet, view);
		return true;
	}

	sent(problem: Problem): boolean {
		const flow = this.#flowOf(problem);
		return flow?.sent(uint32(problem.bytes, problem.start + 4)) === true;
	}

	onProblem(problem: Problem): void {
		this.#flowOf(problem)?.onProblem(problem, uint32(problem.bytes, problem.start + 4));
	}

	/** A link takes more. */
	drained(): void {
		const waiting = [...this.#blocked];
		this.#blocked.clear();
		for (const flow of waiting) flow.retry();
	}

	close(): void {
		this.#timeWaits.clear();
	}

	ended(flow: TcpFlow): void {
		this.#blocked.delete(flow);
		if (this.#demux.get(flow.local, flow.remote) !== flow) return;
		this.#demux.delete(flow);
		if (flow.connection.state !== 'time-wait') return;
		const waiting = new TimeWait(flow.local, flow.remote, flow.connection, this);
		this.#demux.add(waiting);
		this.#timeWaits.add(waiting);
	}

	wait(flow: TcpFlow): void {
		this.#blocked.add(flow);
	}

	restart(waiting: TimeWait): void {
		this.#timeWaits.add(waiting);
	}

	reopen(waiting: TimeWait, packet: Packet, view: TcpView): void {
		if (this.#listenerFor(packet, view) === undefined) return;
		this.#timeWaits.delete(waiting);
		this.#hearNew(packet, view);
	}

	send(local: IpEndpoint, remote: IpEndpoint, segment: Outgoing): void {
		const way = this.ip.host.wayTo(remote.address, { source: local.address });
		if (way === undefined) return;
		const body = this.emission.prepare(local.port, remote.port, segment, undefined);
		this.ip.output.send(way, { protocol: ipProtocol.tcp, dontFragment: true }, body);
	}

	/** RFC 9293 §3.10.7.1 and §3.10.7.2 */
	#hearNew(packet: Packet, view: TcpView): void {
		const { flags } = view;
		if ((flags & tcpFlag.rst) !== 0 || packet.source.isUnspecified) return;
		const listener = this.#listenerFor(packet, view);
		const local = { address: packet.destination, port: view.destinationPort };
		const remote = { address: packet.source, port: view.sourcePort };
		if (listener === undefined || remote.port === 0) this.#reset(local, remote, view);
		else if ((flags & tcpFlag.ack) !== 0) this.#hearCookie(listener, local, remote, view);
		else if ((flags & tcpFlag.syn) === 0) return;
		else if (listener.isFull) this.#sendCookie(listener, local, remote, view);
		else this.#accept(listener, local, remote, view, undefined);
	}

	#accept(
		listener: TcpListener,
		local: IpEndpoint,
		remote: IpEndpoint,
		view: TcpView,
		cookie: { readonly iss: number; readonly maximumSegmentSize: number } | undefined,
	): void {
		const way = this.ip.host.wayTo(remote.address, { source: local.address });
		if (way === undefined) return;
		const options = this.#optionsFor(local, remote, way, 'accept', (error) => listener.settled(flow, error));
		const flow: TcpFlow = new TcpFlow(this, cookie ? { ...options, iss: cookie.iss } : options);
		listener.add(flow);
		this.#demux.add(flow);
		flow.accept(view, cookie?.maximumSegmentSize);
	}

	#sendCookie(listener: TcpListener, local: IpEndpoint, remote: IpEndpoint, view: TcpView): void {
		const { now } = this;
		const size = view.options.maximumSegmentSize ?? 536;
		const way = this.ip.host.wayTo(remote.address, { source: local.address });
		if (way === undefined) return;
		listener.cookieSent();
		this.send(local, remote, {
			sequence: this.#identifiers.cookie(local, remote, view.sequence, size, now),
			acknowledgment: plus(view.sequence, 1),
			flags: tcpFlag.syn | tcpFlag.ack,
			window: Math.min(0xffff, this.#limits.receiveBuffer),
			options: { maximumSegmentSize: ownSegmentSize(way) },
			length: 0,
			segmentSize: undefined,
			capable: false,
		});
	}

	#hearCookie(listener: TcpListener, local: IpEndpoint, remote: IpEndpoint, view: TcpView): void {
		const { acknowledgment, sequence, flags } = view;
		if (listener.expectsCookies && (flags & tcpFlag.syn) === 0) {
			const iss = plus(acknowledgment, -1);
			const content = this.#identifiers.readCookie(local, remote, plus(sequence, -1), iss, this.now);
			if (content) {
				this.#accept(listener, local, remote, view, { iss, ...content });
				return;
			}
		}
		this.#reset(local, remote, view);
	}

	/** RFC 9293 §3.5.2, group 1 */
	#reset(local: IpEndpoint, remote: IpEndpoint, view: TcpView): void {
		if (!this.#resets.take(this.now)) return;
		const { flags, sequence, acknowledgment, payloadLength } = view;
		const acks = (flags & tcpFlag.ack) !== 0;
		const length = payloadLength + (flags & tcpFlag.syn ? 1 : 0) + (flags & tcpFlag.fin ? 1 : 0);
		this.send(local, remote, {
			sequence: acks ? acknowledgment : 0,
			acknowledgment: acks ? 0 : plus(sequence, length),
			flags: acks ? tcpFlag.rst : tcpFlag.rst | tcpFlag.ack,
			window: 0,
			options: {},
			length: 0,
			segmentSize: undefined,
			capable: false,
		});
	}

	#listenerFor({ destination, family }: Packet, { destinationPort }: TcpView): TcpListener | undefined {
		let wild: TcpListener | undefined;
		for (const listener of this.#listeners.on(destinationPort)) {
			const { address } = listener.local;
			if (address.family !== family) continue;
			if (address.isUnspecified) wild = listener;
			else if (address.equals(destination)) return listener;
		}
		return wild;
	}

	#flowOf({ source, destination, bytes, start }: Problem): TcpFlow | undefined {
		const local = { address: source, port: uint16(bytes, start) };
		const remote = { address: destination, port: uint16(bytes, start + 2) };
		const endpoint: Endpoint | undefined = this.#demux.get(local, remote);
		return endpoint instanceof TcpFlow ? endpoint : undefined;
	}

	#optionsFor(
		local: IpEndpoint,
		remote: IpEndpoint,
		way: Way,
		operation: 'connect' | 'accept',
		settled: (error: PostSocketsError | undefined) => void,
	): FlowOptions {
		const { now } = this;
		return {
			local,
			remote,
			way,
			operation,
			settled,
			iss: this.#identifiers.initialSequence(local, remote, now),
			timestampOffset: this.#identifiers.timestampOffset(local, remote),
			limits: this.#limits,
			config: this.#config,
			pool: this.#pool,
			ownSegmentSize: ownSegmentSize(way),
		};
	}

	#wayTo(remote: IpEndpoint, local: IpEndpoint | undefined, nic: Nic | undefined): Way {
		const { family } = remote.address;
		if (local !== undefined && local.address.family !== family) {
			const message = `cannot connect from ${local.address} to ${remote.address}, of another family`;
			throw badArgument(message, 'connect');
		}
		if (remote.port === 0) throw failure('EINVAL', 'connect', local, remote);
		const source =
			local === undefined || local.address.isUnspecified ? undefined : this.#owned(local, 'connect', remote);
		const way = this.ip.host.wayTo(remote.address, { source, nic });
		const toMany = remote.address.isMulticast || (way && !way.local && way.nic.isBroadcast(remote.address));
		if (way === undefined || toMany) throw failure('ENETUNREACH', 'connect', local, remote);
		return way;
	}

	/** The end to come from, which no connection to that remote has. RFC 6056 §3.3 */
	#localFor(remote: IpEndpoint, address: IpAddress, port: number): IpEndpoint {
		const isFree = (candidate: number) =>
			this.#demux.get({ address, port: candidate }, remote) === undefined &&
			!(candidate === remote.port && address.equals(remote.address));
		if (port !== 0) {
			if (!isFree(port)) throw failure('EADDRINUSE', 'connect', { address, port }, remote);
			return { address, port };
		}
		const found = this.#listeners.ephemeral(
			(candidate) => this.#listeners.on(candidate).length === 0 && isFree(candidate),
		);
		if (found === undefined) throw failure('EADDRINUSE', 'connect', { address, port }, remote);
		return { address, port: found };
	}

	/** The local address, with its zone. Throws `address-unavailable` if it is none of ours. */
	#owned(local: IpEndpoint, operation = 'listen', remote?: IpEndpoint): IpAddress {
		const { address } = local;
		if (address.isUnspecified) return address;
		const nic = this.ip.host.owner(address);
		if (nic === undefined) throw failure('EADDRNOTAVAIL', operation, local, remote);
		return scoped(address, nic);
	}

	#named(name: string, remote: IpEndpoint): Nic {
		const { nics } = this.ip.host;
		const nic = nics.find((each) => each.name === name && each.up);
		const context = { operation: 'connect', remote: formatSocketAddress(remote) };
		const up = nics.filter((each) => each.up).map((each) => each.data());
		if (nic === undefined) throw noInterface(name, up, context);
		const { family } = remote.address;
		if (nic.usable().some(({ address }) => address.family === family)) return nic;
		throw new PostSocketsError('address-unavailable', `the interface ${name} has no IPv${family} address`, context);
	}
}

/** What the link takes, also where the way to the peer now takes less. RFC 9293 §3.7.1, RFC 6691 */
function ownSegmentSize({ nic, local, destination: { family } }: Way): number {
	const header = family === 4 ? 40 : 60;
	return Math.min(0xffff, (local ? 0xffff : nic.mtuOf(family)) - header);
}

function readLimits({ limits }: TcpConfig): TcpLimits {
	const read = { ...defaultTcpLimits, ...limits };
	for (const name of ['sendBuffer', 'receiveBuffer'] as const) {
		if (Number.isInteger(read[name]) && read[name] >= 1024 && read[name] <= 2 ** 30) continue;
		throw badArgument(`limits.${name} is ${read[name]}; give bytes from 1024 to 1 GiB`, 'ipStack');
	}
	return read;
}
