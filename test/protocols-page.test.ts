/** Every example of docs/protocols.md compiles, puts on the wire the bytes it says, and its message comes back. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { codec, frame, type TwoSidedProtocol } from '../src/entry/index.ts';
import { deframed, framed } from '../src/testing/framer-suite.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/protocols.md'), 'utf8');
const examples = page.split(/^### /m).flatMap((section) => {
	const [, name, code] = /^((?:frame|codec)\.\w+)\n.*?```ts\n(.*?)```/s.exec(section) ?? [];
	return name && code ? [{ name, code }] : [];
});
// Inside the project, so that its types and packages are found.
const folder = mkdtempSync(join(root, '.readme-'));
after(() => rmSync(folder, { recursive: true }));

const fileOf = (name: string) => join(folder, `${name}.mts`);
for (const { name, code } of examples) {
	const index = join(root, 'src/entry/index.ts');
	writeFileSync(
		fileOf(name),
		`import { codec, frame, messages } from '${index}';\n${code}\nprotocol.codec.encode(message);\nexport { message, protocol };\n`,
	);
}

test('every framing and every codec has its example', () => {
	const names = [
		...Object.keys(frame).map((name) => `frame.${name}`),
		...Object.keys(codec).map((name) => `codec.${name}`),
	];
	assert.deepEqual(examples.map(({ name }) => name).sort(), names.sort());
});

for (const { name, code } of examples) {
	test(`${name} puts on the wire what its example says, and takes it off again`, async () => {
		const { protocol, message }: { protocol: TwoSidedProtocol<unknown, unknown>; message: unknown } = await import(
			fileOf(name)
		);
		const wire = framed(protocol.framing, [protocol.codec.encode(message)]);
		const [, said] = /; \/\/ ([0-9a-f …]+)\n$/.exec(code)!;
		const shown = Array.from(wire, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
		if (said!.endsWith(' …')) assert.ok(shown.startsWith(said!.slice(0, -2)), shown);
		else assert.equal(shown, said);
		const [received, ...others] = deframed(protocol.framing, [wire]);
		assert.deepEqual(protocol.mirrored().codec.decode(received!), message);
		assert.deepEqual(others, []);
	});
}

test('the examples compile', () => {
	const compilerOptions = { noUnusedLocals: false, noEmit: true };
	const files = examples.map(({ name }) => fileOf(name));
	const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: [], files };
	writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
	const run = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
	assert.equal(run.stdout, '');
});
