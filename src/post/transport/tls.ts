/** TLS over any flow, by node:tls. On the kernel's flows it stays on the native path. RFC 8446, RFC 5246. */

import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import * as nodeTls from 'node:tls';
import { abortedBy } from '../../base/errors.ts';
import { formatSocketAddress } from '../../base/socket-address.ts';
import { DuplexFlow } from '../../duplex/duplex-flow.ts';
import { duplexOf } from '../../duplex/native.ts';
import { reset } from '../../duplex/reset.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Security } from '../policy/security.ts';
import { alpnOf, checkSecurity, createContext, ownIdentity, resumes } from './tls-context.ts';
import { tlsError } from './tls-errors.ts';
import { admit, describe } from './tls-peer.ts';
import { TlsServer } from './tls-server.ts';
import { logKeys, watch } from './tls-socket.ts';
import { type Established, type Securing, type Sessions, type Transport, tlsFeatures } from './transport.ts';

export const tls: Transport = {
	name: 'tls',
	features: tlsFeatures,

	check(security, side = 'initiate') {
		if (side === 'listen') serverOf(security);
		else contextOf(security);
	},

	async establish({ stack, address, name, security, sessions, local, interface: via, signal, onConnected }) {
		const flow = await stack.connect!(address, { local, interface: via, signal });
		if (signal.aborted) {
			flow.abort();
			throw abortedBy(signal, 'initiate');
		}
		onConnected();
		return secure(flow, { role: 'client', name, stack, security, sessions, signal });
	},

	listen: ({ stack, address, ...options }) => stack.listen!(address, options),

	accept: (flow, acceptance) => secure(flow, { role: 'server', name: undefined, ...acceptance }),

	secure,
};

/** One end of a handshake. */
interface Side {
	/** The name that the peer must prove to have. */
	readonly name: string | undefined;
	/** Whether the peer must show a certificate. */
	readonly certificate: 'none' | 'request' | 'require';
	/** Takes `duplex` over. `onError` comes without an error for a connection that closed, and also after `onSecure`. */
	start(duplex: Duplex, onSecure: (socket: nodeTls.TLSSocket) => void, onError: (error?: Error) => void): void;
	/** Of the pre-shared key that was offered, if any. */
	offeredIdentity(socket: nodeTls.TLSSocket): string | undefined;
	/** The peer was found to be who it should be. */
	onAdmitted(): void;
}

async function secure(flow: Flow, securing: Securing): Promise<Established> {
	let side: Side;
	try {
		side = securing.role === 'client' ? clientSide(securing) : serverSide(securing.security);
	} catch (error) {
		flow.abort();
		throw error;
	}
	return handshake(flow, side, securing);
}

function clientSide({ security, name, sessions: offered }: Securing): Side {
	const secureContext = contextOf(security);
	const { serverName = name ?? '', pin, preSharedKey, keyLog } = security;
	const psk = typeof preSharedKey === 'object' ? preSharedKey : undefined;
	const sessions = resumes(security) ? offered : undefined;
	const session = sessions?.take();
	const fresh = sessions && new FreshSessions(sessions);
	let again: Uint8Array | undefined;
	return {
		name: serverName,
		certificate: 'require',
		start(duplex, onSecure, onError) {
			const client = nodeTls.connect({
				socket: duplex,
				secureContext,
				...alpnOf(security),
				host: serverName,
				// RFC 6066 §3: without a trailing dot.
				servername: isIP(serverName) ? '' : serverName.replace(/\.$/, ''),
				rejectUnauthorized: pin === undefined && psk === undefined,
				...(session && { session: Buffer.from(session) }),
				...(psk && { pskCallback: () => ({ psk: psk.key, identity: psk.identity }) }),
			});
			watch(client, onError).once('secureConnect', () => {
				// Only TLS 1.3 wants each used once (RFC 8446 §C.4), and only TLS 1.3 gives a new one for it.
				if (client.isSessionReused() && client.getProtocol() === 'TLSv1.2') again = session;
				onSecure(client);
			});
			if (fresh) client.on('session', (session) => fresh.put(session));
			logKeys(client, keyLog);
		},
		offeredIdentity: () => psk?.identity,
		onAdmitted: () => fresh?.admit(again),
	};
}

