/** Every TypeScript block of the README compiles, and runs with what its text takes for granted. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = join(import.meta.dirname, '..');
const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
	([, code]) => code!,
);
// Inside the project, so that its types and packages are found.
const folder = mkdtempSync(join(root, '.readme-'));
after(() => rmSync(folder, { recursive: true }));

const everything = `import { codec, frame, initiate, lines, listen, messages, selfSigned } from 'post-sockets';\n`;
const protocol = `const protocol = messages(frame.lengthPrefix(), codec.json());\n`;

/** What stands before and after each block, by a piece of it, and what it prints. */
const settings = [
	{ has: 'const sums', before: '', after: '', prints: '{ sum: 42 }\n' },
	{
		has: "initiate('api.example.com:443'",
		before:
			everything +
			protocol +
			`const signal = new AbortController().signal, use = console.log, security = selfSigned({ names: ['api.example.com'] });
await using server = await listen('localhost:0', { protocol, security });
void server.accept().then(async (peer) => {
	let count = 0;
	for await (const { content } of peer!) if (peer!.post(content), (count += 1) === 3) break;
	await peer!.close();
});
`,
		rewrite: (code: string) =>
			code
				.replace(
					"'api.example.com:443', {",
					`\`localhost:\${server.port}\`, { security: { pin: security.fingerprint },`,
				)
				.replace('request({ hello: 3 });', 'request({ hello: 3 }); use(reply);'),
		after: '',
		prints: '{ hello: 1 }\n{ hello: 2 }\n{ hello: 3 }\n',
	},
	{
		has: 'const security = selfSigned();',
		before: '',
		rewrite: (code: string) =>
			code
				.replace("listen('localhost:3005'", "listen('localhost:0'")
				.replace("initiate('localhost:3005'", 'initiate(`localhost:${server.port}`'),
		after: `console.log(client.transients[0]!.security!.protocol);`,
		prints: 'TLSv1.3\n',
	},
	{ has: "initiate('tcp://localhost:1')", before: '', after: '', prints: 'refused\n' },
	{ has: 'profiles.unreliableDatagram', before: '', after: '', prints: 'HELLO\n' },
	{
		has: 'antecedents: [picture]',
		before: `import { initiate, lines, listen } from 'post-sockets';
await using server = await listen('tcp://localhost:0', { protocol: lines() });
await using carrier = await initiate(\`tcp://localhost:\${server.port}\`, { protocol: lines() });
const peer = (await server.accept())!;
const keyFrame = 'key', difference = 'difference', brake = 'brake', map = 'map', tired = true;
`,
		after: `
await picture;
await carrier.close();
const got: string[] = [];
for await (const { content } of peer) got.push(content);
console.log(got.join(' '), await large);
await peer.close();
`,
		prints: 'brake key difference withdrawn\n',
	},
	{
		has: 'reconnect: {}',
		before: `import { listen } from 'post-sockets';
await using server = await listen('tcp://localhost:0', { protocol: lines() });
void (async () => {
	const first = (await server.accept())!;
	await first.receive();
	first.abort();
	const second = (await server.accept())!;
	second.post((await second.receive())!.content + ' noon');
	second.post('and more');
	await second.closed;
})();
`,
		rewrite: (code: string) =>
			code
				.replace("'tcp://localhost:3005'", '`tcp://localhost:${server.port}`')
				.replace('`lost: ${message}`', "'lost'")
				.replace('	console.log(content);\n', '	console.log(content);\n	break;\n'),
		after: 'console.log(await answer);',
		prints: 'lost\nand more\nwhat is the time? noon\n',
	},
	{
		has: 'new Association',
		before: `import { listen, selfSigned } from 'post-sockets';
import { mkdtempSync } from 'node:fs';
const security = selfSigned(), ca = security.cert;
await using server = await listen('localhost:0', { protocol: lines(), security });
void (async () => {
	for await (const peer of server) peer.post('hello'), peer.onMessage(() => {});
})();
process.chdir(mkdtempSync('${folder}/'));
`,
		rewrite: (code: string) =>
			code
				.replace("'localhost:3005'", '`localhost:${server.port}`')
				.replace('await using second', 'await first.receive();\nawait using second'),
		after: 'console.log(second.transients[0]!.security!.resumed);',
		prints: 'true\n',
	},
	{ has: 'virtualClock()', before: '', after: '', prints: '270\n' },
];

test('the README has the blocks this test knows, and no others', () => {
	assert.deepEqual(
		blocks.map((code) => settings.findIndex(({ has }) => code.includes(has))),
		settings.map((_, index) => index),
	);
});

for (const [index, { has, before, after, prints, rewrite = (code: string) => code }] of settings.entries()) {
	test(`README, "${has}": runs and prints what it should`, () => {
		const code = (before + rewrite(blocks[index]!) + after)
			.replaceAll("'post-sockets'", `'${join(root, 'src/entry/index.ts')}'`)
			.replaceAll("'post-sockets/stack'", `'${join(root, 'src/entry/stack.ts')}'`);
		const file = join(folder, `block-${index}.mts`);
		writeFileSync(file, code);
		const run = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 20_000 });
		assert.equal(run.stderr, '');
		assert.equal(run.stdout, prints);
	});
}

test('every block of the README compiles', () => {
	const files = settings.map((_, index) => `block-${index}.mts`);
	const config = {
		extends: join(root, 'tsconfig.json'),
		compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, noEmit: true },
		include: [],
		files,
	};
	writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
	const run = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
	assert.equal(run.stdout, '');
});
