/**
 * Multicast over UDP (RFC 9622 §6.1.1, RFC 9623 §10.5): one way each. Who sends to a group is no member of it and hears
 * nothing; who hears one has a flow of each sender, and answers nobody.
 */

import type { IpAddress } from '../../base/address.ts';
import { badArgument, PostSocketsError } from '../../base/errors.ts';
import type { Stack } from '../../stack/stack.ts';
import { DatagramListener } from './datagram-listener.ts';
import { type Transport, udpFeatures } from './transport.ts';
import { ipOf, openFlow, udp } from './udp.ts';

export interface GroupSending {
	/** Routers that a datagram may pass, plus one: 1 to 255. Default 1, the link alone. */
	readonly hopLimit?: number | undefined;
	/** Members on this host hear it as well. Default true. */
	readonly loopback?: boolean | undefined;
}

/** Sends to groups, by the interface of the establishment, of the group's zone, or of the system's choice. */
export function groupSource({ hopLimit, loopback }: GroupSending): Transport {
	return {
		...udp,
		features: { ...udpFeatures, direction: 'unidirectional-send' },
		async establish(establishment) {
			const group = ipOf(establishment.address, 'initiate');
			const via = establishment.interface ?? group.address.zone;
			const flow = await openFlow(group, { ...establishment, interface: via }, { hopLimit, loopback, interface: via });
			return { flow, security: undefined };
		},
	};
}

export interface GroupHearing {
	/** Hear this sender alone (source-specific multicast, RFC 4607). Default: all. */
	readonly source?: IpAddress | undefined;
	/** The name of the interface to join on. Default: the system's choice. */
	readonly interface?: string | undefined;
}

/** Joins groups, and leaves when the listener and its flows are closed. Others may have joined at the same address. */
export function groupSink({ source, interface: on }: GroupHearing): Transport {
	return {
		...udp,
		features: { ...udpFeatures, direction: 'unidirectional-receive' },
		async listen({ stack, address, handler, signal }) {
			const group = ipOf(address, 'listen');
			const joined = { address: group.address, source, interface: on };
			return new DatagramListener(await stack.bind!(group, { group: joined, signal }), stack.clock, handler);
		},
	};
}

/** Throws `bad-argument` for a group that is not named `udp://`, `no-candidates` for a stack without datagrams. */
export function checkGroup(scheme: string | undefined, stack: Stack, operation: string): void {
	if (scheme !== 'udp') {
		const said = scheme === undefined ? 'nothing secures it' : `not ${scheme}`;
		throw badArgument(`multicast goes over UDP, ${said}: name the group as udp://`, operation);
	}
	if (stack.bind) return;
	throw new PostSocketsError('no-candidates', `the stack ${stack.name} has no datagrams`, { operation });
}
