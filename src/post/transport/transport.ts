/**
 * A transport: a way to turn a connection of a stack into what an application can use. Its features are data, and which
 * transports serve a remote is a pure function of them.
 */

import type { SocketAddress } from '../../base/socket-address.ts';
import type { Flow } from '../../stack/flow.ts';
import type { ConnectOptions, Dialer, Stack } from '../../stack/stack.ts';
import type { Security, SecurityInfo } from '../policy/security.ts';

/** The selection properties of RFC 9622 §6.2 that tell transports apart, as what this one gives. */
export interface TransportFeatures {
	readonly secure: boolean;
	/** What it connects to. */
	readonly addressing: 'ip' | 'unix';
	readonly reliability: boolean;
	readonly preserveOrder: boolean;
	readonly preserveMsgBoundaries: boolean;
	readonly congestionControl: boolean;
	readonly multistreaming: boolean;
}

export interface Establishment extends Omit<ConnectOptions, 'signal'> {
	readonly stack: Stack & Dialer;
	readonly address: SocketAddress;
	/** The name the peer must prove to have. */
	readonly name: string;
	readonly security: Security;
	/** No byte of the application has been sent when it fires; whatever is open must be closed at once. */
	readonly signal: AbortSignal;
	/** The connection stands, the handshake begins. */
	onConnected(): void;
}

export interface Established {
	readonly flow: Flow;
	/** Undefined for a plain transport. */
	readonly security: SecurityInfo | undefined;
}

export interface Acceptance {
	readonly stack: Stack;
	readonly security: Security;
	readonly signal: AbortSignal;
}

export interface Transport {
	readonly name: string;
	readonly features: TransportFeatures;
	/** Throws `bad-argument` for keys, certificates and the like that cannot be used, before anything is opened. */
	check?(security: Security): void;
	/** Resolves when the application could send: handshake done, trust decided. */
	establish(establishment: Establishment): Promise<Established>;
	/** The listening side of the same. The flow is the transport's: when this rejects, it is closed, or told why and closing. */
	accept(flow: Flow, acceptance: Acceptance): Promise<Established>;
}

const stream = {
	reliability: true,
	preserveOrder: true,
	preserveMsgBoundaries: false,
	congestionControl: true,
	multistreaming: false,
};

/** The features of TCP (RFC 9623 §10.1). */
export const tcpFeatures: TransportFeatures = { ...stream, secure: false, addressing: 'ip' };

/** TLS over TCP: the same, secured. */
export const tlsFeatures: TransportFeatures = { ...stream, secure: true, addressing: 'ip' };

/** A Unix stream socket: as TCP; the file's permissions are its security. */
export const unixFeatures: TransportFeatures = { ...stream, secure: false, addressing: 'unix' };
