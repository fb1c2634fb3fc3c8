/** The congestion control of RFC 5681. What is repaired after a loss, and how RFC 6582 has it, is the sender's. */

import type { Congestion } from './congestion.ts';
import { grown, initialWindow, unlimited } from './slow-start.ts';

export class NewReno implements Congestion {
	segmentSize: number;
	window: number;
	threshold = unlimited;
	/** Acknowledged bytes that have not widened the window yet. */
	#counted = 0;

	constructor(segmentSize: number) {
		this.segmentSize = segmentSize;
		this.window = initialWindow(segmentSize);
	}

	onStart(): void {
		this.window = initialWindow(this.segmentSize);
	}

	onAck(bytes: number): void {
		if (this.window < this.threshold) {
			this.window = grown(this.window, bytes);
			return;
		}
		this.#counted += bytes;
		if (this.#counted < this.window) return;
		this.#counted -= this.window;
		this.window = Math.min(unlimited, this.window + this.segmentSize);
	}

	onLoss(flight: number): void {
		this.threshold = Math.max(flight >>> 1, 2 * this.segmentSize);
		this.window = this.threshold;
		this.#counted = 0;
	}

	onTimeout(flight: number): void {
		this.onLoss(flight);
		this.window = this.segmentSize;
	}

	onIdle(): void {
		this.threshold = Math.max(this.threshold, (this.window >>> 2) * 3);
		this.window = Math.min(this.window, initialWindow(this.segmentSize));
		this.#counted = 0;
	}
}
