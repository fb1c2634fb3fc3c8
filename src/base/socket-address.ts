/** Where one end of a flow is: an IP address with a port, or the path of a Unix socket. Plain data. */

import { IpAddress } from './address.ts';
import { badArgument } from './errors.ts';

export interface IpEndpoint {
	readonly address: IpAddress;
	/** 0 to 65535; 0 asks a listener for a free one. */
	readonly port: number;
}

export interface UnixEndpoint {
	/** A path of the file system; a leading NUL byte names Linux's abstract space. */
	readonly path: string;
}

export type SocketAddress = IpEndpoint | UnixEndpoint;

export function isUnix(address: SocketAddress): address is UnixEndpoint {
	return 'path' in address;
}

/** `192.0.2.1:443`, `[2001:db8::1]:443`, `unix:/run/x`, `unix:@abstract`; the file `@x` is written `unix:./@x`. */
export function formatSocketAddress(end: SocketAddress): string {
	if (isUnix(end)) return `unix:${end.path.replace(/^@/, './@').replace(/^\0/, '@')}`;
	return end.address.family === 6 ? `[${end.address}]:${end.port}` : `${end.address}:${end.port}`;
}

/** The reverse of `formatSocketAddress`. Throws `bad-argument`. */
export function parseSocketAddress(text: string): SocketAddress {
	if (/^unix:./s.test(text)) return { path: text.slice(5).replace(/^@/, '\0') };
	const [, v6, v4, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
	const port = parsePort(digits);
	const address = IpAddress.tryParse(v6 ?? v4 ?? '');
	if (address === undefined || port === undefined || (address.family === 6) !== (v6 !== undefined)) {
		throw badArgument(`"${text}" is not a socket address; write 192.0.2.1:80, [2001:db8::1]:80 or unix:/path`);
	}
	return { address, port };
}

/** A decimal port from 0 to 65535, else undefined. */
export function parsePort(digits: string | undefined): number | undefined {
	if (digits === undefined || !/^\d{1,5}$/.test(digits)) return undefined;
	const port = Number(digits);
	return port <= 65_535 ? port : undefined;
}

/** The same place, port included. */
export function sameSocketAddress(a: SocketAddress, b: SocketAddress): boolean {
	if (isUnix(a) || isUnix(b)) return isUnix(a) && isUnix(b) && a.path === b.path;
	return a.port === b.port && a.address.equals(b.address);
}
