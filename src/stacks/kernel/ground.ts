import type { Socket } from 'node:net';
import type { SocketAddress } from '../../base/socket-address.ts';
import { DuplexFlow, type Reader } from '../../duplex/duplex-flow.ts';
import type { Flow } from '../../stack/flow.ts';
import type { OpenThings } from './open-things.ts';

/** What the parts of one kernel stack share. */
export interface Ground {
	readonly things: OpenThings;
	/** How its flows read; undefined for 'data' events. */
	readonly reader: Reader | undefined;
}

/** The flow of a connected socket that is paused and has not read; it belongs to the stack until it has closed. */
export function flowOver(
	socket: Socket,
	ends: { readonly local: SocketAddress; readonly remote: SocketAddress },
	{ things, reader }: Ground,
): Flow {
	const flow = new DuplexFlow(socket, { ...ends, reader, gone: () => gone() });
	const gone = things.add((reason) => flow.abort(reason));
	return flow;
}
