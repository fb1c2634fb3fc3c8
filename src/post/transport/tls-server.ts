/** The listening side of node:tls, over connections that others accept. */

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import * as nodeTls from 'node:tls';
import { reset } from '../../duplex/reset.ts';
import type { Identity, Security } from '../policy/security.ts';
import { alpnOf, checkKeyLength, contextOptions, createContext, lineOf, ownIdentity } from './tls-context.ts';

/** Servers kept for the next handshakes: each has one at a time, and takes a while to make. */
const mostIdle = 16;

/** Handshakes are bounded by their signals, in the time of their stack; node's own bound comes after every such. */
const noTimeout = 2 ** 31 - 1;

export interface TlsServerHandler {
	onSecure(socket: nodeTls.TLSSocket): void;
	onError(error: Error): void;
}

/**
 * Certificates of initiators are verified by node only for a `tls.Server`, which takes connections as 'connection' events
 * and does not say which of them a socket came from. So each handshake has a server for itself.
 */
export class TlsServer {
	readonly #options: nodeTls.TlsOptions;
	readonly #keyLog: Security['keyLog'];
	/** Certificates that are shown have to be vouched for. */
	readonly #verifies: boolean;
	readonly #idle: nodeTls.Server[] = [];
	readonly #preSharedKeyIdentities = new WeakMap<nodeTls.TLSSocket, string>();

	/** For checked security. Throws `bad-argument` for certificates and keys that cannot be used. */
	constructor(security: Security) {
		createContext(security, ownIdentity(security));
		const { identities, clientCertificates = 'none', pin, preSharedKey, keyLog } = security;
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

	/** Runs a handshake over `duplex`, which it takes over; one of the two is called, once. */
	accept(duplex: Duplex, handler: TlsServerHandler): void {
		const server = this.#idle.pop() ?? this.#make();
		const onSecure = (socket: nodeTls.TLSSocket) => {
			over();
			const refused = this.#verifies && !socket.authorized && socket.getPeerX509Certificate() !== undefined;
			if (!refused) return handler.onSecure(socket);
			reset(duplex);
			handler.onError(refusal(socket));
		};
		const onError = (error: Error, socket: nodeTls.TLSSocket) => {
			over();
			handler.onError(socket.authorizationError ? refusal(socket) : error);
		};
		const over = () => {
			server.off('secureConnection', onSecure).off('tlsClientError', onError);
			if (this.#idle.length < mostIdle) this.#idle.push(server);
		};
		server.on('secureConnection', onSecure).on('tlsClientError', onError);
		server.emit('connection', duplex);
	}

	preSharedKeyIdentity(socket: nodeTls.TLSSocket): string | undefined {
		return this.#preSharedKeyIdentities.get(socket);
	}

	#make(): nodeTls.Server {
		const server = nodeTls.createServer(this.#options);
		const keyLog = this.#keyLog;
		return keyLog ? server.on('keylog', (line) => keyLog(lineOf(line))) : server;
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
