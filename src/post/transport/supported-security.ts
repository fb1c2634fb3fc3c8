/** What may be named in a `Security`, so that nobody has to try (RFC 9622 §6.3). */

import { getCiphers } from 'node:tls';
import type { Security } from '../policy/security.ts';
import { isTaken, versionNames } from './tls-context.ts';

/** Each as the field of `Security` wants it. */
export interface SupportedSecurity {
	readonly allowedSecurityProtocols: NonNullable<Security['allowedSecurityProtocols']>;
	/** All that OpenSSL has, those included that it deems too weak for its default security level. */
	readonly ciphers: readonly string[];
	readonly groups: readonly string[];
	readonly signatureAlgorithms: readonly string[];
}

/** Of the registry of IANA, those that RFC 8446, RFC 7919 and draft-ietf-tls-ecdhe-mlkem define. */
const namedGroups = [
	...['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024'],
	...['X25519', 'P-256', 'X448', 'P-384', 'P-521'],
	...['ffdhe2048', 'ffdhe3072', 'ffdhe4096', 'ffdhe6144', 'ffdhe8192'],
];

/** RFC 8446 §4.2.3 */
const namedAlgorithms = [
	...['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512', 'ed25519', 'ed448'],
	...['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'],
	...['rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512'],
	...['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'],
];

/**
 * The values this Node and its OpenSSL know. OpenSSL lists its ciphers; groups and signature algorithms it does not, so
 * each of the registered ones is tried on it, which takes some milliseconds: keep the result.
 */
export function supportedSecurity(): SupportedSecurity {
	return {
		allowedSecurityProtocols: Object.keys(versionNames) as (keyof typeof versionNames)[],
		ciphers: getCiphers().map((name) => name.toUpperCase()),
		groups: namedGroups.filter((name) => isTaken({ groups: [name] })),
		signatureAlgorithms: namedAlgorithms.filter((name) => isTaken({ signatureAlgorithms: [name] })),
	};
}
