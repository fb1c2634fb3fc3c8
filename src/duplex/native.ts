/**
 * The native socket under a flow, for what is faster or only possible with it: node's TLS stays in C++ over a real
 * `net.Socket`, and a user who asks for the socket gets the socket.
 */

import type { Duplex } from 'node:stream';
import type { Flow } from '../stack/flow.ts';
import { FlowDuplex, type FlowDuplexOptions } from './flow-duplex.ts';

/** One and the same in two copies of this package. */
export const takeDuplex: unique symbol = Symbol.for('post-sockets.take-duplex.1');

/** An optional ability of a flow: to be replaced by the duplex it stands on. */
export interface DuplexOwner {
	/**
	 * Gives the duplex away, as node itself would have given it, or undefined if it cannot: a flow can only before the
	 * first `write`, `end` or `resume`. From then on it is no longer a flow: `abort` still destroys the duplex, all
	 * other calls do nothing, and its handler hears nothing, not even `onClose`.
	 */
	[takeDuplex](): Duplex | undefined;
}

/**
 * A flow as a `net.Socket`-shaped duplex: the native socket where there is one to take, else a `FlowDuplex`. The flow
 * must not be used any more.
 */
export function duplexOf(flow: Flow & Partial<DuplexOwner>, options: FlowDuplexOptions = {}): Duplex {
	const native = flow[takeDuplex]?.();
	if (native === undefined) return new FlowDuplex(flow, options);
	native.allowHalfOpen = options.allowHalfOpen ?? false;
	return native;
}
