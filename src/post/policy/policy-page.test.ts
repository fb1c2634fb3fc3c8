import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { policyPage } from './policy-page-harness.ts';

test('docs/policy.md is what the table of properties says', () => {
	const page = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
	const remedy = 'make it anew: node src/post/policy/policy-page-harness.ts > docs/policy.md';
	assert.equal(page, policyPage(), remedy);
});
