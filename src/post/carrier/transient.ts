/** A Transient (P-80): one live protocol instance under a carrier, for looking at. */

import { formatSocketAddress } from '../../base/socket-address.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Stack } from '../../stack/stack.ts';
import type { SecurityInfo } from '../policy/security.ts';
import type { Transport, TransportFeatures } from '../transport/transport.ts';
import { Path } from './path.ts';

export class Transient {
	/** `tls`, `tcp`, `unix`, `udp`. */
	readonly transport: string;
	/** What that transport gives. */
	readonly features: TransportFeatures;
	readonly stack: string;
	/** Both ends as text: `192.0.2.1:443`, `unix:/run/x`. */
	readonly local: string;
	readonly remote: string;
	readonly security: SecurityInfo | undefined;
	/** What it runs over; one, as long as no transport uses several. */
	readonly paths: readonly Path[];

	/** @internal `flow` is the connection itself, below what secures it. */
	constructor(
		{ name, features }: Transport,
		stack: Stack,
		flow: Flow,
		security: SecurityInfo | undefined,
		pvds?: readonly string[],
	) {
		this.transport = name;
		this.features = features;
		this.stack = stack.name;
		this.local = formatSocketAddress(flow.local);
		this.remote = formatSocketAddress(flow.remote);
		this.security = security;
		this.paths = [new Path(stack, flow, pvds)];
	}
}
