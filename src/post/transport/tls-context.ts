/** What `Security` comes to in node:tls. All that cannot be used is told here, before anything is opened. */

import { constants } from 'node:crypto';
import * as nodeTls from 'node:tls';
import { badArgument, PostSocketsError } from '../../base/errors.ts';
import type { Identity, Pem, Security } from '../policy/security.ts';

/** All that OpenSSL does not refuse by itself, or says nothing of. Throws `bad-argument`. */
export function checkSecurity(security: Security, side: 'initiate' | 'listen'): void {
	const { cert, key, ca, pin, identities, preSharedKey, clientCertificates = 'none' } = security;
	const { trust, keyLog, serverName } = security;
	if (serverName !== undefined && typeof serverName !== 'string') throw badArgument('serverName is no string');
	for (const [name, value] of Object.entries({ cert, key })) {
		if (value !== undefined && !isPem(value)) throw badArgument(`\`${name}\` is PEM: text, or its bytes`);
	}
	if ((cert === undefined) !== (key === undefined)) throw badArgument('`cert` and `key` go together; one is missing');
	if (ca !== undefined) checkAuthorities([ca].flat());
	for (const each of pin === undefined ? [] : [pin].flat()) {
		if (typeof each !== 'string' || !/^[0-9a-f]{64}$/.test(plainHex(each))) {
			throw badArgument(`"${String(each)}" is no SHA-256 fingerprint: 32 bytes in hexadecimal, with or without colons`);
		}
	}
	if (!['none', 'request', 'require'].includes(clientCertificates)) {
		throw badArgument(`clientCertificates is "${String(clientCertificates)}"; it is none, request or require`);
	}
	for (const [name, callback] of Object.entries({ trust, keyLog })) {
		if (callback !== undefined && typeof callback !== 'function') throw badArgument(`${name} is no function`);
	}
	if (identities !== undefined && Object.prototype.toString.call(identities) !== '[object Object]') {
		throw badArgument('identities is a plain object, of an identity for each server name');
	}
	if (preSharedKey !== undefined) checkPreSharedKey(security, side);
	checkLists(security);
	checkCache(security);
}

export function ownIdentity({ cert, key }: Security): Identity | undefined {
	return cert === undefined || key === undefined ? undefined : { cert, key };
}

/** Throws `bad-argument` for certificates and keys that cannot be used; `what` they are. */
export function createContext(security: Security, identity?: Identity, what = 'security'): nodeTls.SecureContext {
	try {
		return nodeTls.createSecureContext(contextOptions(security, identity));
	} catch (cause) {
		const message = `\`${what}\` cannot be used (${(cause as Error).message}); cert, key and ca are PEM, and key belongs to cert`;
		throw new PostSocketsError('bad-argument', message, { cause });
	}
}

export function contextOptions(security: Security, identity: Identity | undefined): nodeTls.SecureContextOptions {
	const { ca, preSharedKey, clientCertificates, groups, signatureAlgorithms, cachedSessionLifetimeSeconds } = security;
	const [minVersion, maxVersion] = versions(security);
	const ciphers = ciphersOf(security);
	return {
		// Nobody is trusted beside a pre-shared key: OpenSSL then refuses whatever certificate is shown.
		...(preSharedKey !== undefined ? { ca: [] } : ca !== undefined && { ca: [ca].flat().map(pemOf) }),
		...(identity && { cert: pemOf(identity.cert), key: pemOf(identity.key) }),
		...(ciphers !== undefined && { ciphers: ciphers.join(':') }),
		...(groups !== undefined && { ecdhCurve: groups.join(':') }),
		...(signatureAlgorithms !== undefined && { sigalgs: signatureAlgorithms.join(':') }),
		...(!resumes(security) && { secureOptions: constants.SSL_OP_NO_TICKET }),
		...(preSharedKey !== undefined && { dhparam: 'auto' }),
		...(cachedSessionLifetimeSeconds && {
			sessionTimeout: Math.min(Math.ceil(cachedSessionLifetimeSeconds), longestLifetime),
		}),
		// OpenSSL resumes no session of who was asked for a certificate without one; listeners differ by their ticket keys.
		...(clientCertificates !== undefined && { sessionIdContext: 'post-sockets' }),
		minVersion,
		maxVersion,
	};
}

/** Whether sessions may be resumed: not where the peer is to be looked at each time. */
export function resumes(security: Security): boolean {
	const { preSharedKey, trust, maxCachedSessions, cachedSessionLifetimeSeconds } = security;
	if (maxCachedSessions === 0 || cachedSessionLifetimeSeconds === 0) return false;
	return preSharedKey === undefined && trust === undefined;
}

/** RFC 7301 §3.1 */
export function alpnOf({ alpn }: Security): { ALPNProtocols?: string[] } {
	return alpn === undefined ? {} : { ALPNProtocols: [...alpn] };
}

export function plainHex(fingerprint: string): string {
	return fingerprint.replaceAll(':', '').toLowerCase();
}

/** Throws `bad-argument` for a key that can be guessed (RFC 9257 §6), or that OpenSSL does not take. */
export function checkKeyLength(key: Uint8Array): Uint8Array {
	if (key instanceof Uint8Array && key.length >= 16 && key.length <= 256) return key;
	throw badArgument('a pre-shared key is a Uint8Array of 16 to 256 random bytes');
}

