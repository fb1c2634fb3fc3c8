/**
 * How far a latency is from its mean, from one random word. Everything is looked up, in whole numbers, so that a seed
 * gives the same trace on every machine: no function is called whose last digit an engine may choose.
 */

/** `uniform`: anything up to the spread is equally likely. `normal`: a bell. `pareto`: a long tail of late ones, α = 3. */
export type Distribution = 'uniform' | 'normal' | 'pareto';

/** The deviation for `word` (0 to 2³² − 1), in 1/8192 of the spread: of the largest one for `uniform`, else of σ. */
export function deviation(distribution: Distribution, word: number): number {
	if (distribution === 'uniform') return Math.floor(word / 2 ** 18) - unit;
	if (distribution === 'pareto') return quantile(paretoOctaves, word, 32);
	const size = quantile(normalOctaves, word >>> 1, 31);
	return word & 1 ? -size : size;
}

export const unit = 8192;

/**
 * What is larger than all but `tail` of 2^`bits` values. Entry k of the table is for the tail 2^(bits - k), which halves
 * from entry to entry; between two it is a straight line.
 */
function quantile(octaves: readonly number[], tail: number, bits: number): number {
	if (tail === 0) return octaves[bits]!;
	const octave = Math.clz32(tail) - (32 - bits);
	const start = 2 ** (bits - 1 - octave);
	const [near, far] = [octaves[octave]!, octaves[octave + 1]!];
	return far - Math.round(((far - near) * (tail - start)) / start);
}

/** Of |x|, scaled so that with the straight lines between them σ is 1. */
const normalOctaves = [
	0, 5459, 9310, 12_415, 15_075, 17_431, 19_565, 21_527, 23_353, 25_066, 26_684, 28_220, 29_687, 31_092, 32_442, 33_744,
	35_001, 36_218, 37_399, 38_546, 39_663, 40_751, 41_812, 42_849, 43_863, 44_855, 45_827, 46_780, 47_715, 48_633,
	49_534, 50_420,
];

/** 2^(k/3), moved and scaled so that the mean is 0 and σ is 1. */
const paretoOctaves = [
	-4902, -2483, 564, 4403, 9240, 15_334, 23_012, 32_686, 44_874, 60_231, 79_579, 103_955, 134_668, 173_363, 222_117,
	283_542, 360_933, 458_440, 581_291, 736_073, 931_087, 1_176_788, 1_486_353, 1_876_380, 2_367_783, 2_986_912,
	3_766_966, 4_749_772, 5_988_031, 7_548_139, 9_513_751, 11_990_268, 15_110_484,
];
