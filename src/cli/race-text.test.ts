import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { columns } from './printable.ts';
import * as examples from './race-harness.ts';
import { raceText } from './race-text.ts';

const plain = { width: 80, unicode: true, colour: false };
const races = Object.entries(examples).filter(
	(entry): entry is [string, examples.Race] => typeof entry[1] === 'object',
);

test('a winner after a black hole', () => {
	assert.equal(
		raceText(examples.blackHole, plain),
		`example.com:443
                                              start end ms
  AAAA example.com ━                           0.00   18.3  1 address
  A example.com    ━━                          0.12   24.9  1 address
- TLS 2001:db8::1   ░░░░░░░░░░░░░░░░░░░░░░░░   18.4  312.4  cancelled, no answer
✓ TLS 192.0.2.7                         ▒▒██  268.5  312.4  won
                   0               200       ms
  ━━ DNS   ▒▒ connect   ░░ no answer   ██ TLS handshake

connected to 192.0.2.7:443 by TLS in 312 ms; [2001:db8::1]:443 was silent for
294 ms: its IPv6 path looks broken
`,
	);
});

for (const [name, race] of races) {
	for (const width of [60, 80, 120, 200]) {
		test(`${name} fits ${width} columns, one line per query and attempt`, () => {
			const text = raceText(race, { ...plain, width });
			for (const line of text.split('\n')) assert.ok(columns(line) <= width, `${columns(line)}: ${line}`);
			assert.equal(text.match(/^[-✓✗ ] (A|AAAA|TLS|TCP|UNIX) /gm)?.length, race.attempts.length + race.dns.length);
			// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
			assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800]/);
		});
	}

	test(`${name} is the same in ASCII, and with colours but for the colours`, () => {
		const ascii = raceText(race, { ...plain, unicode: false });
		// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
		assert.match(ascii, /^[\x00-\x7f]*$/);
		assert.match(ascii, race.winner === null ? /^x /m : /^\* /m);
		const coloured = raceText(race, { ...plain, colour: true });
		assert.ok(coloured.includes('\x1b['));
		assert.equal(stripVTControlCharacters(coloured).replace(/ +$/gm, ''), raceText(race, plain));
	});
}
