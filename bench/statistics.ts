/** Numbers of repeated runs. */

export interface Spread {
	readonly median: number;
	readonly min: number;
	readonly max: number;
	readonly runs: number;
}

/** `values` must not be empty. */
export function spreadOf(values: readonly number[]): Spread {
	return { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length };
}

/**
 * How many times `others` fits into `values`: the median of what the single rounds say, because what disturbs a shared
 * machine disturbs neighbouring runs alike.
 */
export function ratioOf(values: readonly number[], others: readonly number[]): number {
	return median(values.map((value, round) => value / others[round]!));
}

function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
