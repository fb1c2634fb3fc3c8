/**
 * How memory fades. A value that is `halfLife` old counts half, at twice that age a third, and so on: by arithmetic that
 * gives the same on every machine.
 */

import { minute } from './kinds.ts';

/** What is left of a weight of 1 at that age; both in ms. */
export function fade(age: number, halfLife: number): number {
	return halfLife / (halfLife + age);
}

/** Failures in a row beyond this many make nothing worse. */
const mostFailures = 6;

/** RFC 6555 §4.2: an outcome is remembered for about ten minutes. */
const failureHalfLife = 10 * minute;

/** Failures this close together (ms) are one: races that run at the same time lose to the same fault. */
const burst = minute;

/** One more than `before`, of which the last was `age` ms ago. */
export function countFailure(before: number, age: number): number {
	return before > 0 && age < burst ? before : Math.min(mostFailures, before + 1);
}

/**
 * How bad `count` failures in a row are now, of which the last was `age` ms ago; 0 once it is below a half: 10 minutes
 * after a single one, 30 after two in a row, 110 after six and more.
 */
export function penalty(count: number, age: number): number {
	const left = count * fade(age, failureHalfLife);
	return left > 1 / 2 ? left : 0;
}
