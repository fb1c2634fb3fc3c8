/** UDP (RFC 9623 §10.3): ready when the port is reserved, no packet sent; every message a datagram. */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { isUnix } from '../../base/socket-address.ts';
import { DatagramFlow } from './datagram-flow.ts';
import { DatagramListener } from './datagram-listener.ts';
import { type Transport, udpFeatures } from './transport.ts';

export const udp: Transport = {
	name: 'udp',
	features: udpFeatures,

	async establish({ stack, address, local, signal }) {
		if (isUnix(address)) throw badArgument('UDP connects to IP addresses', 'initiate');
		const any = address.address.family === 6 ? IpAddress.any6 : IpAddress.any4;
		const port = await stack.bind!(local ?? { address: any, port: 0 }, { remote: address, signal });
		const flow = new DatagramFlow({
			local: port.local,
			remote: address,
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
		return { flow, security: undefined };
	},

	async listen({ stack, address, handler, signal }) {
		if (isUnix(address)) throw badArgument('UDP listens on IP addresses', 'listen');
		return new DatagramListener(await stack.bind!(address, { signal }), stack.clock, handler);
	},

	async accept(flow) {
		return { flow, security: undefined };
	},
};
