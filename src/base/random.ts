/** Randomness, injected. `systemRandom` is cryptographic; `seededRandom` repeats itself for a test. */

export interface Random {
	/** A whole number from 0 to 2³² − 1. */
	uint32(): number;
	/** A whole number from 0 to `limit` − 1, each equally likely; `limit` from 1 to 2³². */
	below(limit: number): number;
	/** Fills `bytes` and returns it. */
	fill(bytes: Uint8Array): Uint8Array;
}

export const systemRandom: Random = {
	...random(() => {
		const word = new Uint32Array(1);
		crypto.getRandomValues(word);
		return word[0]!;
	}),
	fill(bytes) {
		// Web Crypto gives at most 65 536 bytes at once.
		for (let offset = 0; offset < bytes.length; offset += 65_536) {
			crypto.getRandomValues(bytes.subarray(offset, offset + 65_536) as Uint8Array<ArrayBuffer>);
		}
		return bytes;
	},
};

/** The same sequence for the same seed, on every platform. Not for secrets. */
export function seededRandom(seed: number): Random {
	// SplitMix32: one 32-bit state, full period.
	let state = seed >>> 0;
	return random(() => {
		state = (state + 0x9e3779b9) >>> 0;
		let mixed = state;
		mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
		mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
		return (mixed ^ (mixed >>> 15)) >>> 0;
	});
}

function random(uint32: () => number): Random {
	return {
		uint32,
		below(limit) {
			const fair = 2 ** 32 - (2 ** 32 % limit);
			let value = uint32();
			while (value >= fair) value = uint32();
			return value % limit;
		},
		fill(bytes) {
			for (let index = 0; index < bytes.length; index += 1) bytes[index] = uint32() >>> 24;
			return bytes;
		},
	};
}
