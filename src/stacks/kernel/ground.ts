import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { DuplexFlow, type Reader } from '../../duplex/duplex-flow.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Libc } from './native/libc.ts';
import { TcpSocket } from './native/tcp-socket.ts';
import type { OpenThings } from './open-things.ts';

/** What the parts of one kernel stack share. */
export interface Ground {
	readonly things: OpenThings;
	/** How its flows read; undefined for 'data' events. */
	readonly reader: Reader | undefined;
	/** Looked for when it is needed first; it may not be there. */
	readonly libc: () => Libc | undefined;
}

/** The flow of a connected socket that is paused and has not read; it belongs to the stack until it has closed. */
export function flowOver(
	socket: Socket,
	ends: { readonly local: SocketAddress; readonly remote: SocketAddress },
	{ things, reader, libc }: Ground,
): Flow {
	const below = isUnix(ends.remote) ? undefined : (now: Duplex) => new TcpSocket(now as Socket, libc());
	const flow = new DuplexFlow(socket, { ...ends, reader, below, gone: () => gone() });
	const gone = things.add((reason) => flow.abort(reason));
	return flow;
}
