/** Who the peer is, after a handshake, and whether it may stay. */

import type { TLSSocket } from 'node:tls';
import { PostSocketsError } from '../../base/errors.ts';
import type { Peer, PeerCertificate, Security, SecurityInfo } from '../policy/security.ts';
import { plainHex } from './tls-context.ts';

/** `offered`: the identity of the pre-shared key that was offered, if any was. */
export function describe(socket: TLSSocket, offered: string | undefined): SecurityInfo {
	const certificate = socket.getPeerX509Certificate();
	const cipher = socket.getCipher().name;
	const reused = socket.isSessionReused();
	// OpenSSL takes a pre-shared key of TLS 1.3 for a session, and there is none where such a key is offered.
	const keyed = offered !== undefined && !certificate && (reused || cipher.includes('PSK'));
	return {
		protocol: socket.getProtocol() ?? 'unknown',
		cipher,
		alpn: socket.alpnProtocol || undefined,
		resumed: reused && !keyed,
		peerFingerprint: certificate?.fingerprint256,
		peerCertificate: certificate && describeCertificate(certificate),
		serverName: socket.servername || undefined,
		preSharedKeyIdentity: keyed ? offered : undefined,
	};
}

/**
 * Rejects with `certificate-untrusted`; what OpenSSL verifies has been verified. `certificate`: whether the peer had to
 * show one.
 */
export async function admit(
	security: Security,
	peer: Peer,
	certificate: 'none' | 'request' | 'require',
): Promise<void> {
	const refusal = keyRefusal(security, peer) ?? certificateRefusal(security, peer, certificate);
	if (refusal) throw untrusted(peer, refusal);
	if (!security.trust) return;
	let verdict: unknown;
	try {
		verdict = await security.trust(peer);
	} catch (cause) {
		throw untrusted(
			peer,
			`\`trust\` threw for ${peer.remote}: ${cause instanceof Error ? cause.message : cause}`,
			cause,
		);
	}
	if (verdict !== true) throw untrusted(peer, `\`trust\` refused ${peer.remote}`);
}

/** The host names, addresses and URIs among subject alternative names, as node prints them. */
export function readNames(text: string): Pick<PeerCertificate, 'names' | 'uris'> {
	const names: string[] = [];
	const uris: string[] = [];
	for (const [, type, value = ''] of text.matchAll(/(?:^|, )([\w ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?=, |$)/g)) {
		const name = value.startsWith('"') ? unquoted(value) : value;
		if (name === undefined) continue;
		if (type === 'DNS' || type === 'IP Address') names.push(name);
		if (type === 'URI') uris.push(name);
	}
	return { names, uris };
}

/** What could be taken for more than one name is printed as JSON. */
function unquoted(text: string): string | undefined {
	try {
		return JSON.parse(text) as string;
	} catch {
		return undefined;
	}
}

function describeCertificate(
	certificate: NonNullable<ReturnType<TLSSocket['getPeerX509Certificate']>>,
): PeerCertificate {
	const { subject, issuer, subjectAltName, validFromDate, validToDate, raw } = certificate;
	return { subject, issuer, ...readNames(subjectAltName ?? ''), validFrom: validFromDate, validTo: validToDate, raw };
}

function keyRefusal({ preSharedKey }: Security, { preSharedKeyIdentity, remote }: Peer): string | undefined {
	if (preSharedKey === undefined || preSharedKeyIdentity !== undefined) return undefined;
	return `${remote} did not take the pre-shared key but showed a certificate; give it the key, or say here how to verify it`;
}

function certificateRefusal(
	{ pin, preSharedKey }: Security,
	{ peerFingerprint: shown, resumed, remote }: Peer,
	certificate: 'none' | 'request' | 'require',
): string | undefined {
	if (preSharedKey !== undefined || certificate === 'none') return undefined;
	// Node gives an initiator no certificate of a session, which is kept by the pin that it was verified by.
	if (resumed && shown === undefined) return undefined;
	if (shown === undefined) return certificate === 'require' ? `${remote} showed no certificate` : undefined;
	if (pin === undefined || [pin].flat().map(plainHex).includes(plainHex(shown))) return undefined;
	return `the certificate of ${remote} has the fingerprint ${shown}, which is not pinned; pin it if it is what the server printed`;
}

function untrusted({ remote }: Peer, message: string, cause?: unknown): PostSocketsError {
	return new PostSocketsError('certificate-untrusted', message, { operation: 'handshake', remote, cause });
}
