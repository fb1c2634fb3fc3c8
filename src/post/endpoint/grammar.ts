/**
 * How endpoints are written: `host:port`, `192.0.2.1:443`, `[2001:db8::1]:443`, `tcp://host:port`, `unix:/path`.
 * A URL's own rules are not ours: the port is never left out, and nothing follows it.
 */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { parsePort } from '../../base/socket-address.ts';
import { servicePort } from './services.ts';

export interface Target {
	/** The transport asked for; undefined for whatever is secure. */
	readonly scheme: string | undefined;
	readonly hostName?: string | undefined;
	readonly address?: IpAddress | undefined;
	readonly port?: number | undefined;
	readonly path?: string | undefined;
}

const forms = 'write host:port, [2001:db8::1]:port, tcp://host:port or unix:/path';

/** Throws `bad-argument`, with the form to write. `''` and `*` as the host mean every address, for a local. */
export function parseTarget(text: string): Target {
	const unix = /^unix:(?:\/\/)?(?!\/*$)(.+)$/is.exec(text);
	if (unix) return { scheme: 'unix', path: unix[1]!.replace(/^@/, '\0') };
	const [, scheme, rest = text] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? [];
	const trimmed = scheme === undefined ? rest : rest.replace(/\/$/, '');
	const [, v6, host, suffix] = /^(?:\[([^\]]*)\]|([^:[\]/?#@\s]*)):([^:/?#@\s]*)$/.exec(trimmed) ?? [];
	if (suffix === undefined) throw badArgument(`"${text}" is not an endpoint: ${why(trimmed)}; ${forms}`);
	const port = parsePort(suffix) ?? servicePort(suffix);
	if (port === undefined) {
		throw badArgument(`"${text}": "${suffix}" is neither a port from 0 to 65535 nor a service we know`);
	}
	const target = { scheme: scheme?.toLowerCase(), port };
	if (v6 !== undefined) {
		const address = IpAddress.tryParse(v6);
		if (address?.family !== 6) throw badArgument(`"${text}": between the brackets belongs an IPv6 address`);
		return { ...target, address };
	}
	if (host === '' || host === '*') return target;
	const address = IpAddress.tryParse(host!);
	if (address) return { ...target, address };
	return { ...target, hostName: checkHostName(host!) };
}

/** A name DNS can carry (RFC 1035 §2.3.4): labels of 1 to 63, 253 in all; a dot at the end is kept. */
export function checkHostName(name: string): string {
	if (IpAddress.tryParse(name)) throw badArgument(`"${name}" is an address, not a host name; give it as such`);
	const labels = name.replace(/\.$/, '').split('.');
	if (name.length > 254 || labels.some((label) => label.length === 0 || label.length > 63)) {
		throw badArgument(`"${name}" is no host name: labels have 1 to 63 characters, names at most 253`);
	}
	if (/^[0-9.]+$/.test(name) || /^0x[0-9a-f]+$/i.test(labels.at(-1)!)) {
		throw badArgument(`"${name}" looks like an IPv4 address but is none; write four decimal numbers from 0 to 255`);
	}
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
	if (/[\x00-\x20\x7f"'<>\\^`{|}%:/?#@[\]]/.test(name)) throw badArgument(`"${name}" has a character no host name has`);
	return name;
}

function why(text: string): string {
	if (/^[0-9a-f:.%]*:[0-9a-f:.%]*:[0-9a-z:.%]*$/i.test(text)) return 'an IPv6 address stands in brackets';
	if (/[/?#]/.test(text)) return 'nothing follows the port';
	return text.includes(':') ? 'one colon, before the port' : 'the port is missing';
}
