/** docs/conformance.md: the rows that stand without a proof, and why. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { judge } from '../scripts/conformance-judge.ts';
import { reasons } from '../scripts/conformance-reasons.ts';
import { asText } from '../scripts/conformance-report.ts';
import { Trial } from '../scripts/conformance-trial.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/conformance.md'), 'utf8');
const rows = Object.keys(JSON.parse(readFileSync(join(root, 'test/checklist/rows.json'), 'utf8')));

test('every line of its tables is read, and every row in them is one of the checklists', () => {
	const found = reasons(page);
	const lines = page.split('\n').filter((line) => /^\| [A-Z]-/.test(line));
	assert.equal(new Set(found.values()).size, lines.length);
	for (const row of found.keys()) assert.ok(rows.includes(row), row);
	assert.equal(found.size, lines.flatMap((line) => line.split(' | ')[0]!.split(', ')).length, 'each row once');
});

test('a row that is not proven is printed with its reason', () => {
	const text = asText(judge(['H-01', 'H-02'], new Trial()), {}, new Map([['H-01', 'no moon here']]));
	assert.match(text, / {3}H-01 no moon here\n {3}not yet: H-02\n/);
});
