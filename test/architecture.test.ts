/** The laws of ARCHITECTURE.md that a test can check: who may import whom, and who may touch what. */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');

/** Folders from the ground up. A file may import from its own folder and from any folder of an earlier line. */
const floors: string[][] = [
	['base'],
	['wire'],
	['stack'],
	['duplex', 'dns', 'stacks/memory', 'stacks/kernel', 'stacks/ip', 'stacks/links', 'stacks/sim'],
	['post/message', 'post/policy'],
	['post/endpoint'],
	['post/transport'],
	['post/paths'],
	['post/race'],
	['post/association'],
	['post/queue'],
	['post/carrier'],
	['testing'],
	['cli', 'entry'],
];

/** Imports between folders of one line, each with its reason. */
const neighbours: Record<string, string> = {
	'stacks/kernel -> duplex': 'a net.Socket is a Duplex: the adapter that makes a flow of one is the kernel’s flow',
	'stacks/sim -> stacks/ip': 'each host of a simulated network is an IP stack of ours',
	'stacks/sim -> stacks/links': 'what they are joined by are our links, impaired and captured',
	'stacks/sim -> stacks/memory': 'until there is TCP, streams are flows of memory on a wire of the network’s own',
	'stacks/sim -> dns': 'each host resolves names by asking the name servers of its network',
	'cli -> entry': 'the command is a user of the public interface',
};

/** The Node modules a folder may import, types included. What is not listed may import none, and runs in a browser. */
const builtins: Record<string, string[]> = {
	duplex: ['node:stream', 'node:net', 'node:tls'],
	'stacks/kernel': [
		'node:net',
		'node:dgram',
		'node:dns',
		'node:fs',
		'node:module',
		'node:os',
		'node:path',
		'node:stream',
		'node:url',
		'node:worker_threads',
	],
	'post/policy': ['node:crypto'],
	'post/transport': ['node:net', 'node:tls', 'node:stream', 'node:crypto'],
	'post/race': ['node:diagnostics_channel'],
	'post/association': ['node:fs', 'node:path', 'node:crypto'],
	'post/carrier': ['node:stream'],
	testing: [
		'node:test',
		'node:assert',
		'node:assert/strict',
		'node:buffer',
		'node:crypto',
		'node:net',
		'node:os',
		'node:path',
	],
	cli: [
		'node:util',
		'node:fs',
		'node:fs/promises',
		'node:process',
		'node:stream',
		'node:os',
		'node:tty',
		'node:path',
		'node:url',
	],
};

/** Packages that code (not tests) may import. */
const packages = ['@standard-schema/spec'];

interface Source {
	readonly file: string;
	readonly folder: string;
	readonly text: string;
	readonly imports: readonly string[];
}

const sources: Source[] = globSync('src/**/*.ts', { cwd: root })
	.filter((file) => !file.endsWith('.test.ts') && !isTestHelper(file))
	.map((file) => {
		const text = readFileSync(join(root, file), 'utf8');
		const imports = [
			...text.matchAll(/^(?:import|export)\b[^'"`;]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gms),
		].map((match) => match[1] ?? match[2] ?? match[3]!);
		return { file, folder: folderOf(file), text, imports };
	});

test('every source file stands on a floor', () => {
	const known = new Set(floors.flat());
	const lost = sources.filter(({ folder }) => !known.has(folder)).map(({ file }) => file);
	assert.deepEqual(lost, [], 'these files are in folders that test/architecture.test.ts gives no floor');
});

test('imports go down only', () => {
	const wrong: string[] = [];
	for (const { file, folder, imports } of sources) {
		for (const target of imports.filter((name) => name.startsWith('.'))) {
			const to = folderOf(normalize(join(dirname(file), target)));
			if (to === folder || floorOf(to) < floorOf(folder) || `${folder} -> ${to}` in neighbours) continue;
			wrong.push(
				`${file} imports ${target}: ${folder} (floor ${floorOf(folder)}) must not know ${to} (${floorOf(to)})`,
			);
		}
	}
	assert.deepEqual(wrong, [], 'a lower floor must not know a higher one; move the shared part down');
});

test('every exception is in use', () => {
	const used = new Set(
		sources.flatMap(({ file, folder, imports }) =>
			imports.map((name) => `${folder} -> ${folderOf(normalize(join(dirname(file), name)))}`),
		),
	);
	assert.deepEqual(
		Object.keys(neighbours).filter((name) => !used.has(name)),
		[],
	);
});

test('no cycles between files, type imports included', () => {
	const graph = new Map(
		sources.map(({ file, imports }) => [
			file,
			imports.filter((name) => name.startsWith('.')).map((name) => normalize(join(dirname(file), name))),
		]),
	);
	const done = new Set<string>();
	const walk = (file: string, path: string[]): string[] | undefined => {
		if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
		if (done.has(file)) return undefined;
		for (const next of graph.get(file) ?? []) {
			const cycle = walk(next, [...path, file]);
			if (cycle) return cycle;
		}
		done.add(file);
		return undefined;
	};
	for (const file of graph.keys()) assert.equal(walk(file, [])?.join(' -> '), undefined, 'files import each other');
});

test('Node modules and packages only where the table allows', () => {
	const wrong: string[] = [];
	for (const { file, folder, imports } of sources) {
		for (const name of imports.filter((name) => !name.startsWith('.'))) {
			const allowed = name.startsWith('node:') ? builtins[folder]?.includes(name) : packages.includes(name);
			if (!allowed) wrong.push(`${file} imports ${name}`);
		}
	}
	assert.deepEqual(
		wrong,
		[],
		'floors 0 and 1, memory and post/message run in a browser; elsewhere add to the table, with thought',
	);
});

test('nobody but the clock and the randomness touches time and chance', () => {
	const allowed = ['src/base/clock.ts', 'src/base/random.ts', 'src/base/turn.ts'];
	const pattern =
		/\b(Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|getRandomValues)\b/;
	const wrong = sources
		.filter(({ file, folder }) => !allowed.includes(file) && folder !== 'testing')
		.flatMap(({ file, text }) =>
			text
				.split('\n')
				.map((line, index) => ({ line: line.replace(/\/\/.*|^\s*\*.*|\/\*.*\*\//g, ''), at: `${file}:${index + 1}` }))
				.filter(({ line }) => pattern.test(line) && !/^\tset(Timeout|Interval)\(.*\{$/.test(line))
				.map(({ at, line }) => `${at}: ${line.trim()}`),
		);
	assert.deepEqual(wrong, [], 'take a Clock or a Random instead, so that tests can be their time and their chance');
});

test('no contract has more than ten members', () => {
	for (const file of ['flow', 'port', 'resolver', 'stack']) {
		const { text } = sources.find((source) => source.file === join('src', 'stack', `${file}.ts`))!;
		for (const [, name, body] of text.matchAll(/interface (\w+)[^{]*\{\n(.*?)\n\}/gs)) {
			const members = body!.split('\n').filter((line) => /^\t(readonly )?\w+\??[(:]/.test(line));
			assert.ok(members.length <= 10, `${name} in ${file}.ts has ${members.length} members`);
		}
	}
});

function folderOf(file: string): string {
	const path = dirname(file).split(/[\\/]/).slice(1);
	const depth = ['post', 'stacks'].includes(path[0]!) ? 2 : 1;
	return path.slice(0, depth).join('/');
}

function floorOf(folder: string): number {
	return floors.findIndex((line) => line.includes(folder));
}

/** Beside a test and only for it. */
function isTestHelper(file: string): boolean {
	return /-(harness|twin)\.ts$/.test(file);
}
