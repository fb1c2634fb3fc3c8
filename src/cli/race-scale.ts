/** The time axis of a race: round numbers a reader can count by. */

/** Multiples of 1, 2 or 5 times a power of ten, from 0 up to `span`; at most `most` beside the 0. */
export function ticks(span: number, most: number): number[] {
	const raw = Math.max(span, 0.01) / Math.max(1, most);
	const power = 10 ** Math.floor(Math.log10(raw));
	const factor = [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999_999) ?? 10;
	const step = factor * power;
	const count = Math.floor(span / step + 1e-9);
	return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}
