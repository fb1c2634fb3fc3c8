/**
 * What happened in a network, in order: a line each for people, and one hash of all of it. Two runs with the same seed
 * that differ anywhere have different hashes.
 */

import type { Clock } from '../../base/clock.ts';

/** FNV-1a of 32 bits, twice with different beginnings: it finds accidents, not forgers. */
const prime = 0x01000193;
const beginnings = [0x811c9dc5, 0x050c5d1f] as const;

export class Trace {
	readonly #clock: Clock;
	readonly #write: ((line: string) => void) | undefined;
	#low: number = beginnings[0];
	#high: number = beginnings[1];
	#events = 0;

	/** `write` gets each line as it happens, without its line break. Without it no text is made. */
	constructor(clock: Clock, write?: (line: string) => void) {
		this.#clock = clock;
		this.#write = write;
	}

	/** Events so far. */
	get events(): number {
		return this.#events;
	}

	/** 16 hexadecimal digits that stand for all events so far. */
	get hash(): string {
		return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
	}

	/** `what` and `bytes` count for the hash; `describe` is asked for the rest of the line if somebody reads it. */
	add(what: string, bytes?: Uint8Array, describe?: () => string): void {
		const now = this.#clock.now();
		this.#events += 1;
		this.#mixText(`${now} ${what}`);
		if (bytes) for (let index = 0; index < bytes.length; index += 1) this.#mix(bytes[index]!);
		this.#write?.(`${now.toFixed(3).padStart(12)} ${what}${describe ? ` ${describe()}` : ''}`);
	}

	#mixText(text: string): void {
		for (let index = 0; index < text.length; index += 1) this.#mix(text.charCodeAt(index));
	}

	#mix(byte: number): void {
		this.#low = Math.imul(this.#low ^ byte, prime);
		this.#high = Math.imul(this.#high ^ (byte + 1), prime);
	}
}
