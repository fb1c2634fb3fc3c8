/** A Remote: the service to reach, as specific as it is known (P-60 to P-63). An immutable value. */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { formatSocketAddress } from '../../base/socket-address.ts';
import { defaultStack } from '../../stack/registry.ts';
import type { Stack } from '../../stack/stack.ts';
import { checkHostName, parseTarget } from './grammar.ts';
import { hostAddresses } from './host-addresses.ts';
import { Local } from './local.ts';
import { servicePort } from './services.ts';

/** Anything that names a service; a list is alternatives of one service, the preferred first. */
export type RemoteLike = string | URL | Remote | RemoteInit | readonly RemoteLike[];

export interface RemoteInit {
	/** `tls`, `tcp`, `unix`; without it whatever is secure. */
	readonly scheme?: string | undefined;
	/** Resolved when a carrier is initiated, not before. With `addresses` only the name a certificate must carry. */
	readonly hostName?: string | undefined;
	/** Only these are tried, in this order but for alternating families. */
	readonly addresses?: readonly (string | IpAddress)[] | undefined;
	/** 1 to 65535. */
	readonly port?: number | undefined;
	/** An IANA service name instead of a port: `https`. */
	readonly service?: string | undefined;
	/** The path of a Unix socket; a leading NUL byte names Linux's abstract space. */
	readonly path?: string | undefined;
	/** The zone of link-local addresses that carry none (RFC 9622 §6.1.2); it pins nothing else. */
	readonly interface?: string | undefined;
	/** Other ways to reach the same service, each verified by its own name, tried after this one. */
	readonly alternatives?: RemoteLike | undefined;
}

export class Remote {
	readonly scheme: string | undefined;
	readonly hostName: string | undefined;
	readonly addresses: readonly IpAddress[];
	readonly port: number | undefined;
	readonly path: string | undefined;
	readonly alternatives: readonly Remote[];

	/** Throws `bad-argument` for what cannot be an endpoint. Nothing is resolved. */
	constructor(init: RemoteInit) {
		const { scheme, hostName, addresses = [], port, service, path } = init;
		if (port !== undefined && service !== undefined) throw badArgument('a Remote has a port or a service, not both');
		checkPath({ scheme, hostName, addresses, port, service, path });
		this.scheme = path === undefined ? scheme : 'unix';
		this.hostName = hostName === undefined ? undefined : checkHostName(hostName);
		this.addresses = addresses.map((address) => withZone(address, init.interface));
		this.port = path === undefined ? checkPort(port ?? portOf(service)) : undefined;
		this.path = path;
		this.alternatives = init.alternatives === undefined ? [] : flatten(init.alternatives);
		if (path === undefined && hostName === undefined && addresses.length === 0) {
			throw badArgument('a Remote needs a hostName, addresses or a path');
		}
	}

	/** A Remote from anything that names one. Throws `bad-argument`. */
	static from(like: RemoteLike): Remote {
		const [first, ...alternatives] = flatten(like);
		if (!first) throw badArgument('an empty list names no Remote');
		if (alternatives.length === 0) return first;
		return new Remote({ ...first, alternatives: [...first.alternatives, ...alternatives] });
	}

	/** This one and its alternatives, in order of preference. */
	get all(): readonly Remote[] {
		return [this, ...this.alternatives.flatMap((alternative) => alternative.all)];
	}

	/** Nothing is left to resolve. */
	get complete(): boolean {
		return this.path !== undefined || this.addresses.length > 0;
	}

