/** CUBIC: the window grows with time rather than with acknowledgments, so that long paths get their share. RFC 9438 */

import type { Congestion } from './congestion.ts';
import { grown, initialWindow, unlimited } from './slow-start.ts';

export class Cubic implements Congestion {
	segmentSize: number;
	window: number;
	threshold = unlimited;
	/** W_max: the window before the last loss. */
	#most = 0;
	/** When this time of growth began, in milliseconds; undefined between a loss and the first acknowledgment. */
	#epoch: number | undefined;
	/** Of its beginning. */
	#origin = 0;
	/** K: milliseconds from the beginning until the window is W_max again. */
	#plateau = 0;
	/** W_est: the window that Reno would have. */
	#reno = 0;
	/** Acknowledged bytes × 1024 that have not widened a window yet: of this one, and of Reno's. */
	#counted = 0;
	#renoCounted = 0;

	constructor(segmentSize: number) {
		this.segmentSize = segmentSize;
		this.window = initialWindow(segmentSize);
	}

	onStart(): void {
		this.window = initialWindow(this.segmentSize);
	}

	onAck(bytes: number, now: number, roundTrip: number): void {
		if (this.window < this.threshold) {
			this.window = grown(this.window, bytes);
			return;
		}
		this.#epoch ??= this.#begin(now);
		const { segmentSize } = this;
		// §4.3: α is 3 (1 − β) / (1 + β) until Reno would be where the loss was, then 1.
		this.#renoCounted += bytes * segmentSize * (this.#reno < this.#most ? 9 : 17);
		const renoStep = Math.floor(this.#renoCounted / (17 * this.#reno));
		this.#renoCounted -= renoStep * 17 * this.#reno;
		this.#reno = Math.min(unlimited, this.#reno + renoStep);
		const soon = Math.round(now - this.#epoch + roundTrip);
		if (this.#at(soon - Math.round(roundTrip)) < this.#reno) {
			this.window = Math.max(this.window, this.#reno);
			return;
		}
		// §4.4, §4.5: towards the window of one round trip later, at most half as much again.
		const target = Math.min(Math.max(this.#at(soon), this.window), (this.window * 3) >>> 1);
		this.#counted += (target - this.window) * bytes;
		const step = Math.floor(this.#counted / this.window);
		this.#counted -= step * this.window;
		this.window = Math.min(unlimited, this.window + step);
	}

	/** §4.6, §4.7 */
	onLoss(flight: number): void {
		const { window, segmentSize } = this;
		this.#most = window < this.#most ? Math.floor((window * 17) / 20) : window;
		this.threshold = Math.max(Math.floor((Math.min(window, flight) * 7) / 10), 2 * segmentSize);
		this.window = this.threshold;
		this.#epoch = undefined;
	}

	onTimeout(flight: number): void {
		this.onLoss(flight);
		this.window = this.segmentSize;
	}

	onIdle(): void {
		this.threshold = Math.max(this.threshold, (this.window >>> 2) * 3);
		this.window = Math.min(this.window, initialWindow(this.segmentSize));
		this.#epoch = undefined;
	}

	#begin(now: number): number {
		this.#origin = this.window;
		this.#reno = this.window;
		this.#counted = 0;
		this.#renoCounted = 0;
		this.#most = Math.max(this.#most, this.window);
		// §4.2: the cube root of (W_max − cwnd) / C in seconds, with C = 0.4 segments.
		this.#plateau = cubeRoot(Math.floor(((this.#most - this.#origin) * 2_500_000_000) / this.segmentSize));
		return now;
	}

	/** W_cubic after so many milliseconds: figure 1. */
	#at(time: number): number {
		const away = Math.max(-farthest, Math.min(farthest, time - this.#plateau));
		return Math.trunc((away * away * away * 4 * this.segmentSize) / 10_000_000_000) + this.#most;
	}
}

/** Milliseconds beyond which the curve is steeper than anything that follows it. */
const farthest = 100_000;

/** The largest whole number whose cube is at most `value`, which is less than 2⁵³. */
function cubeRoot(value: number): number {
	let root = 0;
	for (let bit = 2 ** 17; bit >= 1; bit /= 2) {
		const next = root + bit;
		if (next * next * next <= value) root = next;
	}
	return root;
}
