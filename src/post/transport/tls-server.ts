/** The listening side of node:tls, over connections that others accept. */

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import * as nodeTls from 'node:tls';
import { reset } from '../../duplex/reset.ts';
import type { Identity, Security } from '../policy/security.ts';
import { alpnOf, checkKeyLength, contextOptions, createContext, ownIdentity } from './tls-context.ts';
import { logKeys, watch } from './tls-socket.ts';

/** Servers kept for the next handshakes: each has one at a time, and takes a while to make. */
const mostIdle = 16;

/** Handshakes are bounded by their signals, in the time of their stack; node's own bound comes after every such. */
const noTimeout = 2 ** 31 - 1;

export class TlsServer {
	readonly #options: nodeTls.TlsOptions;
	readonly #context: nodeTls.SecureContext;
	readonly #keyLog: Security['keyLog'];
	/** Certificates that are shown have to be vouched for. */
	readonly #verifies: boolean;
	readonly #idle: nodeTls.Server[] = [];
	readonly #preSharedKeyIdentities = new WeakMap<nodeTls.TLSSocket, string>();

	/** For checked security. Throws `bad-argument` for certificates and keys that cannot be used. */
	constructor(security: Security) {
		const { identities, clientCertificates = 'none', pin, preSharedKey, keyLog } = security;
		this.#context = createContext(security, ownIdentity(security));
		this.#keyLog = keyLog;
		this.#verifies = clientCertificates !== 'none' && pin === undefined;
		this.#options = {
			...contextOptions(security, ownIdentity(security)),
			...alpnOf(security),
			...(identities && { SNICallback: byServerName(security, identities) }),
			...(preSharedKey && { pskCallback: (socket, identity) => this.#lookUp(preSharedKey, socket, identity) }),
			// A session of one server is resumed by all of this listener, and by those of no other.
			ticketKeys: randomBytes(48),
			requestCert: clientCertificates !== 'none',
			rejectUnauthorized: this.#verifies && clientCertificates === 'require',
			handshakeTimeout: noTimeout,
		};
	}

	/** Runs a handshake over `duplex`, which it takes over. `onError` comes as `watch` has it, also after `onSecure`. */
	accept(duplex: Duplex, onSecure: (socket: nodeTls.TLSSocket) => void, onError: (error?: Error) => void): void {
		if (this.#verifies) {
			this.#acceptVerifying(duplex, onSecure, onError);
			return;
		}
		const options = { ...this.#options, isServer: true, secureContext: this.#context };
		const socket = new nodeTls.TLSSocket(duplex as nodeTls.TLSSocket, options);
		logKeys(socket, this.#keyLog);
		watch(socket, onError).once('secure', () => onSecure(socket));
	}

	/**
	 * Node verifies certificates of initiators only for a `tls.Server`, which takes connections as 'connection' events and
	 * does not say which of them a socket came from. So each handshake has a server for itself.
	 */
	#acceptVerifying(
		duplex: Duplex,
		onSecure: (socket: nodeTls.TLSSocket) => void,
		onError: (error?: Error) => void,
	): void {
		const server = this.#idle.pop() ?? this.#make();
		const onConnection = (socket: nodeTls.TLSSocket) => {
			over();
			watch(socket, onError);
			if (socket.authorized || socket.getPeerX509Certificate() === undefined) return onSecure(socket);
			reset(duplex);
			onError(refusal(socket));
		};
		const onClientError = (error: Error, socket: nodeTls.TLSSocket) => {
			over();
			onError(socket.authorizationError ? refusal(socket) : error);
		};
		const over = () => {
			server.off('secureConnection', onConnection).off('tlsClientError', onClientError);
			if (this.#idle.length < mostIdle) this.#idle.push(server);
		};
		server.on('secureConnection', onConnection).on('tlsClientError', onClientError);
		server.emit('connection', duplex);
	}

	/** Of the key that the initiator has shown to know, if any. */
	preSharedKeyIdentity(socket: nodeTls.TLSSocket): string | undefined {
		return this.#preSharedKeyIdentities.get(socket);
	}

	#make(): nodeTls.Server {
		const server = nodeTls.createServer(this.#options);
		logKeys(server, this.#keyLog);
		return server;
	}

	#lookUp(
		known: NonNullable<Security['preSharedKey']>,
		socket: nodeTls.TLSSocket,
		identity: string,
	): Uint8Array | null {
		const key = typeof known === 'function' ? known(identity) : identity === known.identity ? known.key : undefined;
		if (key === undefined) return null;
		this.#preSharedKeyIdentities.set(socket, identity);
		return checkKeyLength(key);
	}
}

/** Why node did not authorize it. */
function refusal({ authorizationError: code }: nodeTls.TLSSocket): Error {
	return Object.assign(new Error(String(code)), { code });
}

function byServerName(security: Security, identities: Readonly<Record<string, Identity>>) {
	const contexts = new Map(
		Object.entries(identities).map(([name, identity]) => [
			name.toLowerCase(),
			createContext(security, identity, `identities["${name}"]`),
		]),
	);
	return (name: string, answer: (error: Error | null, context?: nodeTls.SecureContext) => void): void => {
		const asked = name.toLowerCase();
		answer(null, contexts.get(asked) ?? contexts.get(asked.replace(/^[^.]+/, '*')));
	};
}
