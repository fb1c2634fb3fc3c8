/** The numbers of a race: delays (RFC 8305 §8, draft-ietf-happy-happyeyeballs-v3 §9, RFC 9623 §4.3) and bounds. */

import { badArgument } from '../../base/errors.ts';

export interface RaceTiming {
	/** Wait for the preferred family's answer once the other family has one. Default 50 ms. */
	readonly resolutionDelay: number;
	/** Between the starts of two addresses. Default 250 ms. */
	readonly attemptDelay: number;
	/** Between the starts of two protocols of one path. Default 250 ms. */
	readonly protocolDelay: number;
	/** Between the starts of two paths, whose interface may have to wake up first. Default 500 ms. */
	readonly pathDelay: number;
	/** Longest time a secure handshake under way may hold back the next address. Default 2000 ms. */
	readonly maximumDelay: number;
	/**
	 * How long an attempt without a sign of life is counted on. Then `failover` goes on to the next, and it takes no place
	 * of `limits.concurrent`; it is not given up. Default 5000 ms: a SYN was then sent three times (RFC 6298 §2).
	 */
	readonly patience: number;
}

export const defaultTiming: RaceTiming = {
	resolutionDelay: 50,
	attemptDelay: 250,
	protocolDelay: 250,
	pathDelay: 500,
	maximumDelay: 2_000,
	patience: 5_000,
};

/** The least and the most each may be: below 10 ms between attempts the draft forbids (§6), the rest is ours (RFC 9623 §4.3.2). */
const bounds: Readonly<Record<keyof RaceTiming, readonly [least: number, most: number]>> = {
	resolutionDelay: [0, 2_000],
	attemptDelay: [10, 2_000],
	protocolDelay: [10, 2_000],
	pathDelay: [10, 5_000],
	maximumDelay: [10, 10_000],
	patience: [100, 60_000],
};

/** What was asked for, the defaults for the rest. Throws `bad-argument`. */
export function raceTiming(asked: Partial<RaceTiming> = {}): RaceTiming {
	const timing = { ...defaultTiming };
	for (const name of namesOf(timing)) {
		const [least, most] = bounds[name];
		const value = (timing[name] = asked[name] ?? timing[name]);
		if (value >= least && value <= most) continue;
		throw badArgument(`timing.${name} is ${value}; it is from ${least} to ${most} milliseconds`, 'initiate');
	}
	return timing;
}

export interface RaceLimits {
	/** Attempts under way that are counted on: at the limit nothing new starts until one fails or `patience` ends. Default 8. */
	readonly concurrent: number;
	/** Attempts of one race, under way or not. Default 64. */
	readonly attempts: number;
	/** Paths of one race; those that rank below are not taken. Default 16. */
	readonly paths: number;
	/** Addresses taken from one answer; the rest is ignored. Default 32. */
	readonly addressesPerAnswer: number;
}

export const defaultLimits: RaceLimits = { concurrent: 8, attempts: 64, paths: 16, addressesPerAnswer: 32 };

/** What was asked for, the defaults for the rest. Throws `bad-argument`. */
export function raceLimits(asked: Partial<RaceLimits> = {}): RaceLimits {
	const limits = { ...defaultLimits };
	for (const name of namesOf(limits)) {
		const value = (limits[name] = asked[name] ?? limits[name]);
		if (!(value >= 1)) throw badArgument(`limits.${name} is ${value}; it is a number from 1`, 'initiate');
	}
	return limits;
}

const racingModes = ['staggered', 'simultaneous', 'failover'] as const;

/**
 * How children of one node are started (RFC 9623 §4.3): one after the other with a delay, all at once, or the next only
 * when the one before has failed or was silent for `timing.patience`.
 */
export type RacingMode = (typeof racingModes)[number];

/** Default `staggered`. Throws `bad-argument`. */
export function racingMode(asked: RacingMode = 'staggered'): RacingMode {
	if (racingModes.includes(asked)) return asked;
	throw badArgument(`racing is "${asked}"; it is one of ${racingModes.join(', ')}`, 'initiate');
}

function namesOf<T extends object>(numbers: T): (keyof T)[] {
	return Object.keys(numbers) as (keyof T)[];
}
