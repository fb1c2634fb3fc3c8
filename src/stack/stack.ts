/**
 * A stack: a place where sockets come from. The kernel is one; memory, a simulated network, a user-space TCP/IP, a
 * tunnel are others. A stack has the abilities whose methods it has; none throws "not supported". The type of one that
 * has them all is `Required<Stack>`.
 */

import type { IpAddress } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import type { IpEndpoint, SocketAddress } from '../base/socket-address.ts';
import type { Flow, FlowListener, FlowListenerHandler } from './flow.ts';
import type { Port } from './port.ts';
import type { Resolver } from './resolver.ts';

export interface StackBase {
	/** For people and reports: `kernel`, `memory`, `/net/vpn0`. */
	readonly name: string;
	/** The time this stack lives in: whatever waits for it waits on this clock. */
	readonly clock: Clock;
	/**
	 * Ends everything that came from this stack, each with an error, and resolves when nothing of it is left. Whatever is
	 * asked of it afterwards rejects with `closed`.
	 */
	close(): Promise<void>;
}

export interface ConnectOptions {
	/** The local address to come from; port 0 for any. Default: the stack chooses. */
	readonly local?: IpEndpoint | undefined;
	/**
	 * The network interface to leave by, by name. Rejects with `address-unavailable` where the stack has none of that name,
	 * with `not-supported` where it cannot choose.
	 */
	readonly interface?: string | undefined;
	readonly signal: AbortSignal;
}

export interface Dialer {
	/**
	 * Opens one flow to one address, with no time-out of its own. Rejects with `refused`, `unreachable`, `reset`,
	 * `timed-out`, `address-unavailable`, ..., with the remote end named and the local one if known; with `aborted` when the signal fires, and then
	 * nothing is left open. A flow that was ready in the same turn may still be delivered: its receiver looks at the
	 * signal and aborts it.
	 */
	connect(remote: SocketAddress, options: ConnectOptions): Promise<Flow>;
}

export interface ListenOptions {
	/** Connections the stack holds before they are accepted. Default 511. */
	readonly backlog?: number | undefined;
	readonly handler: FlowListenerHandler;
	/** Of the opening only: it does not close a listener that stands. */
	readonly signal: AbortSignal;
}

export interface Acceptor {
	/** Resolves once peers can connect. Rejects with `address-in-use`, `address-unavailable`, `not-permitted`. */
	listen(local: SocketAddress, options: ListenOptions): Promise<FlowListener>;
}

export interface BindOptions {
	/** Only exchange datagrams with this peer; ICMP errors then reach `onError`. */
	readonly remote?: IpEndpoint | undefined;
	/** Let other ports share the address, as multicast wants it. Default false; a port that joins a group always does. */
	readonly shared?: boolean | undefined;
	/** Join this group. The address to bind to is then the unspecified one of its family, or the group's. */
	readonly group?: MulticastGroup | undefined;
	/** Routers that what is sent may pass, plus one: 1 to 255, unicast too. Default: the system's; multicast 1. */
	readonly hopLimit?: number | undefined;
	/** The interface that multicast is sent by, by name. Default: the system's choice. */
	readonly interface?: string | undefined;
	/** Members on this host hear the multicast of this port. Default true. */
	readonly loopback?: boolean | undefined;
	/** Of the opening only. */
	readonly signal: AbortSignal;
}

/**
 * What a port joins; it leaves when it closes. Only datagrams to the group reach the port, so not what is sent to its
 * host alone, nor to another group on the same port number.
 */
export interface MulticastGroup {
	readonly address: IpAddress;
	/** Hear this sender alone (source-specific multicast, RFC 4607). Default: every sender. */
	readonly source?: IpAddress | undefined;
	/**
	 * The interface to join on, by name: the membership is there and nowhere else. Default: that of the port, else the
	 * system's choice. Groups that mean nothing without one (ff01::/16, ff02::/16) need it, or a zone.
	 */
	readonly interface?: string | undefined;
}

export interface Datagrams {
	/**
	 * Opens a port. Rejects as `listen` does; with `bad-argument` for a group that is no multicast address and with
	 * `address-unavailable` for an interface that is not there. No datagram is sent.
	 */
	bind(local: IpEndpoint, options: BindOptions): Promise<Port>;
}

/** What an interface is, as far as its own machine can tell: an Ethernet port may lead to a phone. */
export type InterfaceType = 'wi-fi' | 'cellular' | 'wired' | 'loopback' | 'virtual';

export interface Interface {
	readonly name: string;
	readonly addresses: readonly IpAddress[];
	/** Undefined where the stack does not know. */
	readonly type?: InterfaceType | undefined;
	/** Those of the addresses that are temporary (RFC 8981); undefined where the stack does not know. */
	readonly temporary?: readonly IpAddress[] | undefined;
	/** Bytes of the largest packet; undefined where the stack does not know. */
	readonly mtu: number | undefined;
	readonly loopback: boolean;
}

export interface Watchable {
	/** The interfaces that are up, now. */
	interfaces(): readonly Interface[];
	/**
	 * Tells how `interfaces()` changes from now on, never from inside a call, until it is disposed of or the stack closes.
	 * What changes and changes back between two looks is not told. It does not hold the process; a stack that must look
	 * for changes does so only while somebody watches. Throws `closed`.
	 */
	watch(listener: (change: InterfaceChange) => void): Disposable;
}

/** What became of the interfaces, at least one of them. One that was renamed is removed and added. */
export interface InterfaceChange {
	readonly added: readonly Interface[];
	/** As they were. */
	readonly removed: readonly Interface[];
	/** Other addresses or another MTU than before: as they are now. */
	readonly changed: readonly Interface[];
}

export interface Naming {
	/** How this stack resolves names. */
	readonly resolver: Resolver;
}

/** Which socket addresses `connect` and `listen` take: data for choosing, not a promise about the network. */
export interface StackFeatures {
	readonly ipv4: boolean;
	readonly ipv6: boolean;
	readonly unix: boolean;
}

export interface Stack
	extends StackBase,
		Partial<Dialer>,
		Partial<Acceptor>,
		Partial<Datagrams>,
		Partial<Watchable>,
		Partial<Naming> {
	readonly features: StackFeatures;
}
