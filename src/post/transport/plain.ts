/** Transports that are the connection itself: TCP and Unix stream sockets. */

import { type Transport, type TransportFeatures, tcpFeatures, unixFeatures } from './transport.ts';

export const tcp: Transport = plain('tcp', tcpFeatures);

export const unix: Transport = plain('unix', unixFeatures);

function plain(name: string, features: TransportFeatures): Transport {
	return {
		name,
		features,
		async establish({ stack, address, local, interface: via, signal }) {
			const flow = await stack.connect!(address, { local, interface: via, signal });
			return { flow, security: undefined };
		},
		listen: ({ stack, address, ...options }) => stack.listen!(address, options),
		async accept(flow) {
			return { flow, security: undefined };
		},
	};
}
