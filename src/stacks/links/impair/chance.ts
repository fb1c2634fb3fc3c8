/** What happens to a frame by chance, in whole numbers. */

import type { Random } from '../../../base/random.ts';
import type { BurstLoss, Chance } from './impairments.ts';

/** Random words of which each resembles the one before, as netem defines it: value = ρ · last + (1 − ρ) · new. */
export class CorrelatedWords {
	readonly #random: Random;
	/** 0 to 65536. */
	readonly #weight: number;
	#last: number;

	constructor(random: Random, correlation: number) {
		this.#random = random;
		this.#weight = Math.round(correlation * 65_536);
		this.#last = this.#weight === 0 ? 0 : random.uint32();
	}

	/** 0 to 2³² − 1. */
	next(): number {
		const word = this.#random.uint32();
		if (this.#weight === 0) return word;
		this.#last = Math.floor((word * (65_536 - this.#weight) + this.#last * this.#weight) / 65_536);
		return this.#last;
	}
}

/** One question to chance. A probability of 0 asks nothing, so that what is off changes nothing else. */
export class Dice {
	readonly #threshold: number;
	readonly #words: CorrelatedWords | undefined;

	constructor(random: Random, chance: Chance = 0) {
		const { probability, correlation = 0 } = typeof chance === 'number' ? { probability: chance } : chance;
		this.#threshold = thresholdOf(probability);
		if (this.#threshold > 0) this.#words = new CorrelatedWords(random, correlation);
	}

	happens(): boolean {
		return this.#words !== undefined && this.#words.next() < this.#threshold;
	}
}

/** Loss in bursts, the model of Gilbert and Elliott: a good and a bad state, each with its own loss. */
export class BurstDice {
	readonly #toBad: Dice;
	readonly #toGood: Dice;
	readonly #inGood: Dice;
	readonly #inBad: Dice;
	#bad = false;

	constructor(random: Random, { toBad, toGood, lossInGood = 0, lossInBad = 1 }: BurstLoss) {
		this.#toBad = new Dice(random, toBad);
		this.#toGood = new Dice(random, toGood);
		this.#inGood = new Dice(random, lossInGood);
		this.#inBad = new Dice(random, lossInBad);
	}

	/** The state is left after the frame, if at all. */
	happens(): boolean {
		const lost = (this.#bad ? this.#inBad : this.#inGood).happens();
		if ((this.#bad ? this.#toGood : this.#toBad).happens()) this.#bad = !this.#bad;
		return lost;
	}
}

function thresholdOf(probability: number): number {
	return Math.round(probability * 2 ** 32);
}
