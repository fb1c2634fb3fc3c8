/** UDP (RFC 9623 §10.3): ready when the port is reserved, no packet sent; every message a datagram. */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { routeTo } from '../../stack/route.ts';
import type { BindOptions } from '../../stack/stack.ts';
import { DatagramFlow } from './datagram-flow.ts';
import { DatagramListener } from './datagram-listener.ts';
import { type Establishment, type Transport, udpFeatures } from './transport.ts';

export const udp: Transport = {
	name: 'udp',
	features: udpFeatures,

	async establish(establishment) {
		const remote = ipOf(establishment.address, 'initiate');
		if (remote.address.isMulticast) {
			throw badArgument(`${formatSocketAddress(remote)} is a multicast group: send to it by source()`, 'initiate');
		}
		return { flow: await openFlow(remote, establishment), security: undefined };
	},

	async listen({ stack, address, handler, amplification, signal }) {
		const local = ipOf(address, 'listen');
		if (local.address.isMulticast) {
			throw badArgument(`${formatSocketAddress(local)} is a multicast group: hear it by sink()`, 'listen');
		}
		if (amplification !== undefined && !(amplification > 0)) {
			throw badArgument(`amplification is ${amplification}; it is a number above 0, Infinity for no limit`, 'listen');
		}
		return new DatagramListener(await stack.bind!(local, { signal }), stack.clock, handler, amplification);
	},

	async accept(flow) {
		return { flow, security: undefined };
	},
};

/** A port of its own that sends to `remote` and hears nobody else. */
export async function openFlow(
	remote: IpEndpoint,
	{ stack, local, interface: via, signal }: Pick<Establishment, 'stack' | 'local' | 'interface' | 'signal'>,
	multicast: Pick<BindOptions, 'hopLimit' | 'interface' | 'loopback'> = {},
): Promise<DatagramFlow> {
	const any = remote.address.family === 6 ? IpAddress.any6 : IpAddress.any4;
	const route = routeTo(remote, { local, interface: via, signal }, () => stack.interfaces?.() ?? []);
	const from = route.local ?? { address: any, port: 0 };
	const port = await stack.bind!(from, { ...multicast, remote: route.remote, signal });
	const flow = new DatagramFlow({
		local: port.local,
		remote,
		send: (bytes, done) => port.send(bytes, undefined, done),
		close(closed) {
			port.handler = { ...port.handler, onClose: closed };
			port.close();
		},
		ref: () => port.ref(),
		unref: () => port.unref(),
	});
	port.handler = {
		onDatagram: (bytes) => flow.receive(bytes),
		onError: (error) => flow.softError(error),
		onClose: (error) => flow.gone(error),
	};
	return flow;
}

/** Throws `bad-argument` for the path of a Unix socket. */
export function ipOf(address: SocketAddress, operation: string): IpEndpoint {
	if (isUnix(address)) throw badArgument('UDP has IP addresses at both ends', operation);
	return address;
}
