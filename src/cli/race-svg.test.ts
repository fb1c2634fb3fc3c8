import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as examples from './race-harness.ts';
import { placeOf } from './race-lanes.ts';
import { raceSvg } from './race-svg.ts';

const races = Object.entries(examples).filter(
	(entry): entry is [string, examples.Race] => typeof entry[1] === 'object',
);

for (const [name, race] of races) {
	test(`${name} is well-formed, safe, and loads nothing`, () => {
		const svg = raceSvg(race);
		checkWellFormed(svg);
		const known = ['svg', 'title', 'desc', 'style', 'defs', 'pattern', 'rect', 'line', 'path', 'circle', 'text', 'g'];
		for (const [, tag] of svg.matchAll(/<\/?([a-z]+)/g)) assert.ok(known.includes(tag!), tag);
		for (const [element] of svg.matchAll(/<[^>]*>/g))
			assert.doesNotMatch(element, /\s(href|on\w+|src|style|xlink:\w+)=|url\((?!#)/);
		assert.doesNotMatch(svg, /@import|@font-face/);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what XML forbids
		assert.doesNotMatch(svg, /[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\u202e]/);
		assert.ok(svg.isWellFormed());
	});

	test(`${name} has a lane for each query and attempt, and each in words`, () => {
		const svg = raceSvg(race);
		assert.equal(svg.match(/<g><title>/g)?.length ?? 0, race.attempts.length + race.dns.length);
		assert.equal(svg.match(/class="f-wonGround"/g)?.length ?? 0, race.winner === null ? 0 : 1);
		assert.match(svg, race.winner === null ? /No connection to/ : /Connected to/);
	});
}

test('what is broken is said in the picture', () => {
	const svg = raceSvg(examples.blackHole);
	assert.match(svg, /\[2001:db8::1\]:443 was silent for 294 ms: its IPv6 path looks broken/);
	assert.match(svg, /no answer 294 ms/);
	for (const attempt of examples.blackHole.attempts) assert.ok(svg.includes(`>${placeOf(attempt)}</text>`));
});

test('light and dark', () => {
	assert.match(raceSvg(examples.blackHole), /@media \(prefers-color-scheme: dark\)/);
});

test('no lane leaves the picture, whatever the times are', () => {
	const numbers = { start: 0, end: 0.001, outcome: 'won', phase: 'ready' } as const;
	for (const milliseconds of [0, 0.001, 1, 3_600_000]) {
		const race = examples.report({
			milliseconds,
			winner: '192.0.2.7',
			attempts: [examples.attempt('192.0.2.7', numbers)],
		});
		const svg = raceSvg(race);
		assert.doesNotMatch(svg, /NaN|Infinity|="-/);
		for (const [, x, width] of svg.matchAll(
			/<rect class="f-connect" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"|<rect x="([\d.]+)"/g,
		)) {
			if (x !== undefined) assert.ok(Number(x) + Number(width) <= 1040);
		}
	}
});

/** Every element is closed in order, every attribute quoted, no bare & or <. */
function checkWellFormed(xml: string): void {
	const open: string[] = [];
	const rest = xml.replace(
		/<(\/?)([a-z]+)((?:\s[\w-]+(?::\w+)?="[^"<]*")*)(\/?)>/g,
		(_, close: string, name: string, _attributes, alone: string) => {
			if (close) assert.equal(open.pop(), name);
			else if (!alone) open.push(name);
			return '';
		},
	);
	assert.deepEqual(open, []);
	assert.doesNotMatch(rest, /[<>]/);
	assert.doesNotMatch(xml, /&(?!#\d+;)/);
}
