/**
 * SipHash-2-4: a keyed hash that nobody without the key can foretell, for identifiers that must be stable and opaque
 * (RFC 7217 §5, RFC 6528 §3). Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
 */

/** 64 bits; `key` has 16 bytes. For a few calls per connection, not for every packet. */
export function sipHash(key: Uint8Array, bytes: Uint8Array): bigint {
	const k0 = word(key, 0);
	const k1 = word(key, 8);
	const state = [
		k0 ^ 0x736f6d6570736575n,
		k1 ^ 0x646f72616e646f6dn,
		k0 ^ 0x6c7967656e657261n,
		k1 ^ 0x7465646279746573n,
	];
	const whole = bytes.length & ~7;
	for (let at = 0; at < whole; at += 8) absorb(state, word(bytes, at));
	absorb(state, word(bytes, whole) | (BigInt(bytes.length & 0xff) << 56n));
	state[2]! ^= 0xffn;
	for (let round = 0; round < 4; round += 1) mix(state);
	return state[0]! ^ state[1]! ^ state[2]! ^ state[3]!;
}

/** Little-endian; what lies behind the end is zero. */
function word(bytes: Uint8Array, at: number): bigint {
	let value = 0n;
	for (let index = Math.min(7, bytes.length - at - 1); index >= 0; index -= 1) {
		value = (value << 8n) | BigInt(bytes[at + index]!);
	}
	return value;
}

function absorb(state: bigint[], message: bigint): void {
	state[3]! ^= message;
	mix(state);
	mix(state);
	state[0]! ^= message;
}

function mix(state: bigint[]): void {
	let [a, b, c, d] = state as [bigint, bigint, bigint, bigint];
	a = BigInt.asUintN(64, a + b);
	b = rotate(b, 13n) ^ a;
	a = rotate(a, 32n);
	c = BigInt.asUintN(64, c + d);
	d = rotate(d, 16n) ^ c;
	a = BigInt.asUintN(64, a + d);
	d = rotate(d, 21n) ^ a;
	c = BigInt.asUintN(64, c + b);
	b = rotate(b, 17n) ^ c;
	c = rotate(c, 32n);
	state[0] = a;
	state[1] = b;
	state[2] = c;
	state[3] = d;
}

function rotate(value: bigint, bits: bigint): bigint {
	return BigInt.asUintN(64, (value << bits) | (value >> (64n - bits)));
}
