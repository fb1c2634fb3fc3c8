/** Sequence numbers: whole numbers from 0 to 2³² − 1, which come round. RFC 9293 §3.4 */

export function plus(sequence: number, count: number): number {
	return (sequence + count) >>> 0;
}

/** How far `a` is behind `b` in the stream, negative if it is before it. Right for less than 2³¹. */
export function distance(a: number, b: number): number {
	return (a - b) | 0;
}

export function isBefore(a: number, b: number): boolean {
	return ((a - b) | 0) < 0;
}

export function later(a: number, b: number): number {
	return isBefore(a, b) ? b : a;
}
