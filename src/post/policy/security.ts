/** What a carrier asks of its security, as plain data (RFC 9622 §6.3). Unset means TLS 1.2 or 1.3, verified. */

import { badArgument } from '../../base/errors.ts';

export type Pem = string | Uint8Array;

/** Who one is. */
export interface Identity {
	/** A certificate, the chain that leads to its authority after it, as PEM. */
	readonly cert: Pem;
	/** Its private key as PEM, without a passphrase. */
	readonly key: Pem;
}

export interface PreSharedKey {
	/** Tells the listener which key is meant, and travels in the clear. 1 to 128 bytes (RFC 4279 §5.3). */
	readonly identity: string;
	/** 16 to 256 random bytes (RFC 9257 §6), never a password. */
	readonly key: Uint8Array;
}

/**
 * Private keys are PEM: node:tls lets nobody else sign, so there is no identity challenge callback (RFC 9622 §6.3.8) for
 * keys that cannot be read.
 */
export interface Security {
	/**
	 * Certificate authorities to trust instead of the system's, as PEM. A listener trusts them for the certificates of
	 * initiators, if it asks for any.
	 */
	readonly ca?: Pem | readonly Pem[] | undefined;
	/**
	 * One's own `Identity`: `serverCertificate` of a listener, which must have one, and `clientCertificate` of an initiator,
	 * shown if asked for. The `identity` of a local counts as these two; if both are given they must be the same.
	 */
	readonly cert?: Pem | undefined;
	readonly key?: Pem | undefined;
	/**
	 * Of a listener: more identities, by the server name that the initiator asks for (RFC 6066 §3). `*.example.com` stands
	 * for one label. Every other name, and none, gets `cert`; without that, the handshake fails.
	 */
	readonly identities?: Readonly<Record<string, Identity>> | undefined;
	/**
	 * Of a listener: whether initiators are asked for a certificate. With `request` they may show none; one that is shown is
	 * verified by `ca` or `pin`. Under TLS 1.3 an initiator is ready before it hears that it was refused. Default `none`.
	 */
	readonly clientCertificates?: 'none' | 'request' | 'require' | undefined;
	/**
	 * SHA-256 fingerprints of the only certificates to accept, in hexadecimal, with or without colons. A pinned
	 * certificate needs no authority, no name and no date: the fingerprint says it all.
	 */
	readonly pin?: string | readonly string[] | undefined;
	/**
	 * A key that both sides know, instead of certificates: nothing of the above may stand beside it, and a peer that shows a
	 * certificate is refused. A listener may look keys up by their identity; undefined refuses. Always with forward secrecy,
	 * unless `ciphers` says otherwise; never resumed.
	 */
	readonly preSharedKey?: PreSharedKey | ((identity: string) => Uint8Array | undefined) | undefined;
	/**
	 * The last word on a peer, after everything above has accepted it: anything but true refuses it with
	 * `certificate-untrusted`, and so does a throw. It can only refuse, never accept what was refused. Asked once per
	 * handshake, for several addresses of a race perhaps at once; nothing of the application is sent or delivered before it
	 * answers. Bounded as the establishment is. Sessions are not resumed, so that there is always something to see.
	 */
	readonly trust?: ((peer: Peer) => boolean | Promise<boolean>) | undefined;
	/** Application protocols in order of preference (RFC 7301). Where both ends name some and share none, the handshake fails. */
	readonly alpn?: readonly string[] | undefined;
	/** The name the certificate must carry, if it is not that of the remote. */
	readonly serverName?: string | undefined;
	/** The protocol versions to allow. Default: both. */
	readonly allowedSecurityProtocols?: readonly ('tls_1_2' | 'tls_1_3')[] | undefined;
	/** `supportedGroup`: of key exchanges, the preferred first, as OpenSSL names them: `X25519`, `P-256`. Default: OpenSSL's. */
	readonly groups?: readonly string[] | undefined;
	/**
	 * `ciphersuite`: as OpenSSL names them, `TLS_AES_128_GCM_SHA256`, `ECDHE-RSA-AES128-GCM-SHA256`. A protocol version of
	 * which none is named is not spoken. Default: node's.
	 */
	readonly ciphers?: readonly string[] | undefined;
	/** `signatureAlgorithm`, of the handshake and in certificates: `ecdsa_secp256r1_sha256`. Default: OpenSSL's. */
	readonly signatureAlgorithms?: readonly string[] | undefined;
	/** Sessions that an association keeps to resume. With 0 there are none, at listeners too. Default: as its store is bounded. */
	readonly maxCachedSessions?: number | undefined;
	/** Seconds for which a session may be resumed, and for which a listener lets it; 0 for none. Default of a listener: 300. */
	readonly cachedSessionLifetimeSeconds?: number | undefined;
	/**
	 * Hears the secrets of every connection, in the format of NSS key logs, for tools that decode captures. Whoever reads
	 * a line can read the connection. Default: nobody does.
	 */
	readonly keyLog?: ((line: string) => void) | undefined;
}

