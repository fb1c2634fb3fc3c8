/** What one asks of `initiate` and `fork`. */

import type { LocalLike } from '../endpoint/local.ts';
import type { Protocol } from '../message/protocol.ts';
import type { Policy } from '../policy/policy.ts';
import type { Security } from '../policy/security.ts';
import type { Prefer } from '../race/prefer.ts';
import type { RaceLimits, RaceTiming, RacingMode } from '../race/timing.ts';
import type { CarrierLimits } from './limits.ts';
import type { ReconnectOptions } from './reconnect.ts';

/** How a carrier is made, to whomever. */
export interface CarrierMaking<In, Out> {
	/** What the two ends agree on. Default: bare bytes; of a fork, what its parent speaks. */
	readonly protocol?: Protocol<In, Out> | undefined;
	/** What is wanted of the transport and its paths, by the names of RFC 9622. Default: reliable, in order. */
	readonly policy?: Policy | undefined;
	/** Milliseconds for the whole establishment, names and handshakes included. Default 30000. */
	readonly timeout?: number | undefined;
	/** Of the establishment. */
	readonly signal?: AbortSignal | undefined;
	/** Connect at the first message instead of now. Default false. */
	readonly lazy?: boolean | undefined;
	/** Sent first of all, as soon as the connection is ready. */
	readonly first?: Out | undefined;
	/**
	 * When the connection is lost, make another: `{}` takes the defaults. Only what was not handed down yet, or is
	 * `safelyReplayable`, moves over to it; other sendings and requests fail. The peer's orderly end counts as a loss too,
	 * for a server that restarts says goodbye. Default: the loss closes the carrier.
	 */
	readonly reconnect?: ReconnectOptions | undefined;
	/** How candidates are started. Default `staggered`. */
	readonly racing?: RacingMode | undefined;
	/** A rule of one's own that ranks candidates, in place of speed and preference. It drops none. */
	readonly prefer?: Prefer | undefined;
	readonly timing?: Partial<RaceTiming> | undefined;
	/**
	 * If no secure transport is spoken at the remote, go on without. Only for remotes named without a scheme; never when
	 * a certificate was refused. The report says when it happened. Default false.
	 */
	readonly allowPlaintext?: boolean | undefined;
	/** Milliseconds that `close` may take. Default 5000. */
	readonly closeTimeout?: number | undefined;
	readonly limits?: Partial<CarrierLimits & RaceLimits> | undefined;
}

export interface InitiateOptions<In, Out> extends CarrierMaking<In, Out> {
	readonly security?: Security | Promise<Security> | undefined;
	/** Where to come from: one path, or several to race, the preferred first. Default: the default stack. */
	readonly local?: LocalLike | readonly LocalLike[] | undefined;
}

/** What a fork may have otherwise than its parent: selection properties are those of the association. */
export type ForkOptions<In, Out> = Omit<CarrierMaking<In, Out>, 'policy'> & {
	/** Its own rank in the group, `connPriority`; every other connection property is the group's. */
	readonly priority?: number | undefined;
};
