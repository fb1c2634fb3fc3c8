/** TLS over any flow, by node:tls. On the kernel's flows it stays on the native path. RFC 8446, RFC 5246. */

import { isIP } from 'node:net';
import * as nodeTls from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress } from '../../base/socket-address.ts';
import { DuplexFlow } from '../../duplex/duplex-flow.ts';
import { duplexOf } from '../../duplex/native.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Security, SecurityInfo } from '../policy/security.ts';
import { tlsError } from './tls-errors.ts';
import { type Established, type Transport, tlsFeatures } from './transport.ts';

export const tls: Transport = {
	name: 'tls',
	features: tlsFeatures,

	check(security) {
		tlsOptions(security);
		for (const pin of [security.pin ?? []].flat()) {
			if (!/^[0-9a-f]{64}$/.test(plainHex(pin))) {
				throw badArgument(`"${pin}" is no SHA-256 fingerprint: 32 bytes in hexadecimal, with or without colons`);
			}
		}
	},

	async establish({ stack, address, name, security, sessions, local, interface: via, signal, onConnected }) {
		const flow = await stack.connect!(address, { local, interface: via, signal });
		if (signal.aborted) {
			flow.abort();
			throw abortedBy(signal, 'initiate');
		}
		onConnected();
		const identity = security.serverName ?? name;
		return handshake(flow, stack.clock, signal, 'secureConnect', identity, security, (socket) => {
			const session = sessions?.take();
			const client = nodeTls.connect({
				socket,
				host: identity,
				// RFC 6066 §3: without a trailing dot.
				servername: isIP(identity) ? '' : identity.replace(/\.$/, ''),
				rejectUnauthorized: security.pin === undefined,
				...(session && { session: Buffer.from(session) }),
				...tlsOptions(security),
			});
			return sessions ? client.on('session', (fresh) => sessions.put(fresh)) : client;
		});
	},

	listen: ({ stack, address, ...options }) => stack.listen!(address, options),

	async accept(flow, { stack, security, signal }) {
		return handshake(flow, stack.clock, signal, 'secure', undefined, security, (socket) => {
			return new nodeTls.TLSSocket(socket as nodeTls.TLSSocket, { isServer: true, ...tlsOptions(security) });
		});
	},
};

interface TlsOptions {
	readonly secureContext: nodeTls.SecureContext;
	readonly ALPNProtocols?: string[];
}

/** One context for all connections of a listener or a race: making one parses every certificate again. */
const prepared = new WeakMap<Security, TlsOptions>();

function tlsOptions(security: Security): TlsOptions {
	const known = prepared.get(security);
	if (known) return known;
	try {
		const { alpn } = security;
		const secureContext = nodeTls.createSecureContext(contextOptions(security));
		const made = { secureContext, ...(alpn !== undefined && { ALPNProtocols: alpn.map(checkAlpn) }) };
		prepared.set(security, made);
		return made;
	} catch (cause) {
		const message = `\`security\` cannot be used (${(cause as Error).message}); cert, key and ca are PEM, and key belongs to cert`;
		throw new PostSocketsError('bad-argument', message, { cause });
	}
}

/** RFC 7301 §3.1 */
function checkAlpn(name: string): string {
	const length = Buffer.byteLength(name);
	if (length >= 1 && length <= 255) return name;
	throw new Error(`an ALPN name has 1 to 255 bytes, not ${length}`);
}

function contextOptions({ ca, cert, key, allowedSecurityProtocols: allowed }: Security): nodeTls.SecureContextOptions {
	return {
		...(ca !== undefined && { ca: [ca].flat().map((pem) => (typeof pem === 'string' ? pem : Buffer.from(pem))) }),
		...(cert !== undefined && { cert: typeof cert === 'string' ? cert : Buffer.from(cert) }),
		...(key !== undefined && { key: typeof key === 'string' ? key : Buffer.from(key) }),
		minVersion: allowed && !allowed.includes('tls_1_2') ? 'TLSv1.3' : 'TLSv1.2',
		maxVersion: allowed && !allowed.includes('tls_1_3') ? 'TLSv1.2' : 'TLSv1.3',
	};
}

/**
 * Runs one handshake. It needs no hold on a virtual clock: node does its work for a record in the turn in which the
 * record comes.
 */
function handshake(
	flow: Flow,
	clock: Clock,
	signal: AbortSignal,
	done: 'secureConnect' | 'secure',
	identity: string | undefined,
	security: Security,
	make: (socket: ReturnType<typeof duplexOf>) => nodeTls.TLSSocket,
): Promise<Established> {
	const { local, remote } = flow;
	const where = { operation: 'handshake', remote: formatSocketAddress(remote), local: formatSocketAddress(local) };
	return new Promise<Established>((resolve, reject) => {
		const duplex = duplexOf(flow, { allowHalfOpen: true, clock });
		let socket: nodeTls.TLSSocket;
		try {
			socket = make(duplex);
		} catch (error) {
			duplex.destroy();
			return reject(tlsError(error, identity, where));
		}
		const fail = (error: unknown) => {
			settle();
			socket.on('error', () => {});
			socket.destroy();
			duplex.destroy();
			reject(tlsError(error, identity, where));
		};
		const onAbort = () => {
			// Nobody waits for it any more: not for its close_notify, nor for the peer's end.
			(duplex as { resetAndDestroy?(): void }).resetAndDestroy?.();
			fail(abortedBy(signal, 'the handshake'));
		};
		const onClose = () => fail(new PostSocketsError('reset', `${where.remote} closed during the TLS handshake`, where));
		const onDone = () => {
			const info = describe(socket);
			const refusal = pinRefusal(security, info, where.remote);
			if (refusal) return fail(new PostSocketsError('certificate-untrusted', refusal, where));
			settle();
			resolve({ flow: new DuplexFlow(socket, { local, remote }), security: info });
		};
		const settle = () => {
			signal.removeEventListener('abort', onAbort);
			socket.off(done, onDone).off('error', fail).off('end', onClose).off('close', onClose);
		};
		// A server stays half-open, and would wait for the rest of a handshake that is not to come.
		socket.once(done, onDone).once('error', fail).once('end', onClose).once('close', onClose);
		if (signal.aborted) onAbort();
		else signal.addEventListener('abort', onAbort, { once: true });
	});
}

function describe(socket: nodeTls.TLSSocket): SecurityInfo {
	return {
		protocol: socket.getProtocol() ?? 'unknown',
		cipher: socket.getCipher().name,
		alpn: socket.alpnProtocol || undefined,
		resumed: socket.isSessionReused(),
		peerFingerprint: socket.getPeerX509Certificate()?.fingerprint256,
	};
}

function pinRefusal(security: Security, info: SecurityInfo, remote: string): string | undefined {
	if (security.pin === undefined) return undefined;
	const pins = [security.pin].flat().map(plainHex);
	if (info.peerFingerprint !== undefined && pins.includes(plainHex(info.peerFingerprint))) return undefined;
	const shown = info.peerFingerprint ?? '(none)';
	return `the certificate of ${remote} has the fingerprint ${shown}, which is not pinned; pin it if it is what the server printed`;
}

function plainHex(fingerprint: string): string {
	return fingerprint.replaceAll(':', '').toLowerCase();
}
