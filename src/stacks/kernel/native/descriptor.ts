/** The descriptors of node's sockets, which node does not document. Undefined when closed, and where they are not as expected. */

import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket as TcpSocket } from 'node:net';

interface Handle {
	readonly fd?: number;
}

export function tcpDescriptor(socket: TcpSocket): number | undefined {
	return open((socket as { _handle?: Handle | null })._handle);
}

/** `socket._handle` would do too, but warns of itself. */
export function udpDescriptor(socket: UdpSocket): number | undefined {
	const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
	const state = key && (socket as unknown as Record<symbol, { handle?: Handle | null }>)[key];
	return open(state?.handle);
}

/** Asked anew each time: a number that was closed is soon somebody else's. */
function open(handle: Handle | null | undefined): number | undefined {
	const descriptor = handle?.fd;
	return descriptor !== undefined && descriptor >= 0 ? descriptor : undefined;
}
