/** The estimate of a round trip (RFC 6298 §2), which ages, and the delay between attempts that follows from it. */

import { fade } from './decay.ts';
import { minute } from './kinds.ts';

/** Milliseconds. */
export interface RoundTrip {
	readonly srtt: number;
	readonly rttvar: number;
}

/** An estimate this old counts half of what a fresh one does. */
const halfLife = 2 * minute;

/** A first SYN is repeated after a second (RFC 6298 §2.1): from then on nobody knows which one was answered. */
const repeated = 1_000;

/** draft-ietf-happy-happyeyeballs-v3 §6, §9: at least, at most between two attempts. */
const leastDelay = 100;
const mostDelay = 2_000;

/** Whether a time may be that of one round trip; Karn's algorithm, RFC 6298 §3. */
export function isSample(milliseconds: number): boolean {
	return milliseconds >= 0 && milliseconds < repeated;
}

/** The estimate after a sample of `sample` ms, where `age` ms have passed since the one before. */
export function measured(before: RoundTrip | undefined, sample: number, age: number): RoundTrip {
	// RFC 6298 §2.2
	const fresh = { srtt: sample, rttvar: sample / 2 };
	if (before === undefined) return fresh;
	// RFC 6298 §2.3, in this order: the variation is from the old mean.
	const rttvar = (3 / 4) * before.rttvar + (1 / 4) * Math.abs(before.srtt - sample);
	const srtt = (7 / 8) * before.srtt + (1 / 8) * sample;
	const weight = fade(age, halfLife);
	const blend = (old: number, young: number) => weight * old + (1 - weight) * young;
	return { srtt: blend(srtt, fresh.srtt), rttvar: blend(rttvar, fresh.rttvar) };
}

/** Milliseconds after which the other side would send again (RFC 6298 §2.3). */
export function timeout({ srtt, rttvar }: RoundTrip): number {
	return srtt + 4 * rttvar;
}

/** The time to wait before the next attempt, within the bounds of the draft (H-33). */
export function clampDelay(milliseconds: number): number {
	return Math.min(mostDelay, Math.max(leastDelay, milliseconds));
}
