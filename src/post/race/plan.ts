/** What a race is told, what it says, and what an attempt is: the words between the machine and its runner. */

import type { IpAddress } from '../../base/address.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import type { SocketAddress } from '../../base/socket-address.ts';
import type { Answer } from '../../stack/resolver.ts';
import type { InterfaceType } from '../../stack/stack.ts';
import type { Endpoint, EndpointSource, Query } from './endpoints.ts';
import type { RaceLimits, RaceTiming, RacingMode } from './timing.ts';

export interface RacePath {
	/** Of its stack. */
	readonly name: string;
	/** The interface it is bound to; undefined where the stack chooses. */
	readonly interface?: string | undefined;
	readonly interfaceType?: InterfaceType | undefined;
	/** The address families it has, the preferred one first. */
	readonly families: readonly (4 | 6)[];
	/** Those of the plan it can be used with, by index, the preferred one first. Default: all, in the order of the plan. */
	readonly protocols?: readonly number[] | undefined;
}

export interface RaceProtocol {
	readonly name: string;
	/** A secure handshake follows once the connection stands, and counts (RFC 9623 §4.4.1). */
	readonly handshake: boolean;
}

/** What is known from earlier races: it ranks and paces, it never adds or removes. */
export interface RaceHints {
	/** The family to prefer, because it won the last time; undefined for the usual one. */
	readonly family: 4 | 6 | undefined;
	/** The same endpoints in the order to try them. */
	order(endpoints: readonly Endpoint[], protocol: string): Endpoint[];
	/** Milliseconds to wait after an attempt at this address before the next; undefined if nothing is known (H-33). */
	attemptDelay(address: IpAddress): number | undefined;
	/** Milliseconds of a round trip by a path, for policies that rank paths by it; undefined if nothing is known. */
	pathRoundTrip(stack: string, bound: string | undefined): number | undefined;
	/** For who ranks by a rule of his own: milliseconds of a round trip, and whether it won the last time. */
	remembered(address: SocketAddress, protocol: string): Remembered;
}

export interface Remembered {
	readonly roundTrip: number | undefined;
	readonly won: boolean;
}

/** What an attempt would be. */
export interface Choice {
	/** Indices into the plan. */
	readonly path: number;
	readonly protocol: number;
	readonly endpoint: Endpoint;
}

/** The same choices in another order; or why that cannot be had. */
export type Rule = (choices: readonly Choice[]) => readonly Choice[] | PostSocketsError;

export interface RacePlan {
	/** The preferred first. */
	readonly paths: readonly RacePath[];
	readonly protocols: readonly RaceProtocol[];
	/** At the begin. */
	readonly sources: readonly EndpointSource[];
	readonly mode: RacingMode;
	readonly hints?: RaceHints | undefined;
	/** In place of the tree: one list of all that is known over all paths, in the order of this rule. */
	readonly rule?: Rule | undefined;
	readonly timing: RaceTiming;
	readonly limits: RaceLimits;
	/** Milliseconds for the whole race; `Infinity` for no end. */
	readonly timeout: number;
}

export interface Attempt extends Choice {
	readonly id: number;
	readonly start: number;
	/** When the connection stood and the handshake began. */
	connected: number | undefined;
	end: number | undefined;
	outcome: 'running' | 'won' | 'failed' | 'cancelled';
	error: PostSocketsError | undefined;
}

export type RaceEvent =
	| { readonly type: 'begin' }
	| { readonly type: 'answer'; readonly path: number; readonly source: number; readonly answer: Answer }
	/** One more way to reach the service, after those there are. */
	| { readonly type: 'added'; readonly source: EndpointSource }
	/** The connection of an attempt stands, its handshake is under way. */
	| { readonly type: 'connected'; readonly attempt: Attempt }
	/** Everything the application needs is done. */
	| { readonly type: 'ready'; readonly attempt: Attempt }
	| { readonly type: 'failed'; readonly attempt: Attempt; readonly error: PostSocketsError }
	| { readonly type: 'abort' };

/** `misruled`: the rule gave no order. */
export type RaceLoss = 'exhausted' | 'timed-out' | 'aborted' | 'misruled';

/** What the machine wants done. It never waits for an answer inside a call. */
export interface RaceSink {
	query(path: number, query: Query): void;
	start(attempt: Attempt): void;
	/** Close it, having sent nothing of the application's. */
	cancel(attempt: Attempt): void;
	/** The race is decided; nothing follows. */
	won(attempt: Attempt): void;
	lost(loss: RaceLoss): void;
}

export function isRunning(attempt: Attempt): boolean {
	return attempt.outcome === 'running';
}

/** When it last showed a sign of life. */
export function lastSign({ start, connected, end }: Attempt): number {
	return end ?? connected ?? start;
}
