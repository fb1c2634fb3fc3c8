/** Where in its life a carrier is, and what it tells of itself. */

import type { PostSocketsError } from '../../base/errors.ts';
import type { InterfaceChange } from '../../stack/stack.ts';
import type { Path } from './path.ts';
import type { Transient } from './transient.ts';

/**
 * `dormant`: without a connection, to have one at the next message or try. `closing`: nothing more can be sent, what was
 * is flushed.
 */
export type CarrierState = 'dormant' | 'establishing' | 'active' | 'closing' | 'closed';

export interface CloseReason {
	/** Who ended it. */
	readonly by: 'local' | 'remote';
	/** Why, if it was not in good order; then messages may be lost. */
	readonly error: PostSocketsError | undefined;
}

/** What `observe` tells of. */
export interface CarrierEvents {
	/** A connection stands. */
	readonly active: Transient;
	/** There is no connection, why, and another is to come. */
	readonly dormant: PostSocketsError;
	/** A transient came or went. */
	readonly transient: { readonly transient: Transient; readonly up: boolean };
	/** The interfaces of the stack have changed; `path.lost` says whether this path went with them. */
	readonly path: { readonly path: Path; readonly change: InterfaceChange };
	/** A message was handed down, by its `id`. */
	readonly sent: { readonly id: number };
	/** The peer's system has acknowledged a message; told only where somebody can tell. */
	readonly acked: { readonly id: number };
	/** A message was dropped because it would have come too late. */
	readonly expired: { readonly id: number };
	/** A message will not be sent. */
	readonly sendError: { readonly id: number; readonly error: PostSocketsError };
	/** The network, or a malformed datagram; nothing ends by it. */
	readonly softError: PostSocketsError;
	readonly closed: CloseReason;
}