	/**
	 * More specific Remotes, one per address now known, the alternatives' after this one's; may be none. Repeatable: a
	 * complete one gives itself. Rejects with `dns-timeout` or `dns-failed` if DNS gave no answer at all.
	 */
	async resolve({
		stack = defaultStack(),
		signal = new AbortController().signal,
	}: ResolveOptions = {}): Promise<Remote[]> {
		const all = await Promise.all(this.all.map((remote) => remote.#resolveAlone(stack, signal)));
		return all.flat();
	}

	async #resolveAlone(stack: Stack, signal: AbortSignal): Promise<Remote[]> {
		const { scheme, hostName, port, path } = this;
		const specific = (address: IpAddress) => new Remote({ scheme, hostName, port, addresses: [address] });
		if (path !== undefined) return [new Remote({ path })];
		const addresses = this.complete ? this.addresses : await hostAddresses(hostName!, stack, signal);
		return addresses.map(specific);
	}

	/** As it is written: `example.com:443`, `tcp://[2001:db8::1]:80`, `unix:/run/x`. */
	toString(): string {
		if (this.path !== undefined) return formatSocketAddress({ path: this.path });
		const [address] = this.addresses;
		const host = this.hostName ?? (address!.family === 6 ? `[${address}]` : `${address}`);
		return `${this.scheme === undefined ? '' : `${this.scheme}://`}${host}:${this.port}`;
	}
}

export interface ResolveOptions {
	/** Whose names. Default: the default stack. */
	readonly stack?: Stack | undefined;
	readonly signal?: AbortSignal | undefined;
}

function flatten(like: RemoteLike): Remote[] {
	if (like instanceof Remote) return [like];
	if (Array.isArray(like)) return (like as readonly RemoteLike[]).flatMap(flatten);
	if (typeof like === 'string') return [fromText(like)];
	if (like instanceof URL) return [fromText(textOf(like))];
	if (like instanceof Local) throw badArgument(`${like} is a Local, a place to come from; a Remote is where to go`);
	if (typeof like === 'object' && like !== null) return [new Remote(like as RemoteInit)];
	throw badArgument(`${String(like)} names no Remote; pass a string such as "example.com:443"`);
}

function fromText(text: string): Remote {
	const { scheme, hostName, address, port, path } = parseTarget(text);
	if (path === undefined && hostName === undefined && address === undefined) {
		throw badArgument(`"${text}" names no host to reach; only a local may leave it out`);
	}
	return new Remote({ scheme, hostName, addresses: address && [address], port, path });
}

/** A URL drops the default port of schemes it knows, and adds a path; neither is an endpoint's. */
function textOf({ protocol, host, port, pathname, href }: URL): string {
	if (protocol === 'unix:') return `unix:${decodeURIComponent(pathname)}`;
	const dropped = port === '' ? defaultPorts[protocol] : undefined;
	const text = dropped === undefined ? href : href.replace(`//${host}`, `//${host}:${dropped}`);
	return pathname === '/' ? text.replace(/\/$/, '') : text;
}

const defaultPorts: Readonly<Record<string, number>> = {
	'http:': 80,
	'https:': 443,
	'ws:': 80,
	'wss:': 443,
	'ftp:': 21,
};

/** One kind of place, so that nothing that was asked for is left out without a word. */
function checkPath({ scheme, path, ...ip }: RemoteInit): void {
	if (path === undefined) {
		if (scheme === 'unix') throw badArgument('a unix Remote needs a path');
		return;
	}
	if (scheme !== undefined && scheme !== 'unix')
		throw badArgument(`a Unix socket is not reached by ${scheme}: leave the scheme away`);
	const other = Object.entries(ip).find(
		([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
	);
	if (other) throw badArgument(`a Remote with a path has no ${other[0]}`);
}

function withZone(address: string | IpAddress, zone: string | undefined): IpAddress {
	const parsed = typeof address === 'string' ? IpAddress.parse(address) : address;
	return zone !== undefined && parsed.isLinkLocal && parsed.family === 6 && parsed.zone === undefined
		? parsed.withZone(zone)
		: parsed;
}

function portOf(service: string | undefined): number | undefined {
	if (service === undefined) return undefined;
	const port = servicePort(service);
	if (port === undefined) throw badArgument(`we do not know the port of the service "${service}"; give the port`);
	return port;
}

function checkPort(port: number | undefined): number {
	if (port === undefined) throw badArgument('a Remote needs a port or a service');
	if (!Number.isInteger(port) || port < 1 || port > 65_535) {
		throw badArgument(`${port} is no port to connect to; ports go from 1 to 65535`);
	}
	return port;
}
