/** Certificates for tests: an authority of this process, and what it issues. No file, no program, no network. */

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { IpAddress } from '../base/address.ts';
import { concat } from '../base/bytes.ts';
import { wallTime } from '../base/clock.ts';

export interface TestPki {
	/** The certificate of the authority, PEM. */
	readonly ca: string;
	issue(request: CertificateRequest): IssuedCertificate;
}

export interface CertificateRequest {
	/** Host names (`api.test`, `*.api.test`) and IP addresses; the first is the common name too. At least one. */
	readonly names: readonly string[];
	/** How long it is valid from now. Default 30. */
	readonly days?: number | undefined;
	/** It was valid for the `days` that ended yesterday. Default false. */
	readonly expired?: boolean | undefined;
}

/** Both PEM, as node:tls takes them. Good for servers and for clients. */
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
	const name = 'post-sockets test authority';
	const now = wallTime().getTime();

	function certificate(subject: string, keys: Keys, from: number, to: number, extensions: Uint8Array[]): string {
		const toBeSigned = sequence(
			tagged(0xa0, integer(Uint8Array.of(2))), // v3
			integer(positive(randomBytes(16))),
			ecdsaWithSha256,
			commonName(name),
			sequence(utcTime(from), utcTime(to)),
			commonName(subject),
			keys.spki,
			tagged(0xa3, sequence(...extensions, extension('2.5.29.14', tagged(0x04, keys.id)))),
		);
		const signature = sign('sha256', toBeSigned, authority.privateKey);
		return pem('CERTIFICATE', sequence(toBeSigned, ecdsaWithSha256, bits(0, signature)));
	}

	return {
		ca: certificate(name, authority, now - day, now + 3_650 * day, [
			extension('2.5.29.19', sequence(tagged(0x01, Uint8Array.of(0xff))), 'critical'), // basicConstraints: cA
			extension('2.5.29.15', bits(1, Uint8Array.of(0b0000_0110)), 'critical'), // keyUsage: keyCertSign, cRLSign
		]),
		issue({ names, days = 30, expired = false }) {
			const keys = newKeys();
			const to = expired ? now - day : now + days * day;
			const from = expired ? to - days * day : now - day;
			const cert = certificate(names[0]!, keys, from, to, [
				extension('2.5.29.19', sequence(), 'critical'),
				extension('2.5.29.15', bits(7, Uint8Array.of(0b1000_0000)), 'critical'), // keyUsage: digitalSignature
				extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))), // server, client
				extension('2.5.29.35', sequence(tagged(0x80, authority.id))), // authorityKeyIdentifier
				extension('2.5.29.17', sequence(...names.map(alternativeName))),
			]);
			return { cert, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
		},
	};
}

interface Keys {
	readonly privateKey: KeyObject;
	/** SubjectPublicKeyInfo, DER. */
	readonly spki: Uint8Array;
	/** Names the key in extensions. RFC 7093 §2 */
	readonly id: Uint8Array;
}

function newKeys(): Keys {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const spki = publicKey.export({ type: 'spki', format: 'der' });
	return { privateKey, spki, id: createHash('sha256').update(spki).digest().subarray(0, 20) };
}

// RFC 5280 §4.1 in DER (X.690), as little of it as certificates need.

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

function tagged(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
	const content = concat(contents);
	const { length } = content;
	const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
	return concat([Uint8Array.of(tag, ...header), content]);
}

function sequence(...contents: readonly Uint8Array[]): Uint8Array {
	return tagged(0x30, ...contents);
}

function integer(bytes: Uint8Array): Uint8Array {
	return tagged(0x02, bytes);
}

/** The first bit of an INTEGER is its sign, and its first byte must say something. */
function positive(bytes: Uint8Array): Uint8Array {
	return concat([Uint8Array.of((bytes[0]! & 0x7f) | 0x40), bytes.subarray(1)]);
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

function commonName(text: string): Uint8Array {
	return sequence(tagged(0x31, sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(text)))));
}

/** `YYMMDDHHMMSSZ`: good until 2049. */
function utcTime(milliseconds: number): Uint8Array {
	const digits = new Date(milliseconds).toISOString().replace(/\D/g, '').slice(2, 14);
	return tagged(0x17, Buffer.from(`${digits}Z`));
}

function extension(id: string, value: Uint8Array, critical?: 'critical'): Uint8Array {
	const flag = critical ? [tagged(0x01, Uint8Array.of(0xff))] : [];
	return sequence(oid(id), ...flag, tagged(0x04, value));
}

function alternativeName(name: string): Uint8Array {
	const address = IpAddress.tryParse(name);
	return address ? tagged(0x87, address.bytes) : tagged(0x82, Buffer.from(name));
}

function pem(label: string, der: Uint8Array): string {
	const lines =
		Buffer.from(der)
			.toString('base64')
			.match(/.{1,64}/g) ?? [];
	return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