function serverSide(security: Security): Side {
	const server = serverOf(security);
	return {
		name: undefined,
		certificate: security.clientCertificates ?? 'none',
		start: (duplex, onSecure, onError) => server.accept(duplex, onSecure, onError),
		offeredIdentity: (socket) => server.preSharedKeyIdentity(socket),
		onAdmitted() {},
	};
}

/** What all connections of one security have in common: it is checked once, and its certificates are parsed once. */
const contexts = new WeakMap<Security, nodeTls.SecureContext>();
const servers = new WeakMap<Security, TlsServer>();

function contextOf(security: Security): nodeTls.SecureContext {
	const known = contexts.get(security);
	if (known) return known;
	checkSecurity(security, 'initiate');
	const made = createContext(security, ownIdentity(security));
	contexts.set(security, made);
	return made;
}

function serverOf(security: Security): TlsServer {
	const known = servers.get(security);
	if (known) return known;
	checkSecurity(security, 'listen');
	const made = new TlsServer(security);
	servers.set(security, made);
	return made;
}

/**
 * Runs one handshake. It needs no hold on a virtual clock: node does its work for a record in the turn in which the
 * record comes.
 */
function handshake(flow: Flow, side: Side, { stack, security, signal }: Securing): Promise<Established> {
	const { local, remote } = flow;
	const peer = formatSocketAddress(remote);
	const where = { operation: 'handshake', remote: peer, local: formatSocketAddress(local) };
	return new Promise<Established>((resolve, reject) => {
		let over = false;
		const settle = () => {
			over = true;
			signal.removeEventListener('abort', onAbort);
		};
		const fail = (error: unknown) => {
			if (over) return;
			settle();
			duplex.destroy();
			reject(tlsError(error, side.name, where));
		};
		// Nobody waits for the end of what is not wanted any more, and the peer is not to take it for a good one.
		const refuse = (error: unknown) => {
			if (!over) reset(duplex);
			fail(error);
		};
		const onAbort = () => refuse(abortedBy(signal, 'the handshake'));
		const onSecure = async (socket: nodeTls.TLSSocket) => {
			if (over) return;
			try {
				const info = describe(socket, side.offeredIdentity(socket));
				await admit(security, { ...info, remote: peer }, side.certificate);
				if (over) return;
				settle();
				side.onAdmitted();
				duplex.allowHalfOpen = true;
				const secured = new DuplexFlow(socket, { local, remote, below: () => flow, explain });
				resolve({ flow: secured, security: info, below: flow });
			} catch (error) {
				refuse(error);
			}
		};
		const explain = (error: unknown) => (isOfTls(error) ? tlsError(error, side.name, where) : error);
		// Who ends in the middle of a handshake has no more to say; later, each direction ends by itself.
		const duplex = duplexOf(flow, { allowHalfOpen: false, clock: stack.clock });
		if (signal.aborted) return onAbort();
		signal.addEventListener('abort', onAbort, { once: true });
		try {
			side.start(duplex, onSecure, fail);
		} catch (error) {
			fail(error);
		}
	});
}

function isOfTls(error: unknown): boolean {
	return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_SSL_');
}

/** New sessions: none is kept before the peer was admitted, and of those that came earlier only the newest. */
class FreshSessions {
	readonly #sessions: Sessions;
	#admitted = false;
	#early: Uint8Array | undefined;

	constructor(sessions: Sessions) {
		this.#sessions = sessions;
	}

	put(session: Uint8Array): void {
		if (this.#admitted) this.#sessions.put(session);
		else this.#early = session;
	}

	/** The peer is who it should be; `again` may be used another time. */
	admit(again: Uint8Array | undefined): void {
		this.#admitted = true;
		const session = this.#early ?? again;
		if (session) this.#sessions.put(session);
		this.#early = undefined;
	}
}
