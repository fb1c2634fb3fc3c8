/** What the documentation promises is there. */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { errorCodes } from '../src/base/errors.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

test('every error code has its page, and every page its code', () => {
	const pages = globSync('docs/errors/*.md', { cwd: root })
		.map((file) => file.replace(/.*[\\/]/, '').replace('.md', ''))
		.filter((name) => name !== 'README');
	assert.deepEqual(pages.sort(), [...errorCodes].sort());
	for (const code of errorCodes) assert.match(read('docs/errors/README.md'), new RegExp(`\\(${code}\\.md\\)`));
});

test('every link to a file of ours leads somewhere', () => {
	const broken: string[] = [];
	for (const page of globSync(['*.md', 'docs/**/*.md'], { cwd: root })) {
		for (const [, link] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
			if (globSync(join(dirname(page), link!), { cwd: root }).length === 0) broken.push(`${page}: ${link}`);
		}
	}
	assert.deepEqual(broken, []);
});

test('every dependency has its line', () => {
	const { dependencies, devDependencies } = JSON.parse(read('package.json'));
	const page = read('docs/dependencies.md');
	for (const name of Object.keys({ ...dependencies, ...devDependencies }))
		assert.ok(page.includes(`\`${name}\``), name);
});
