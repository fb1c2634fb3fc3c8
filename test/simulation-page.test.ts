/** Every example of docs/simulation.md, and examples/partition.ts, compiles and runs. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = join(import.meta.dirname, '..');
// Inside the project, so that its types and packages are found.
const folder = mkdtempSync(join(root, '.readme-'));
after(() => rmSync(folder, { recursive: true }));

const page = readFileSync(join(root, 'docs/simulation.md'), 'utf8');
const sources = [
	readFileSync(join(root, 'examples/partition.ts'), 'utf8'),
	...[...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!),
];
const files = sources.map((code, index) => {
	const file = join(folder, `simulation-${index}.mts`);
	const own = code.replaceAll(/'post-sockets(?:\/(\w+))?'/g, (_, entry = 'index') => `'${root}/src/entry/${entry}.ts'`);
	writeFileSync(file, own);
	return file;
});

for (const [index, file] of files.entries()) {
	test(`example ${index} runs`, () => {
		const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 });
		assert.equal(status, 0, stdout + stderr);
		if (index === 1) assert.match(stdout, /^HELLO [0-9a-f]{16}\n$/);
	});
}

test('the examples compile', () => {
	const config = { extends: join(root, 'tsconfig.json'), compilerOptions: { noEmit: true }, include: [], files };
	writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
	const run = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
	assert.equal(run.stdout, '');
});
