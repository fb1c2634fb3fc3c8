/**
 * A transport: a way to turn a connection of a stack into what an application can use. Its features are data, and which
 * transports serve a remote is a pure function of them.
 */

import type { SocketAddress } from '../../base/socket-address.ts';
import type { Flow, FlowListener } from '../../stack/flow.ts';
import type { ConnectOptions, ListenOptions, Stack } from '../../stack/stack.ts';
import type { SelectionFeatures } from '../policy/features.ts';
import type { Security, SecurityInfo } from '../policy/security.ts';

/** What a policy selects by, and what an endpoint does. */
export interface TransportFeatures extends SelectionFeatures {
	readonly secure: boolean;
	/** What it connects to. */
	readonly addressing: 'ip' | 'unix';
	/** It stands on the stack's ports, not on its flows: every write is a datagram. */
	readonly datagrams: boolean;
}

/** Secure sessions with one peer, for resuming: each is taken once (RFC 8446 §C.4, RFC 9623 §5.3). */
export interface Sessions {
	take(): Uint8Array | undefined;
	put(session: Uint8Array): void;
}

export interface Establishment extends Omit<ConnectOptions, 'signal'> {
	/** With the ability the transport needs. */
	readonly stack: Stack;
	readonly address: SocketAddress;
	/** The name the peer must prove to have. */
	readonly name: string;
	readonly security: Security;
	readonly sessions?: Sessions | undefined;
	/** No byte of the application has been sent when it fires; whatever is open must be closed at once. */
	readonly signal: AbortSignal;
	/** The connection stands, the handshake begins. */
	onConnected(): void;
}

export interface Established {
	readonly flow: Flow;
	/** Undefined for a plain transport. */
	readonly security: SecurityInfo | undefined;
	/** The flow under the security, for what only it can tell. It must not be used otherwise. */
	readonly below?: Flow | undefined;
}

/** Where and how to listen. */
export interface Standing extends ListenOptions {
	readonly stack: Stack;
	readonly address: SocketAddress;
	/** Bytes that may go to a peer for each that came from it, where addresses are not proven. Default: no limit. */
	readonly amplification?: number | undefined;
}

export interface Acceptance {
	readonly stack: Stack;
	readonly security: Security;
	readonly signal: AbortSignal;
}

export interface Securing extends Acceptance {
	readonly role: 'client' | 'server';
	/** The name that the server must prove to have, at the client. */
	readonly name: string | undefined;
	/** At the client. */
	readonly sessions?: Sessions | undefined;
}

export interface Transport {
	readonly name: string;
	readonly features: TransportFeatures;
	/**
	 * Throws `bad-argument` for keys, certificates and the like that cannot be used at that end (default `initiate`), before
	 * anything is opened.
	 */
	check?(security: Security, side?: 'initiate' | 'listen'): void;
	/** Resolves when the application could send: handshake done, trust decided. */
	establish(establishment: Establishment): Promise<Established>;
	/** Secures a flow that stands already (STARTTLS). When this rejects, the flow is closed or closing. */
	secure?(flow: Flow, securing: Securing): Promise<Established>;
	/** Opens the listening side at one address. */
	listen(standing: Standing): Promise<FlowListener>;
	/** Makes a flow of the listening side ready. The flow is the transport's: when this rejects, it is closed, or told why and closing. */
	accept(flow: Flow, acceptance: Acceptance): Promise<Established>;
}

/** Whether `stack` has what `transport` stands on. */
export function standsOn({ features }: Transport, stack: Stack, side: 'initiate' | 'listen'): boolean {
	if (features.datagrams) return stack.bind !== undefined;
	return (side === 'initiate' ? stack.connect : stack.listen) !== undefined;
}

/** A stream: RFC 9623 §10.1. */
const stream = {
	reliability: true,
	preserveMsgBoundaries: false,
	perMsgReliability: false,
	preserveOrder: true,
	zeroRttMsg: false,
	multistreaming: false,
	fullChecksumSend: true,
	fullChecksumRecv: true,
	congestionControl: true,
	keepAlive: 'opt-in',
	softErrorNotify: false,
	activeReadBeforeSend: true,
	multipath: false,
	direction: 'bidirectional',
	deliversOnce: true,
	datagrams: false,
} as const satisfies Partial<TransportFeatures>;

export const tcpFeatures: TransportFeatures = { ...stream, secure: false, addressing: 'ip' };

/** TLS over TCP: the same, secured. */
export const tlsFeatures: TransportFeatures = { ...stream, secure: true, addressing: 'ip' };

/** A Unix stream socket: as TCP; the file's permissions are its security. */
export const unixFeatures: TransportFeatures = { ...stream, secure: false, addressing: 'unix', keepAlive: false };

/** RFC 9623 §10.3 */
export const udpFeatures: TransportFeatures = {
	...stream,
	secure: false,
	addressing: 'ip',
	datagrams: true,
	reliability: false,
	preserveMsgBoundaries: true,
	preserveOrder: false,
	zeroRttMsg: true,
	congestionControl: false,
	keepAlive: false,
	softErrorNotify: true,
	activeReadBeforeSend: false,
	deliversOnce: false,
};
