/** Certificates for tests: an authority of this process, and what it issues. No file, no program, no network. */

import { wallTime } from '../base/clock.ts';
import {
	alternativeNames,
	authorityKey,
	basicConstraints,
	extendedKeyUsage,
	keyUsage,
	newKeys,
	writeCertificate,
} from '../post/policy/x509.ts';

export interface TestPki {
	/** The certificate of the authority, PEM. */
	readonly ca: string;
	issue(request: CertificateRequest): IssuedCertificate;
}

export interface CertificateRequest {
	/** Host names (`api.test`, `*.api.test`), IP addresses and URIs; the first is the common name too. At least one. */
	readonly names: readonly string[];
	/** The only end it is good for. Default: both. */
	readonly usage?: 'server' | 'client' | undefined;
	/** How long it is valid from now. Default 30. */
	readonly days?: number | undefined;
	/** It was valid for the `days` that ended yesterday. Default false. */
	readonly expired?: boolean | undefined;
}

/** Both PEM, as node:tls takes them. */
export interface IssuedCertificate {
	readonly cert: string;
	readonly key: string;
}

let pki: TestPki | undefined;

/** The authority of this process. Keys are P-256. */
export function testPki(): TestPki {
	pki ??= createPki();
	return pki;
}

const day = 86_400_000;

function createPki(): TestPki {
	const authority = newKeys();
	const issuer = 'post-sockets test authority';
	const signer = authority.privateKey;
	const now = wallTime().getTime();
	return {
		ca: writeCertificate({
			issuer,
			subject: issuer,
			keys: authority,
			signer,
			from: new Date(now - day),
			until: new Date(now + 3_650 * day),
			extensions: [basicConstraints({ authority: true }), keyUsage('certificates')],
		}),
		issue({ names, usage, days = 30, expired = false }) {
			const keys = newKeys();
			const until = expired ? now - day : now + days * day;
			const from = expired ? until - days * day : now - day;
			const extensions = [
				basicConstraints({ authority: false }),
				keyUsage('handshakes'),
				extendedKeyUsage(...(usage ? [usage] : (['server', 'client'] as const))),
				authorityKey(authority),
				alternativeNames(names),
			];
			const dates = { from: new Date(from), until: new Date(until) };
			return {
				cert: writeCertificate({ issuer, subject: names[0]!, keys, signer, ...dates, extensions }),
				key: keys.pem,
			};
		},
	};
}
