import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyName, bytesOf, plainName } from './message-harness.ts';
import { canonicalName, formatLabel, isWithin, labelsOf, sameName, splitName } from './name.ts';
import { malformed, Reader } from './reader.ts';
import { Writer } from './writer.ts';

function written(...names: string[]): Uint8Array {
	const writer = new Writer();
	for (const name of names) writer.name(name);
	return writer.finish();
}

test('text has one form: no final dot, escapes only where they are needed (RFC 4343 §2.1)', () => {
	const forms: [string, string][] = [
		['www.Example.COM.', 'www.Example.COM'],
		['.', '.'],
		['\\w\\119w.com', 'www.com'],
		['a\\.b.c', 'a\\.b.c'],
		['a\\046b.c', 'a\\.b.c'],
		['a\\\\.b', 'a\\\\.b'],
		['\\000\\255\\032', '\\000\\255\\032'],
		['a b.c', 'a\\032b.c'],
		['_443._tcp.x', '_443._tcp.x'],
		['*.x', '*.x'],
	];
	for (const [text, canonical] of forms) assert.equal(canonicalName(text), canonical, text);
});

test('what is no name is none', () => {
	const label = 'x'.repeat(63);
	const most = `${label}.${label}.${label}.${'x'.repeat(61)}`;
	assert.equal(canonicalName(most), most);
	assert.equal(canonicalName(`${most}.`), most);
	const none = [
		'',
		'..',
		'.a',
		'a..b',
		'a..',
		`${label}x.com`,
		`${most}x`,
		'ü.de',
		'a\\',
		'a\\25',
		'a\\256',
		'a\\1b',
		'\\ü',
	];
	for (const text of none) {
		assert.equal(canonicalName(text), undefined, text);
		assert.throws(() => written(text), { code: 'bad-argument' });
	}
});

test('case does not count, of ASCII letters alone, and an escaped dot separates nothing', () => {
	assert.ok(sameName('WWW.example.COM', 'www.EXAMPLE.com'));
	assert.ok(!sameName('a\\.b', 'a.b'));
	assert.ok(isWithin('a.B.c', 'b.C') && isWithin('b.c', 'b.c') && isWithin('x', '.') && isWithin('.', '.'));
	assert.ok(!isWithin('ab.c', 'b.c') && !isWithin('a\\.b.c', 'b.c') && !isWithin('c', 'b.c'));
	assert.ok(isWithin('a\\\\.b.c', 'b.c'));
	assert.deepEqual(splitName('a\\.b.c\\\\.d'), ['a\\.b', 'c\\\\', 'd']);
});

test('the example of RFC 1035 §4.1.4, read', () => {
	const bytes = new Uint8Array(93);
	bytes.set(bytesOf('01 46 03 49 53 49 04 41 52 50 41 00'), 20);
	bytes.set(bytesOf('03 46 4f 4f c0 14'), 40);
	bytes.set(bytesOf('c0 1a'), 64);
	const at = (offset: number) => new Reader(bytes, offset);
	assert.equal(at(20).name(), 'F.ISI.ARPA');
	assert.equal(at(40).name(), 'FOO.F.ISI.ARPA');
	assert.equal(at(64).name(), 'ARPA');
	assert.equal(at(92).name(), '.');
	const reader = at(40);
	reader.name();
	assert.equal(reader.offset, 46, 'what follows begins after the pointer');
});

test('and written', () => {
	assert.deepEqual(
		written('F.ISI.ARPA', 'FOO.F.ISI.ARPA', 'ARPA', '.'),
		bytesOf('01 46 03 49 53 49 04 41 52 50 41 00', '03 46 4f 4f c0 00', 'c0 06', '00'),
	);
});

test('only names of the same case share bytes, so that case is kept', () => {
	const bytes = written('a.COM', 'b.com', 'c.com');
	assert.deepEqual(bytes, bytesOf(plainName('a.COM'), plainName('b.com'), '01 63', 'c0 09'));
});

test('pointers lead back only: no loop, nothing ahead, not too many', () => {
	const bad = ['c000', 'c002 c000', '01 61 c000', 'c004 0000 00', 'c0', 'ff', '40 00', '80 00', '01', '3f 61', ''];
	for (const hex of bad) assert.throws(() => new Reader(bytesOf(hex)).name(), malformed, hex);
	const chain = bytesOf(
		'00',
		...Array.from({ length: 200 }, (_, i) =>
			i === 0 ? 'c000' : `c0${(2 * i - 1).toString(16).padStart(2, '0')}`,
		).slice(0, 129),
	);
	assert.equal(new Reader(chain, 1 + 2 * 126).name(), '.');
	assert.throws(() => new Reader(chain, 1 + 2 * 127).name(), malformed);
	assert.throws(() => new Reader(bytesOf('00 01 61 c000'), 1).name('plain'), malformed);
});

test('a name that pointers make longer than 255 octets is malformed', () => {
	const label = bytesOf('3f', new Uint8Array(63).fill(97));
	const four = bytesOf(label, label, label, '3d', new Uint8Array(61).fill(97), '00');
	assert.equal(new Reader(four).name().length, 253);
	assert.throws(() => new Reader(bytesOf(four, '01 62 c000'), four.length).name(), malformed);
});

test('any name goes there and back, in its case, whatever was written before', () => {
	fc.assert(
		fc.property(fc.array(anyName, { maxLength: 12 }), (names) => {
			const reader = new Reader(written(...names));
			assert.deepEqual(
				names.map(() => reader.name()),
				names,
			);
			assert.equal(reader.left, 0);
		}),
	);
	fc.assert(
		fc.property(fc.uint8Array({ minLength: 1, maxLength: 63 }), (label) => {
			assert.deepEqual(labelsOf(formatLabel(label)), [label]);
		}),
	);
});

test('any text is a name or none', () => {
	fc.assert(
		fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('a', '.', '\\', '0', '9', 'ü') })), (text) => {
			const name = canonicalName(text);
			if (name !== undefined) assert.equal(canonicalName(name), name);
		}),
	);
});
