import { IpAddress } from '../base/address.ts';
import { badArgument } from '../base/errors.ts';
import { type IpEndpoint, parsePort } from '../base/socket-address.ts';
import { canonicalName } from '../wire/dns/name.ts';

/** Servers and search domains that are used; further ones are ignored in a file and refused from a caller. */
export const mostServers = 64;
export const mostSearch = 32;

/** What resolv.conf(5) allows of its options; times in milliseconds. */
export const mostDots = 15;
export const longestTimeout = 30_000;
export const mostAttempts = 5;

export interface ResolvConf {
	readonly servers: readonly IpEndpoint[];
	/** Canonical names. */
	readonly search: readonly string[];
	/** Undefined where the file does not say. */
	readonly ndots: number | undefined;
	/** Milliseconds. */
	readonly timeout: number | undefined;
	readonly attempts: number | undefined;
}

/**
 * The content of a resolv.conf: `nameserver`, also with a port as in `parseServer`, `search`, `domain`, and of `options`
 * ndots, timeout and attempts, cut to what resolv.conf(5) allows. Everything else is ignored. Without a server it is
 * this host's (127.0.0.1). Its properties are options of `stubResolver`.
 */
export function parseResolvConf(text: string): ResolvConf {
	const servers: IpEndpoint[] = [];
	let search: string[] = [];
	const options = new Map<string, number>();
	for (const line of text.split('\n')) {
		const [keyword, ...words] = line.trimEnd().split(/[ \t]+/);
		if (keyword === 'nameserver') {
			const server = tryParseServer(words[0] ?? '');
			if (server && servers.length < mostServers) servers.push(server);
		} else if (keyword === 'search' || keyword === 'domain') {
			const domains = keyword === 'domain' ? words.slice(0, 1) : words;
			search = domains
				.map(canonicalName)
				.filter((name) => name !== undefined)
				.slice(0, mostSearch);
		} else if (keyword === 'options') {
			for (const word of words) {
				const [, name, digits] = /^(ndots|timeout|attempts):(\d+)$/.exec(word) ?? [];
				if (name !== undefined) options.set(name, Number(digits));
			}
		}
	}
	const timeout = options.get('timeout');
	return {
		servers: servers.length > 0 ? servers : [{ address: IpAddress.loopback4, port: 53 }],
		search,
		ndots: cut(options.get('ndots'), 0, mostDots),
		timeout: timeout === undefined ? undefined : cut(timeout * 1000, 1000, longestTimeout),
		attempts: cut(options.get('attempts'), 1, mostAttempts),
	};
}

/** Reads `192.0.2.53`, `2001:db8::53`, `fe80::1%eth0`, `192.0.2.53:5353`, `[2001:db8::53]:5353`. Throws `bad-argument`. */
export function parseServer(text: string): IpEndpoint {
	const server = tryParseServer(text);
	if (server) return server;
	throw badArgument(
		`"${text}" is no DNS server; write 192.0.2.53, 2001:db8::53, 192.0.2.53:5353 or [2001:db8::53]:5353`,
	);
}

function tryParseServer(text: string): IpEndpoint | undefined {
	const [, v6, v4, digits] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(text) ?? [];
	const address = IpAddress.tryParse(v6 ?? v4 ?? text);
	const port = digits === undefined ? 53 : parsePort(digits);
	if (!address || !port || (v6 !== undefined && address.family !== 6)) return undefined;
	return { address, port };
}

function cut(value: number | undefined, least: number, most: number): number | undefined {
	return value === undefined ? undefined : Math.min(Math.max(value, least), most);
}
