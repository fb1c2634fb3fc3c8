/** The package as npm would publish it: its exports are sound, and a stranger who installs it can run the example. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');
const folder = mkdtempSync(join(tmpdir(), 'post-sockets-package-'));
let tarball: string;

before(() => {
	const [packed] = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], root));
	tarball = join(folder, packed.filename);
});
after(() => rmSync(folder, { recursive: true }));

test('publint and attw find nothing wrong with the exports', () => {
	const publint = spawnSync(join(bin, 'publint'), [tarball, '--strict'], { encoding: 'utf8' });
	assert.equal(publint.status, 0, publint.stdout + publint.stderr);
	const attw = spawnSync(join(bin, 'attw'), [tarball, '--profile', 'esm-only'], { encoding: 'utf8' });
	assert.equal(attw.status, 0, attw.stdout + attw.stderr);
});

test('the tarball holds the built code and the docs, no tests', () => {
	const list = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' }).split('\n');
	for (const file of ['dist/entry/index.js', 'dist/entry/index.d.ts', 'dist/cli/post.js', 'README.md', 'LICENSE']) {
		assert.ok(list.includes(`package/${file}`), `${file} is missing`);
	}
	assert.deepEqual(
		list.filter((file) => /\.test\.|tsconfig|biome/.test(file)),
		[],
	);
});

test('installed from the tarball, an example runs, types check, and the command works', () => {
	const project = mkdtempSync(join(folder, 'project-'));
	writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
	npm(['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], project);
	cpSync(join(root, 'examples/hello.ts'), join(project, 'hello.ts'));
	const run = spawnSync(process.execPath, ['hello.ts'], { cwd: project, encoding: 'utf8' });
	assert.equal(run.status, 0, run.stderr);
	assert.equal(run.stdout, readFileSync(join(root, 'examples/hello.out'), 'utf8'));
	const check = spawnSync(
		join(bin, 'tsc'),
		[
			'--noEmit',
			'--strict',
			'--module',
			'nodenext',
			'--target',
			'esnext',
			'--typeRoots',
			join(root, 'node_modules/@types'),
			'--types',
			'node',
			'hello.ts',
		],
		{ cwd: project, encoding: 'utf8' },
	);
	assert.equal(check.status, 0, check.stdout);
	const command = spawnSync(join(project, 'node_modules/.bin/post'), ['--version'], { encoding: 'utf8' });
	assert.equal(command.stdout.trim(), JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version);
});

function npm(args: string[], cwd: string): string {
	const { npm_config_json: _, ...env } = process.env;
	return execFileSync('npm', [...args, '--loglevel=error'], {
		cwd,
		encoding: 'utf8',
		env,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
}
