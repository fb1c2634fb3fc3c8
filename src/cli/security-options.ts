/** The options that say how to be secured, and whom to trust. */

import { readFileSync } from 'node:fs';
import type { Security } from '../entry/index.ts';
import { type Given, type Options, UsageError } from './command.ts';

export const keyOptions: Options = {
	cert: { type: 'string', value: 'FILE', help: 'show this certificate, PEM with its chain; needs --key' },
	key: { type: 'string', value: 'FILE', help: 'the private key of --cert, PEM' },
	alpn: { type: 'string', value: 'P,..', help: 'application protocols in order of preference, as in h2,http/1.1' },
};

export const trustOptions: Options = {
	ca: { type: 'string', value: 'FILE', help: 'trust these authorities instead of the system’s, PEM' },
	pin: {
		type: 'string',
		value: 'SHA256',
		multiple: true,
		help: 'trust only the certificate with this fingerprint, whoever signed it; may be repeated',
	},
	'server-name': {
		type: 'string',
		value: 'NAME',
		help: 'the name the certificate must carry, if it is not that of the target',
	},
};

/** Throws `UsageError` for what cannot be read or cannot be meant. */
export function securityOf(given: Given): Security {
	const [cert, key, ca] = [given.text('cert'), given.text('key'), given.text('ca')];
	if ((cert === undefined) !== (key === undefined)) {
		const [there, missing] = cert === undefined ? ['--key', '--cert'] : ['--cert', '--key'];
		throw new UsageError(`${there} needs ${missing} beside it; write --cert FILE --key FILE`);
	}
	const pins = given.texts('pin').map(checkPin);
	return {
		cert: cert && readPem('--cert', cert, 'CERTIFICATE'),
		key: key && readPem('--key', key, 'PRIVATE KEY'),
		ca: ca && readPem('--ca', ca, 'CERTIFICATE'),
		pin: pins.length > 0 ? pins : undefined,
		alpn: given.text('alpn')?.split(',').filter(Boolean),
		serverName: given.text('server-name'),
	};
}

/** Security that was asked for is never silently left out: throws `UsageError` if `scheme` is plain. */
export function checkScheme(given: Given, scheme: string | undefined, text: string): void {
	if (scheme !== 'tcp' && scheme !== 'unix') return;
	const asked = ['cert', 'key', 'ca', 'pin', 'alpn', 'server-name', 'self-signed'].filter((name) => given.flag(name));
	if (asked.length === 0) return;
	const instead = scheme === 'tcp' ? text.replace(/^tcp:\/\//i, '') : 'host:port';
	throw new UsageError(
		`${text} is without security, but --${asked[0]} asks for it; write ${instead}, or leave --${asked[0]} out`,
	);
}

function checkPin(pin: string): string {
	if (/^([0-9a-f]{2}:?){32}$/i.test(pin)) return pin;
	throw new UsageError(`--pin takes the SHA-256 fingerprint of a certificate, 64 hexadecimal digits, not "${pin}"`);
}

function readPem(option: string, path: string, what: string): string {
	let text: string;
	try {
		text = readFileSync(path, 'utf8');
	} catch (error) {
		throw new UsageError(`${option} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
	}
	if (new RegExp(`^-----BEGIN [A-Z ]*${what}-----`, 'm').test(text)) return text;
	throw new UsageError(`${option} takes a PEM file with "-----BEGIN ${what}-----"; ${path} has none`);
}
