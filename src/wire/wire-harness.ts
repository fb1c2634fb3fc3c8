/** What every codec of this folder is put through. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

export interface CodecSubject<V> {
	readonly values: fc.Arbitrary<V>;
	/** Without verification of checksums, so that damaged bytes get far. */
	parse(bytes: Uint8Array, start: number, end: number): object | string;
	lengthOf(value: V): number;
	emit(value: V, out: Uint8Array, offset: number): number;
	/** Whether what was read can be written, for a codec that aligns what came packed. */
	fits?(value: V): boolean;
	/** How many bytes the packet needs behind what `emit` writes; none unless given. */
	payloadOf?(value: V): number;
	/** Where a message is over when its bytes are, so that a shorter one may be whole too. */
	readonly openEnded?: boolean;
}

const flaws = ['truncated', 'malformed', 'checksum', 'unsupported'];

export function codecProperties<V extends object>(name: string, subject: CodecSubject<V>): void {
	const runs = { numRuns: 500 };
	const bytesOf = (value: V) => withPayload(subject, value);
	const mutated = fc
		.tuple(subject.values, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat())
		.map(([value, changes, cut]) => {
			const bytes = bytesOf(value);
			for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
			return cut % 4 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
		});
	const anything = fc.oneof(fc.uint8Array({ maxLength: 120 }), mutated);

	test(`${name}: what is emitted is read back, and nothing beside it is written`, () => {
		fc.assert(
			fc.property(subject.values, (value) => {
				const bytes = bytesOf(value);
				const parsed = subject.parse(bytes, 0, bytes.length);
				assert.ok(typeof parsed === 'object', String(parsed));
				assert.deepEqual(plain(parsed, value), plain(value, value));
			}),
			runs,
		);
	});

	test(`${name}: too little room is a bad argument`, () => {
		fc.assert(
			fc.property(subject.values, (value) => {
				const length = subject.lengthOf(value);
				if (length === 0) return;
				assert.throws(() => subject.emit(value, new Uint8Array(length + 2), 3), { code: 'bad-argument' });
			}),
			{ numRuns: 50 },
		);
	});

	test(`${name}: any bytes give a value or a flaw, which depend on nothing outside of them`, () => {
		fc.assert(
			fc.property(anything, (bytes) => {
				const [a, b] = [0x00, 0xff].map((noise) => {
					const surrounded = new Uint8Array(bytes.length + 64).fill(noise);
					surrounded.set(bytes, 5);
					const parsed = subject.parse(surrounded, 5, 5 + bytes.length);
					if (typeof parsed === 'string') assert.ok(flaws.includes(parsed), parsed);
					return plain(parsed);
				});
				assert.deepEqual(a, b);
			}),
			{ numRuns: 3_000 },
		);
	});

	test(`${name}: what was read of any bytes can be emitted, and is read the same again`, () => {
		fc.assert(
			fc.property(anything, (bytes) => {
				const parsed = subject.parse(bytes, 0, bytes.length) as V | string;
				if (typeof parsed === 'string') return;
				if (subject.fits?.(parsed) === false) return;
				const emitted = bytesOf(parsed);
				const again = subject.parse(emitted, 0, emitted.length);
				assert.ok(typeof again === 'object', String(again));
				const like = isView(parsed) ? fc.sample(subject.values, { numRuns: 1, seed: 1 })[0] : parsed;
				assert.deepEqual(plain(again, like), plain(parsed, like));
			}),
			{ numRuns: 3_000 },
		);
	});

	test(`${name}: ${subject.openEnded ? 'no length short of the whole throws' : 'every length short of the whole is a flaw'}`, () => {
		fc.assert(
			fc.property(subject.values, (value) => {
				const bytes = bytesOf(value);
				for (let length = 0; length < bytes.length; length += 1) {
					const parsed = subject.parse(bytes.slice(0, length), 0, length);
					if (!subject.openEnded) assert.ok(flaws.includes(parsed as string), `${length} of ${bytes.length} bytes`);
				}
			}),
			{ numRuns: 50 },
		);
	});
}

/** Emits into the middle of noise and checks that it stays as it was. */
export function emitted<V>(subject: Pick<CodecSubject<V>, 'lengthOf' | 'emit'>, value: V): Uint8Array {
	const length = subject.lengthOf(value);
	const out = new Uint8Array(length + 6).fill(0xa5);
	assert.equal(subject.emit(value, out, 3), 3 + length);
	for (const at of [0, 1, 2, -1, -2, -3]) assert.equal(out.at(at), 0xa5, 'wrote outside');
	return out.slice(3, -3);
}

export function hex(text: string): Uint8Array {
	return Uint8Array.from(text.match(/[\da-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Narrows what `parse` gives, for tests of what is whole. */
export function whole<T>(parsed: T): Exclude<T, string | undefined> {
	assert.ok(parsed !== undefined && typeof parsed !== 'string', `a flaw: ${parsed}`);
	return parsed as Exclude<T, string | undefined>;
}

/** Fields, getters included, as texts, numbers and lists of them; of a class only those that `like` has, if given. */
export function plain(value: unknown, like?: object): unknown {
	if (value instanceof Uint8Array) return toHex(value);
	if (Array.isArray(value)) return value.map((item) => plain(item));
	if (typeof value !== 'object' || value === null) return value;
	if ('toJSON' in value) return String(value);
	const getters = isView(value) ? Object.getOwnPropertyNames(Object.getPrototypeOf(value)) : [];
	const names = [...Object.keys(value), ...getters].filter((name) => name !== 'bytes' || !isView(value));
	const fields = names
		.filter((name) => like === undefined || name in like)
		.map((name) => [name, plain((value as Record<string, unknown>)[name])] as const)
		.filter(([, field]) => field !== undefined && typeof field !== 'function');
	return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** An instance of a class, which lends the packet. */
function isView(value: object): boolean {
	const prototype = Object.getPrototypeOf(value);
	return prototype !== null && prototype !== Object.prototype;
}

function withPayload<V>(subject: CodecSubject<V>, value: V): Uint8Array {
	const head = emitted(subject, value);
	const bytes = new Uint8Array(head.length + (subject.payloadOf?.(value) ?? 0)).fill(0x5a);
	bytes.set(head);
	return bytes;
}
