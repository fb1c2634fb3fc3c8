/** How long an acknowledgment takes, and when it is overdue. RFC 6298, in whole microseconds. */

const initialTimeout = 1_000_000;
/** RFC 6298 §2.4 asks for a second, which no system has kept for long. */
const leastTimeout = 200_000;
const longestTimeout = 60_000_000;

export class RoundTrip {
	/** Eight times the smoothed one, so that shifting loses little; 0 before the first measurement. */
	#smoothed8 = 0;
	/** Four times the mean deviation. */
	#variation4 = 0;
	/** Milliseconds, of all there were. RFC 8985 §6.2 (step 1) */
	least = Number.POSITIVE_INFINITY;
	/** Milliseconds. */
	timeout = initialTimeout / 1000;

	/** Milliseconds; undefined before the first measurement. */
	get smoothed(): number | undefined {
		return this.#smoothed8 === 0 ? undefined : this.#smoothed8 / 8000;
	}

	/** Milliseconds; undefined before the first measurement. */
	get variation(): number | undefined {
		return this.#smoothed8 === 0 ? undefined : this.#variation4 / 4000;
	}

	/** Milliseconds from a segment to its acknowledgment; never of one that was sent twice (§3). */
	measure(milliseconds: number): void {
		this.least = Math.min(this.least, milliseconds);
		const sample = Math.max(1, Math.min(longestTimeout, Math.round(milliseconds * 1000)));
		if (this.#smoothed8 === 0) {
			this.#smoothed8 = 8 * sample;
			this.#variation4 = 2 * sample;
		} else {
			const error = sample - (this.#smoothed8 >> 3);
			this.#variation4 += Math.abs(error) - (this.#variation4 >> 2);
			this.#smoothed8 = Math.max(1, this.#smoothed8 + error);
		}
		const sum = (this.#smoothed8 >> 3) + Math.max(1000, this.#variation4);
		this.timeout = Math.min(longestTimeout, Math.max(leastTimeout, sum)) / 1000;
	}

	/** After `times` expirations in a row. §5.5 */
	backedOff(times: number): number {
		return Math.min(longestTimeout / 1000, this.timeout * 2 ** Math.min(times, 16));
	}
}
