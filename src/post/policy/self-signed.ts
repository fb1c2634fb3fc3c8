/**
 * A certificate for development, made on the spot: ECDSA P-256, self-signed, as RFC 5280 §4.1 wants it. Keys and the
 * signature are node:crypto's; this file only writes the one shape of certificate down in DER.
 */

import { createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { IpAddress } from '../../base/address.ts';
import { concat } from '../../base/bytes.ts';
import { wallTime } from '../../base/clock.ts';

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
 * the initiator as `security: { pin }`.
 */
export function selfSigned({
	names = ['localhost', '127.0.0.1', '::1'],
	days = 30,
}: SelfSignedOptions = {}): SelfSigned {
	const { privateKey, publicKey } = generateKeyPairSync('ec', {
		namedCurve: 'P-256',
		publicKeyEncoding: { type: 'spki', format: 'der' },
		privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
	});
	const from = new Date(wallTime().getTime() - day / 24);
	const until = new Date(from.getTime() + days * day);
	const serial = randomBytes(16);
	serial[0]! &= 0x7f;
	const certificate = sequence(
		tagged(0xa0, integer(Uint8Array.of(2))),
		integer(serial),
		ecdsaWithSha256,
		commonName(names[0] ?? 'localhost'),
		sequence(time(from), time(until)),
		commonName(names[0] ?? 'localhost'),
		publicKey,
		tagged(0xa3, sequence(basicConstraints, subjectAltName(names))),
	);
	const signature = sign('sha256', certificate, createPrivateKey(privateKey));
	const cert = pem(sequence(certificate, ecdsaWithSha256, bitString(signature)));
	return { cert, key: privateKey, fingerprint: new X509Certificate(cert).fingerprint256 };
}

/** DER: a tag, the length in the shortest form, the contents (X.690 §8.1, §10.1). */
function tagged(tag: number, ...contents: Uint8Array[]): Uint8Array {
	const body = concat([new Uint8Array(0), ...contents]);
	const { length } = body;
	const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
	return concat([Uint8Array.of(tag, ...size), body]);
}

function sequence(...items: Uint8Array[]): Uint8Array {
	return tagged(0x30, ...items);
}

/** A positive number, in as few bytes as can be. */
function integer(bytes: Uint8Array): Uint8Array {
	return tagged(0x02, bytes[0] === 0 ? Uint8Array.of(1, ...bytes.subarray(1)) : bytes);
}

function bitString(bytes: Uint8Array): Uint8Array {
	return tagged(0x03, Uint8Array.of(0), bytes);
}

function oid(...bytes: number[]): Uint8Array {
	return tagged(0x06, Uint8Array.from(bytes));
}

/** GeneralizedTime would only be for years from 2050 on (RFC 5280 §4.1.2.5). */
function time(date: Date): Uint8Array {
	const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '');
	const [tag, text] = date.getUTCFullYear() < 2050 ? [0x17, digits.slice(2)] : [0x18, digits];
	return tagged(tag as number, new TextEncoder().encode(text as string));
}

function commonName(name: string): Uint8Array {
	const value = tagged(0x0c, new TextEncoder().encode(name.slice(0, 64)));
	return sequence(tagged(0x31, sequence(oid(0x55, 0x04, 0x03), value)));
}

function subjectAltName(names: readonly string[]): Uint8Array {
	const general = names.map((name) => {
		const address = IpAddress.tryParse(name);
		return address ? tagged(0x87, address.bytes) : tagged(0x82, new TextEncoder().encode(name));
	});
	return sequence(oid(0x55, 0x1d, 0x11), tagged(0x04, sequence(...general)));
}

const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

/** Critical, CA: so that it may also be trusted as its own authority. */
const basicConstraints = sequence(
	oid(0x55, 0x1d, 0x13),
	tagged(0x01, Uint8Array.of(0xff)),
	tagged(0x04, sequence(tagged(0x01, Uint8Array.of(0xff)))),
);

function pem(der: Uint8Array): string {
	const lines = Buffer.from(der)
		.toString('base64')
		.match(/.{1,64}/g)!;
	return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
