/** A certificate for development, made on the spot. */

import { X509Certificate } from 'node:crypto';
import { wallTime } from '../../base/clock.ts';
import { alternativeNames, basicConstraints, newKeys, writeCertificate } from './x509.ts';

export interface SelfSigned {
	/** PEM. */
	readonly cert: string;
	/** PEM, PKCS #8. */
	readonly key: string;
	/** SHA-256 of the certificate: what the other end pins as `security: { pin }`. */
	readonly fingerprint: string;
}

export interface SelfSignedOptions {
	/** Host names and IP addresses it is for. Default: those of this machine's loopback. */
	readonly names?: readonly string[] | undefined;
	/** Days it is valid, from an hour ago. Default 30. */
	readonly days?: number | undefined;
}

const day = 86_400_000;

/**
 * A new key and a certificate that nobody vouches for: pass it to a listener as `security`, and its `fingerprint` to
 * the initiator as `security: { pin }`. It may also be trusted as its own authority, `security: { ca: cert }`.
 */
export function selfSigned({
	names = ['localhost', '127.0.0.1', '::1'],
	days = 30,
}: SelfSignedOptions = {}): SelfSigned {
	const keys = newKeys();
	const subject = names[0] ?? 'localhost';
	const from = new Date(wallTime().getTime() - day / 24);
	const until = new Date(from.getTime() + days * day);
	const extensions = [basicConstraints({ authority: true }), alternativeNames(names)];
	const cert = writeCertificate({ issuer: subject, subject, keys, signer: keys.privateKey, from, until, extensions });
	return { cert, key: keys.pem, fingerprint: new X509Certificate(cert).fingerprint256 };
}