/** OpenSSL ignores what is no certificate, and DER. */
function checkAuthorities(authorities: readonly Pem[]): void {
	if (authorities.length === 0) {
		throw badArgument('`ca` is empty: nobody would be trusted; leave it out for the authorities of the system');
	}
	for (const authority of authorities) {
		const text = isPem(authority) ? Buffer.from(authority as Uint8Array).toString('latin1') : '';
		if (/-----BEGIN [\w ]*CERTIFICATE-----/.test(text)) continue;
		throw badArgument('`ca` is PEM: it has lines "-----BEGIN CERTIFICATE-----"');
	}
}

export const versionNames = { tls_1_2: 'TLSv1.2', tls_1_3: 'TLSv1.3' } as const;

/** RFC 8446 §4.6.1 */
const longestLifetime = 604_800;

/** With SHA-256, as OpenSSL assumes of external keys (RFC 8446 §4.2.11), and with forward secrecy. */
const preSharedKeyCiphers = [
	'TLS_AES_128_GCM_SHA256',
	'TLS_CHACHA20_POLY1305_SHA256',
	'ECDHE-PSK-CHACHA20-POLY1305',
	'DHE-PSK-AES128-GCM-SHA256',
	'DHE-PSK-AES256-GCM-SHA384',
	'ECDHE-PSK-AES128-CBC-SHA256',
];

function ciphersOf({ ciphers, preSharedKey }: Security): readonly string[] | undefined {
	return ciphers ?? (preSharedKey === undefined ? undefined : preSharedKeyCiphers);
}

/** Those that are allowed, and that `ciphers` leaves something for: node would keep its own of TLS 1.3. */
function versions({ allowedSecurityProtocols: allowed = ['tls_1_2', 'tls_1_3'], ciphers }: Security) {
	const spoken = allowed
		.filter((version) => !ciphers || ciphers.some((name) => isOf13(name) === (version === 'tls_1_3')))
		.map((version) => versionNames[version])
		.sort();
	return [spoken.at(0)!, spoken.at(-1)!] as const;
}

function isOf13(cipher: string): boolean {
	return cipher.startsWith('TLS_');
}

function checkPreSharedKey(security: Security, side: 'initiate' | 'listen'): void {
	const { preSharedKey, cert, ca, pin, identities, clientCertificates } = security;
	for (const [name, value] of Object.entries({ cert, ca, pin, identities, clientCertificates })) {
		if (value !== undefined) throw badArgument(`\`preSharedKey\` stands for certificates: leave out \`${name}\``);
	}
	if (typeof preSharedKey === 'function') {
		if (side === 'listen') return;
		throw badArgument('who initiates says its `preSharedKey: { identity, key }`; only a listener looks keys up');
	}
	if (typeof preSharedKey?.identity !== 'string') throw badArgument('`preSharedKey` is `{ identity, key }`');
	const length = Buffer.byteLength(preSharedKey.identity);
	if (length < 1 || length > 128)
		throw badArgument(`the identity of a pre-shared key has 1 to 128 bytes, not ${length}`);
	checkKeyLength(preSharedKey.key);
}

function checkLists(security: Security): void {
	const { alpn = [], allowedSecurityProtocols: allowed, ciphers } = security;
	for (const name of checkTexts('alpn', alpn)) {
		const length = Buffer.byteLength(name);
		if (length < 1 || length > 255) throw badArgument(`an ALPN name has 1 to 255 bytes, not ${length}`);
	}
	checkList('allowedSecurityProtocols', allowed, (name) => Object.hasOwn(versionNames, name));
	checkList('ciphers', ciphers, (name) => nodeTls.getCiphers().includes(name.toLowerCase()));
	for (const name of ['groups', 'signatureAlgorithms'] as const) {
		checkList(name, security[name], (one) => /^\w[\w-]*$/.test(one) && isTaken({ [name]: [one] }));
	}
	if (versions(security)[0] === undefined) {
		throw badArgument('`ciphers` has none of the `allowedSecurityProtocols`: those of TLS 1.3 begin with "TLS_"');
	}
}

function checkList(name: string, list: readonly string[] | undefined, isKnown: (name: string) => boolean): void {
	if (list === undefined) return;
	if (checkTexts(name, list).length === 0)
		throw badArgument(`\`${name}\` is empty: no handshake could succeed; leave it out for the defaults`);
	for (const one of list) if (!isKnown(one)) throw badArgument(`\`${name}\`: "${one}" is not known to this OpenSSL`);
}

function checkTexts(name: string, list: readonly string[]): readonly string[] {
	if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
	throw badArgument(`\`${name}\` is a list of strings`);
}

/** OpenSSL does not list the groups and algorithms it has. */
export function isTaken(security: Security): boolean {
	try {
		nodeTls.createSecureContext(contextOptions(security, undefined));
		return true;
	} catch {
		return false;
	}
}

function checkCache(security: Security): void {
	for (const name of ['maxCachedSessions', 'cachedSessionLifetimeSeconds'] as const) {
		const { [name]: value = 0 } = security;
		if (typeof value !== 'number' || !(value >= 0))
			throw badArgument(`${name} is ${String(value)}; it is a number from 0`);
	}
}

function isPem(value: unknown): value is Pem {
	return typeof value === 'string' || value instanceof Uint8Array;
}

function pemOf(pem: Pem): string | Buffer {
	return typeof pem === 'string' ? pem : Buffer.from(pem);
}
