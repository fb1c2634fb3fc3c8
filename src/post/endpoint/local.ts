/** A Local: where a carrier comes from or a listener stands (P-64). An immutable value. */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { formatSocketAddress } from '../../base/socket-address.ts';
import { defaultStack, stackAt } from '../../stack/registry.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Identity } from '../policy/security.ts';
import { checkHostName, parseTarget } from './grammar.ts';
import { hostAddresses } from './host-addresses.ts';

export type LocalLike = string | Local | LocalInit;

export interface LocalInit {
	readonly scheme?: string | undefined;
	/** A name of this host, to listen on all its addresses: `localhost`. */
	readonly hostName?: string | undefined;
	readonly address?: string | IpAddress | undefined;
	/** 0 to 65535; 0, the default, takes a free one. */
	readonly port?: number | undefined;
	/** The path of a Unix socket. */
	readonly path?: string | undefined;
	/** Only this network interface, by its name. */
	readonly interface?: string | undefined;
	/** The provisioning domains it is in (RFC 7556), by name, for a policy's `pvd`; stacks cannot tell. Default: not known. */
	readonly pvds?: readonly string[] | undefined;
	/** Who one is there: it counts as the `cert` and `key` of the security, of which it may not differ. Default: nobody. */
	readonly identity?: Identity | undefined;
	/** The stack, or the name it is mounted under. Default: the default stack. */
	readonly stack?: Stack | string | undefined;
}

export class Local {
	readonly scheme: string | undefined;
	readonly hostName: string | undefined;
	readonly address: IpAddress | undefined;
	readonly port: number;
	readonly path: string | undefined;
	readonly interface: string | undefined;
	readonly pvds: readonly string[] | undefined;
	readonly identity: Identity | undefined;
	readonly stack: Stack;

	/** Throws `bad-argument` for what cannot be an endpoint. Nothing is resolved or bound. */
	constructor(init: LocalInit) {
		const { scheme, hostName, address, port = 0, path, stack } = init;
		if (!Number.isInteger(port) || port < 0 || port > 65_535) throw badArgument(`${port} is no port; 0 to 65535 are`);
		this.scheme = path === undefined ? scheme : 'unix';
		this.hostName = hostName === undefined ? undefined : checkHostName(hostName);
		this.address = typeof address === 'string' ? IpAddress.parse(address) : address;
		this.port = port;
		this.path = path;
		this.interface = init.interface;
		this.pvds = init.pvds && [...init.pvds];
		this.identity = init.identity && checkIdentity(init.identity);
		this.stack = stack === undefined ? defaultStack() : typeof stack === 'string' ? stackAt(stack) : stack;
	}

	/** A Local from anything that names one. Throws `bad-argument`. */
	static from(like: LocalLike = {}): Local {
		if (like instanceof Local) return like;
		return new Local(typeof like === 'string' ? parseTarget(like) : like);
	}

	/**
	 * More specific Locals, one for each address that its interfaces have now, as far as it names the address, the host or
	 * the interface; may be none. Repeatable: one with an address and its interface gives itself. So does a path, and on a
	 * stack that does not tell its interfaces all but a host. Rejects as `remote.resolve()` does.
	 */
	async resolve({
		signal = new AbortController().signal,
	}: {
		readonly signal?: AbortSignal | undefined;
	} = {}): Promise<Local[]> {
		const { stack, path, hostName } = this;
		if (path !== undefined) return [this];
		const named = hostName === undefined ? undefined : await hostAddresses(hostName, stack, signal);
		const specific = (address: IpAddress, name = this.interface) =>
			new Local({ ...this, hostName: undefined, address, interface: name });
		if (!stack.interfaces) return named?.map((address) => specific(address)) ?? [this];
		const means = (own: IpAddress) => named?.some((each) => isSame(each, own)) ?? this.#means(own);
		return stack
			.interfaces()
			.filter(({ name }) => this.interface === undefined || this.interface === name)
			.flatMap(({ name, addresses }) => addresses.filter(means).map((own) => specific(own, name)));
	}

	#means(own: IpAddress): boolean {
		const { address } = this;
		if (address === undefined) return true;
		return address.isUnspecified ? address.family === own.family : isSame(address, own);
	}

	toString(): string {
		if (this.path !== undefined) return formatSocketAddress({ path: this.path });
		const host = this.hostName ?? (this.address?.family === 6 ? `[${this.address}]` : this.address) ?? '*';
		return `${this.scheme === undefined ? '' : `${this.scheme}://`}${host}:${this.port}`;
	}
}

/** A zone that is not named may be any. */
function isSame(named: IpAddress, own: IpAddress): boolean {
	return named.equals(named.zone === undefined ? own.withZone(undefined) : own);
}

function checkIdentity({ cert, key }: Identity): Identity {
	if ([cert, key].every((pem) => typeof pem === 'string' || pem instanceof Uint8Array)) return { cert, key };
	throw badArgument('an identity is `{ cert, key }`, both of them, as PEM');
}
