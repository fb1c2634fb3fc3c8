/** A Local: where a carrier comes from or a listener stands (P-64). An immutable value. */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { formatSocketAddress } from '../../base/socket-address.ts';
import { defaultStack, stackAt } from '../../stack/registry.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Identity } from '../policy/security.ts';
import { checkHostName, parseTarget } from './grammar.ts';

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

	toString(): string {
		if (this.path !== undefined) return formatSocketAddress({ path: this.path });
		const host = this.hostName ?? (this.address?.family === 6 ? `[${this.address}]` : this.address) ?? '*';
		return `${this.scheme === undefined ? '' : `${this.scheme}://`}${host}:${this.port}`;
	}
}

function checkIdentity({ cert, key }: Identity): Identity {
	if (cert !== undefined && key !== undefined) return { cert, key };
	throw badArgument('an identity is `{ cert, key }`, both of them');
}
