import type { Socket } from 'node:net';
import { IpAddress } from '../base/address.ts';
import type { IpEndpoint } from '../base/socket-address.ts';

export interface SocketEnds {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint;
}

/**
 * Both ends of a connected TCP socket. Undefined when the system does not know them any more, which is when the peer
 * has already reset the connection.
 */
export function socketEnds(socket: Socket): SocketEnds | undefined {
	const { localAddress, localPort, remoteAddress, remotePort } = socket;
	if (localAddress === undefined || localPort === undefined) return undefined;
	if (remoteAddress === undefined || remotePort === undefined) return undefined;
	return {
		local: { address: IpAddress.parse(localAddress), port: localPort },
		remote: { address: IpAddress.parse(remoteAddress), port: remotePort },
	};
}
