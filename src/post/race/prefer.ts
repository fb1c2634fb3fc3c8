/** A rule of the user's own among candidates: by price, by trust, by anything else than speed. */

import { PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, isUnix } from '../../base/socket-address.ts';
import type { InterfaceType } from '../../stack/stack.ts';
import { familyOf } from './endpoints.ts';
import type { Choice, RaceHints, RacePath, RaceProtocol, Rule } from './plan.ts';

/** What could be tried next, as plain data. */
export interface RaceCandidate {
	/** The IP address, or the path of a Unix socket. */
	readonly address: string;
	readonly port: number | null;
	readonly family: 4 | 6 | 'unix';
	readonly protocol: string;
	readonly stack: string;
	/** By name; undefined where the stack chooses. */
	readonly interface: string | undefined;
	readonly interfaceType: InterfaceType | undefined;
	/** Milliseconds, smoothed over earlier connections of the association; undefined if it has none. */
	readonly roundTrip: number | undefined;
	/** It won the association's last race. */
	readonly won: boolean;
}

/**
 * Called with the candidates that were not tried yet, in the order they would have, at the begin and whenever there are
 * new ones; returns them in the order to start them. It ranks what the policy allows, and drops nothing: those it leaves
 * out come last. With `racing: 'failover'` the order is strict; else a candidate that is faster by more than the delay
 * between two starts may win over one before it. All paths are asked for names at once.
 *
 * If it throws, or returns what it was not given, the establishment fails with `bad-argument`.
 */
export type Prefer = (candidates: readonly RaceCandidate[]) => readonly RaceCandidate[];

/** `prefer` in the terms of a plan. */
export function ruleOf(
	prefer: Prefer,
	paths: readonly RacePath[],
	protocols: readonly RaceProtocol[],
	hints: RaceHints | undefined,
): Rule {
	function describe({ path, protocol, endpoint: { address } }: Choice): RaceCandidate {
		const { name, interface: bound, interfaceType } = paths[path]!;
		const { roundTrip, won = false } = hints?.remembered(address, protocols[protocol]!.name) ?? {};
		return Object.freeze({
			address: isUnix(address) ? formatSocketAddress(address).slice('unix:'.length) : String(address.address),
			port: isUnix(address) ? null : address.port,
			family: familyOf(address) ?? 'unix',
			protocol: protocols[protocol]!.name,
			stack: name,
			interface: bound,
			interfaceType,
			roundTrip,
			won,
		});
	}

	return (choices) => {
		const left = new Map(choices.map((choice) => [describe(choice), choice]));
		try {
			const order = [...prefer([...left.keys()])].map((candidate) => {
				const choice = left.get(candidate);
				if (!left.delete(candidate)) throw new TypeError('it returned what it was not given, or one twice');
				return choice!;
			});
			return [...order, ...left.values()];
		} catch (error) {
			return failed(error);
		}
	};
}

function failed(cause: unknown): PostSocketsError {
	const message = `the rule \`prefer\` failed: ${cause instanceof Error ? cause.message : String(cause)}`;
	return new PostSocketsError('bad-argument', message, { operation: 'initiate', cause });
}
