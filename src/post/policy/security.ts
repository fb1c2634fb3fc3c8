/** What a carrier asks of its security, as plain data (RFC 9622 §6.3). Unset means TLS 1.2 or 1.3, verified. */

type Pem = string | Uint8Array;

export interface Security {
	/** Certificate authorities to trust instead of the system's, as PEM. */
	readonly ca?: Pem | readonly Pem[] | undefined;
	/** One's own certificate chain and private key as PEM: required of a listener, presented by an initiator if asked. */
	readonly cert?: Pem | undefined;
	readonly key?: Pem | undefined;
	/**
	 * SHA-256 fingerprints of the only certificates to accept, in hexadecimal, with or without colons. A pinned
	 * certificate needs no authority, no name and no date: the fingerprint says it all.
	 */
	readonly pin?: string | readonly string[] | undefined;
	/** Application protocols in order of preference (RFC 7301). */
	readonly alpn?: readonly string[] | undefined;
	/** The name the certificate must carry, if it is not that of the remote. */
	readonly serverName?: string | undefined;
	/** The protocol versions to allow. Default: both. */
	readonly allowedSecurityProtocols?: readonly ('tls_1_2' | 'tls_1_3')[] | undefined;
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
}
