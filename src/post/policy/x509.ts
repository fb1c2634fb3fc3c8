/**
 * X.509 certificates written down in DER (RFC 5280 §4.1, X.690): as little of it as a development certificate and a test
 * authority need. Keys and signatures are node:crypto's, ECDSA over P-256.
 */

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { IpAddress } from '../../base/address.ts';
import { concat } from '../../base/bytes.ts';

export interface Keys {
	readonly privateKey: KeyObject;
	/** SubjectPublicKeyInfo, DER. */
	readonly spki: Uint8Array;
	/** Names the key in extensions (RFC 7093 §2). */
	readonly id: Uint8Array;
	/** The private key as PEM, PKCS #8. */
	readonly pem: string;
}

export function newKeys(): Keys {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const spki = publicKey.export({ type: 'spki', format: 'der' });
	const id = createHash('sha256').update(spki).digest().subarray(0, 20);
	return { privateKey, spki, id, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

export interface CertificateContents {
	/** Common names. */
	readonly issuer: string;
	readonly subject: string;
	/** Of the subject. */
	readonly keys: Keys;
	/** Of the issuer. */
	readonly signer: KeyObject;
	readonly from: Date;
	readonly until: Date;
	readonly extensions: readonly Uint8Array[];
}

/** A version 3 certificate as PEM. */
export function writeCertificate({
	issuer,
	subject,
	keys,
	signer,
	from,
	until,
	extensions,
}: CertificateContents): string {
	const serial = randomBytes(16);
	serial[0] = (serial[0]! & 0x7f) | 0x40; // positive, and no shorter than it looks
	const toBeSigned = sequence(
		tagged(0xa0, tagged(0x02, Uint8Array.of(2))),
		tagged(0x02, serial),
		ecdsaWithSha256,
		commonName(issuer),
		sequence(time(from), time(until)),
		commonName(subject),
		keys.spki,
		tagged(0xa3, sequence(...extensions, extension('2.5.29.14', tagged(0x04, keys.id)))),
	);
	const der = sequence(toBeSigned, ecdsaWithSha256, bits(0, sign('sha256', toBeSigned, signer)));
	const lines =
		Buffer.from(der)
			.toString('base64')
			.match(/.{1,64}/g) ?? [];
	return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** RFC 5280 §4.2.1.9, critical. */
export function basicConstraints({ authority }: { readonly authority: boolean }): Uint8Array {
	return extension('2.5.29.19', authority ? sequence(yes) : sequence(), 'critical');
}

/** RFC 5280 §4.2.1.3, critical: what the key signs, certificates and revocations or handshakes. */
export function keyUsage(signs: 'certificates' | 'handshakes'): Uint8Array {
	const usage = signs === 'certificates' ? bits(1, Uint8Array.of(0b0000_0110)) : bits(7, Uint8Array.of(0b1000_0000));
	return extension('2.5.29.15', usage, 'critical');
}

/** RFC 5280 §4.2.1.12: which ends of a connection it is good for. */
export function extendedKeyUsage(...ends: readonly ('server' | 'client')[]): Uint8Array {
	const purposes = ends.map((end) => oid(end === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2'));
	return extension('2.5.29.37', sequence(...purposes));
}

/** RFC 5280 §4.2.1.1 */
export function authorityKey({ id }: Keys): Uint8Array {
	return extension('2.5.29.35', sequence(tagged(0x80, id)));
}

/** Host names, IP addresses and URIs it is for (RFC 5280 §4.2.1.6). */
export function alternativeNames(names: readonly string[]): Uint8Array {
	const general = names.map((name) => {
		const address = IpAddress.tryParse(name);
		if (address) return tagged(0x87, address.bytes);
		return tagged(name.includes('://') ? 0x86 : 0x82, Buffer.from(name));
	});
	return extension('2.5.29.17', sequence(...general));
}

const yes = tagged(0x01, Uint8Array.of(0xff));

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

/** A tag, the length in the shortest form, the contents (X.690 §10.1). */
function tagged(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
	const content = concat(contents);
	const { length } = content;
	const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
	return concat([Uint8Array.of(tag, ...header), content]);
}

function sequence(...contents: readonly Uint8Array[]): Uint8Array {
	return tagged(0x30, ...contents);
}

function bits(unused: number, bytes: Uint8Array): Uint8Array {
	return tagged(0x03, Uint8Array.of(unused), bytes);
}

function oid(text: string): Uint8Array {
	const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
	const septets = rest.flatMap((number) => {
		const groups = [number & 0x7f];
		for (let left = number >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
		return groups;
	});
	return tagged(0x06, Uint8Array.of(40 * first + second, ...septets));
}

/** At most 64 characters (RFC 5280, appendix A.1, ub-common-name). */
function commonName(name: string): Uint8Array {
	return sequence(tagged(0x31, sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(name.slice(0, 64))))));
}

/** UTCTime, and GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
function time(date: Date): Uint8Array {
	const digits = `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
	return date.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}

function extension(id: string, value: Uint8Array, critical?: 'critical'): Uint8Array {
	return sequence(oid(id), ...(critical ? [yes] : []), tagged(0x04, value));
}
