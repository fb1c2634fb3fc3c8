/**
 * The contract of `Codec` as tests: `codecSuite('my codec', codec, samples)` in a test file runs them on yours, given
 * values it can carry.
 */

import assert from 'node:assert/strict';
import { PostSocketsError } from '../base/errors.ts';
import { seededRandom } from '../base/random.ts';
import type { Codec, TwoSidedCodec } from '../post/message/codec.ts';
import { type SuiteOptions, suite } from './suite.ts';

const rounds = 500;

/**
 * Registers the tests for `codec`. `samples` are values to be sent, at least two, which the other end receives as they
 * are: `deepEqual` compares them.
 */
export function codecSuite<Received, Sent>(
	name: string,
	codec: Codec<Received, Sent> | TwoSidedCodec<Received, Sent, unknown, never>,
	samples: readonly Sent[],
	options: SuiteOptions = {},
): void {
	const peer: Codec<unknown, never> = 'mirrored' in codec ? codec.mirrored() : codec;

	suite(name, options, (declare) => {
		declare('values come back as they were sent', () => {
			for (const sample of samples) assert.deepEqual(peer.decode(copy(codec.encode(sample))), sample);
		});

		declare('a codec and its mirror carry the same bytes', () => {
			const same = 'mirrored' in codec ? codec.mirrored().mirrored() : codec;
			for (const sample of samples) assert.deepEqual(copy(same.encode(sample)), copy(codec.encode(sample)));
		});

		declare('encoded bytes stay as they are while other values are encoded', () => {
			const kept = samples.map((sample) => codec.encode(sample));
			const copies = kept.map(copy);
			for (const sample of samples.toReversed()) codec.encode(sample);
			assert.deepEqual(kept.map(copy), copies);
		});

		declare('decoded values stay as they are while others are decoded', () => {
			const values = samples.map((sample) => peer.decode(copy(codec.encode(sample))));
			assert.deepEqual(values, samples);
		});

		declare('bytes are decoded wherever they lie in a larger buffer', () => {
			for (const sample of samples) {
				const bytes = codec.encode(sample);
				const larger = new Uint8Array(bytes.length + 10).fill(0x41);
				larger.set(bytes, 5);
				assert.deepEqual(peer.decode(larger.subarray(5, 5 + bytes.length)), sample);
			}
		});

		declare('decoding leaves the bytes as they are', () => {
			for (const sample of samples) {
				const bytes = copy(codec.encode(sample));
				const before = copy(bytes);
				peer.decode(bytes);
				assert.deepEqual(copy(bytes), before);
			}
		});

		declare(
			'a value does not change when the bytes it was decoded from are overwritten',
			() => {
				for (const sample of samples) {
					const bytes = copy(codec.encode(sample));
					const value = peer.decode(bytes);
					bytes.fill(0xee);
					assert.deepEqual(value, sample);
				}
			},
			peer.copies ? undefined : 'the codec does not say that it copies',
		);

		declare('random bytes give a value or malformed', () => {
			const random = seededRandom(1);
			for (let round = 0; round < rounds; round += 1) {
				checkDecode(peer, random.fill(new Uint8Array(random.below(60))));
			}
		});

		declare('encoded bytes that were cut or changed give a value or malformed, and harm nothing after them', () => {
			const random = seededRandom(2);
			for (const sample of samples) {
				const bytes = codec.encode(sample);
				for (let round = 0; round < 20 && bytes.length > 0; round += 1) {
					const changed = copy(bytes.subarray(0, 1 + random.below(bytes.length)));
					changed[random.below(changed.length)] = random.below(256);
					checkDecode(peer, changed);
				}
				assert.deepEqual(peer.decode(copy(bytes)), sample);
			}
		});
	});
}

function checkDecode(peer: Codec<unknown, never>, bytes: Uint8Array): void {
	try {
		peer.decode(bytes);
	} catch (error) {
		if (!(error instanceof PostSocketsError)) throw error;
		assert.equal(error.code, 'malformed', error.message);
	}
}

/** Of a `Buffer` too, whose `slice` shares memory. */
function copy(bytes: Uint8Array): Uint8Array {
	return new Uint8Array(bytes);
}