/** What the handshake came to. */
export interface SecurityInfo {
	/** `TLSv1.3`. */
	readonly protocol: string;
	readonly cipher: string;
	readonly alpn: string | undefined;
	/** An earlier session was taken up again, without a certificate being shown. */
	readonly resumed: boolean;
	/** The SHA-256 fingerprint of the peer's certificate, if it showed one. */
	readonly peerFingerprint: string | undefined;
	/** That certificate. */
	readonly peerCertificate?: PeerCertificate | undefined;
	/** The server name that the initiator asked for. */
	readonly serverName?: string | undefined;
	/** Which pre-shared key it was. */
	readonly preSharedKeyIdentity?: string | undefined;
}

/** A certificate that was shown. Whether it is to be believed is said elsewhere. */
export interface PeerCertificate {
	/** One attribute per line: `CN=api.example.com`. */
	readonly subject: string;
	readonly issuer: string;
	/** The host names and IP addresses it is for. */
	readonly names: readonly string[];
	/** URIs it is for, as workloads have them. */
	readonly uris: readonly string[];
	readonly validFrom: Date;
	readonly validTo: Date;
	/** DER. */
	readonly raw: Uint8Array;
}

/** Whom `trust` is asked about. */
export interface Peer extends SecurityInfo {
	/** `192.0.2.1:443` */
	readonly remote: string;
}

/** A copy that nobody else can change: what is given to an action is the action's (RFC 9622 §1.1). */
export function ownSecurity(security: Security = {}): Security {
	return copyOf(security) as Security;
}

/** Whether a listener can show who it is. */
export function canListen({ cert, key, identities, preSharedKey }: Security): boolean {
	return (cert !== undefined && key !== undefined) || identities !== undefined || preSharedKey !== undefined;
}

/**
 * `security` with the identity of the locals as its `cert` and `key`. Throws `bad-argument` where identities differ: who
 * one is cannot depend on which path wins.
 */
export function withIdentity(security: Security, identities: readonly (Identity | undefined)[]): Security {
	const [identity] = identities;
	if (identities.some((each) => !same(each, identity))) {
		throw badArgument(
			'the locals have different identities; give all the same one, or say it as `security: { cert, key }`',
		);
	}
	if (identity === undefined) return security;
	const { cert, key } = security;
	if ((cert !== undefined || key !== undefined) && !same({ cert, key }, identity)) {
		throw badArgument('`security: { cert, key }` is not the identity of the local; leave one of them out');
	}
	return { ...security, cert: identity.cert, key: identity.key };
}

function same(one: Partial<Identity> | undefined, other: Partial<Identity> | undefined): boolean {
	return textOf(one?.cert) === textOf(other?.cert) && textOf(one?.key) === textOf(other?.key);
}

/** Of data; functions are who they are. */
function copyOf(value: unknown): unknown {
	if (value instanceof Uint8Array) return Uint8Array.from(value);
	if (Array.isArray(value)) return value.map(copyOf);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copyOf(each)]));
}

function textOf(pem: Pem | undefined): string | undefined {
	return pem && Buffer.from(pem as Uint8Array).toString('latin1');
}
