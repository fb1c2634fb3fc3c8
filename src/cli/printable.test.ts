import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns, duration, printable, shorten, wrap } from './printable.ts';

test('controls, bidirectional marks and half characters become visible', () => {
	assert.equal(printable('a\x1b[31m\x00\n\x7f\x9b'), 'a\\x1b[31m\\x00\\x0a\\x7f\\x9b');
	assert.equal(
		printable('\u202e\u2066\u200b\ufeff\ud800\u2028'),
		'\\u{202e}\\u{2066}\\u{200b}\\u{feff}\\u{d800}\\u{2028}',
	);
	assert.equal(printable('grüße 漢字 🙂'), 'grüße 漢字 🙂');
});

test('columns count what a terminal shows', () => {
	assert.equal(columns('grüße'), 5);
	assert.equal(columns('漢字'), 4);
	assert.equal(columns('e\u0301'), 1);
});

test('long text loses its middle', () => {
	assert.equal(shorten('[2001:db8:1:2:3:4:5:6]:443', 13), '[2001:…6]:443');
	assert.equal(shorten('short', 5), 'short');
	assert.equal(shorten('漢字漢字漢字', 7), '漢…漢字'.slice(0, 2) + '字');
	for (let width = 1; width < 12; width += 1) assert.ok(columns(shorten('漢字漢字漢字', width)) <= width);
});

test('lines break between words, and inside a word that is longer than a line', () => {
	assert.deepEqual(wrap('one two three', 8), ['one two', 'three']);
	assert.deepEqual(wrap('abcdefghij k', 4), ['abcd', 'efgh', 'ij k']);
	assert.deepEqual(wrap('took 12 ms', 8), ['took', '12 ms']);
	assert.deepEqual(wrap('', 4), []);
});

test('durations read as people write them', () => {
	assert.deepEqual([0, 0.424, 1, 9.87, 12.34, 271.4, 999.4, 999.6, 1_250, 30_000].map(duration), [
		'0 ms',
		'0.42 ms',
		'1 ms',
		'9.9 ms',
		'12 ms',
		'271 ms',
		'999 ms',
		'1 s',
		'1.25 s',
		'30 s',
	]);
});
