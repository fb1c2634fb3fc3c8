/** What can be wrong with one direction of a link, as data. Everything is off by default. */

import { badArgument } from '../../../base/errors.ts';
import type { Distribution } from './distribution.ts';

/** In the order in which a frame meets them. */
export interface Impairments {
	/** Bytes of the largest packet that passes; larger ones vanish. The link's own `mtu` does not tell. */
	readonly mtu?: number | undefined;
	/** A frame comes twice. */
	readonly duplication?: Chance | undefined;
	readonly loss?: Chance | BurstLoss | undefined;
	/** One bit of the frame is turned. Not for links with offloaded checksums, which would let it pass. */
	readonly corruption?: Chance | undefined;
	/** Bits per second, or more exactly. */
	readonly rate?: number | Rate | undefined;
	/** A frame needs none of the latency, and so overtakes those under way. */
	readonly reordering?: Chance | Reordering | undefined;
	/** Milliseconds, or more exactly. */
	readonly latency?: number | Latency | undefined;
}

/** A probability from 0 to 1. */
export type Chance = number | CorrelatedChance;

export interface CorrelatedChance {
	readonly probability: number;
	/**
	 * From 0 to 1: how much each frame's fate resembles the last one's. As with netem, the fates then come in runs, and
	 * are less often than by `probability` those of a small one.
	 */
	readonly correlation?: number | undefined;
}

/** Gilbert and Elliott: probabilities per frame. */
export interface BurstLoss {
	/** From the good state, in which it begins, to the bad one. */
	readonly toBad: number;
	readonly toGood: number;
	/** Default 0. */
	readonly lossInGood?: number | undefined;
	/** Default 1. */
	readonly lossInBad?: number | undefined;
}

export interface Reordering extends CorrelatedChance {
	/** From 1: only every such frame can overtake, so that at least one less goes the usual way between two. Default 1. */
	readonly gap?: number | undefined;
}

export interface Latency {
	/** Milliseconds. */
	readonly mean: number;
	/** Milliseconds: of `uniform` the largest deviation, else the standard one. What were below 0 is 0. Default 0. */
	readonly spread?: number | undefined;
	/** Default `uniform`. */
	readonly distribution?: Distribution | undefined;
	/** From 0 to 1: how much each resembles the one before. Default 0. */
	readonly correlation?: number | undefined;
	/** A frame may overtake one whose latency is longer. Default false: it waits for those before it. */
	readonly overtaking?: boolean | undefined;
}

/** A token bucket: in any time t, at most `burst` (or one frame, if that is more) + `bitsPerSecond` · t leaves. */
export interface Rate {
	/** A whole number from 1 on. */
	readonly bitsPerSecond: number;
	/** Bytes that leave at once after a pause. Default 0: a plain wire, which a frame leaves with its last bit. */
	readonly burst?: number | undefined;
	/** Bytes that wait behind the frame under transmission; what comes on top is dropped. Default 1 500 000. */
	readonly queueBytes?: number | undefined;
	/** The same in frames. Default 1000. */
	readonly queueFrames?: number | undefined;
	/** Bytes that each frame costs on top of its own: 24 for the preamble, check sequence and gap of Ethernet. Default 0. */
	readonly overhead?: number | undefined;
}

/** Throws `bad-argument` if something makes no sense. */
export function check(impairments: Impairments): void {
	const { mtu, duplication, loss = 0, corruption, rate, reordering, latency } = impairments;
	if (mtu !== undefined) atLeast(0, mtu, 'mtu');
	checkChance(duplication, 'duplication');
	checkChance(corruption, 'corruption');
	checkChance(reordering, 'reordering');
	if (typeof loss === 'object' && 'toBad' in loss) {
		for (const [name, probability] of Object.entries(loss)) checkChance(probability, name);
	} else checkChance(loss, 'loss');
	if (typeof reordering === 'object' && 'gap' in reordering) whole(reordering.gap, 'gap');
	if (typeof rate === 'object') {
		whole(rate.bitsPerSecond, 'bitsPerSecond');
		for (const name of ['burst', 'queueBytes', 'queueFrames', 'overhead'] as const) atLeast(0, rate[name] ?? 0, name);
	} else if (rate !== undefined) whole(rate, 'rate');
	if (typeof latency === 'object') {
		atLeast(0, latency.mean, 'mean');
		atLeast(0, latency.spread ?? 0, 'spread');
		checkChance(latency.correlation, 'correlation');
	} else atLeast(0, latency ?? 0, 'latency');
}

function checkChance(chance: Chance | undefined, name: string): void {
	if (typeof chance === 'object') {
		checkChance(chance.probability, name);
		checkChance(chance.correlation, 'correlation');
	} else if (chance !== undefined && !(chance >= 0 && chance <= 1)) {
		throw badArgument(`${name} is ${chance}; probabilities and correlations are from 0 to 1`);
	}
}

function whole(value = 1, name: string): void {
	if (!Number.isSafeInteger(value) || value < 1)
		throw badArgument(`${name} is ${value}; give a whole number from 1 on`);
}

function atLeast(least: number, value: number, name: string): void {
	if (!(value >= least)) throw badArgument(`${name} is ${value}; give ${least} or more`);
}
