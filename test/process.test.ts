/** Law 10: open carriers and listeners hold the process, nothing else does; and nothing that is not awaited ends it. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const entry = pathToFileURL(join(import.meta.dirname, '..', 'src', 'entry', 'index.ts')).href;
const prelude = `import { createServer } from 'node:net';
import { codec, frame, initiate, lines, listen, messages, selfSigned } from '${entry}';
const protocol = lines();
const serve = async (place, options) => {
	const listener = await listen(place, { protocol, ...options });
	(async () => { for await (const carrier of listener) carrier.onMessage(({ content }) => carrier.send('echo ' + content)); })();
	return listener;
};
const plain = async (onSocket) => {
	const server = createServer({ allowHalfOpen: true }, onSocket).listen(0, '127.0.0.1').unref();
	await new Promise((resolve) => server.ref().once('listening', resolve));
	return server.unref().address().port;
};
`;

/** Runs a script to its own end; a minute is how long a test waits, not how fast a script must be. */
function run(script: string): Promise<{ code: number | string | null; stdout: string; stderr: string }> {
	return new Promise((resolve) => {
		const args = ['--input-type=module', '--eval', prelude + script];
		execFile(process.execPath, args, { timeout: 60_000 }, (error, stdout, stderr) => {
			resolve({ code: error ? (error.code ?? error.signal ?? null) : 0, stdout, stderr });
		});
	});
}

const scripts: readonly [title: string, script: string, stdout: string][] = [
	[
		'a script that initiates, sends and closes exits by itself',
		`const listener = await serve('tcp://127.0.0.1:0');
		const carrier = await initiate('tcp://127.0.0.1:' + listener.port, { protocol });
		console.log(await carrier.request('hello'));
		await carrier.close();
		await listener.close();`,
		'echo hello\n',
	],
	[
		'so it does over TLS',
		`const security = selfSigned();
		await using listener = await serve('127.0.0.1:0', { security });
		await using carrier = await initiate('127.0.0.1:' + listener.port, { protocol, security: { pin: security.fingerprint } });
		console.log(await carrier.request('hello'));`,
		'echo hello\n',
	],
	[
		'an idle listener that was unref()ed does not hold it',
		`const listener = (await serve('tcp://127.0.0.1:0')).unref();
		const carrier = await initiate('tcp://127.0.0.1:' + listener.port, { protocol });
		console.log(await carrier.request('hello'));
		await carrier.close();`,
		'echo hello\n',
	],
	[
		'nor does a carrier that was, with a request under way',
		`const port = await plain((socket) => socket.unref().resume());
		const carrier = await initiate('tcp://127.0.0.1:' + port, { protocol });
		carrier.request('hello').catch(() => {});
		carrier.unref();
		console.log('done');`,
		'done\n',
	],
	[
		'nor a lazy carrier that has sent nothing',
		`await initiate('tcp://127.0.0.1:9', { protocol, lazy: true });
		console.log('done');`,
		'done\n',
	],
	[
		'a peer that never ends does not hold a script that has closed its carrier',
		`const port = await plain((socket) => socket.unref().resume());
		const carrier = await initiate('tcp://127.0.0.1:' + port, { protocol, closeTimeout: 3_600_000 });
		await carrier.send('hello');
		await carrier.close();
		console.log('done');`,
		'done\n',
	],
	[
		'T-9.2.2.3 a thousand floating sends, posts and requests on a carrier that dies do not end it',
		`const port = await plain((socket) => socket.on('data', () => socket.resetAndDestroy()).on('error', () => {}));
		const carrier = await initiate('tcp://127.0.0.1:' + port, { protocol });
		for (let index = 0; index < 1_000; index += 1) {
			carrier.send('floating');
			if (index % 100 === 0) await new Promise(setImmediate);
		}
		carrier.close();
		console.log((await carrier.closed).by);
		for (let index = 0; index < 1_000; index += 1) { carrier.send('late'); carrier.post('late'); }`,
		'remote\n',
	],
	[
		'an establishment that fails, unheard by a lazy carrier, does not end it',
		`const carrier = await initiate('tcp://127.0.0.1:1', { protocol, lazy: true });
		carrier.send('floating');
		console.log((await carrier.closed).error.code);`,
		'refused\n',
	],
];

for (const [title, script, stdout] of scripts) {
	test(title, async () => {
		const { code, stdout: printed, stderr } = await run(script);
		assert.deepEqual({ code, printed, stderr }, { code: 0, printed: stdout, stderr: '' });
	});
}

test('an open carrier holds the process, until its peer says so', async () => {
	const { code, stdout } =
		await run(`const port = await plain((socket) => { setTimeout(() => socket.end('bye\\n'), 500).unref(); socket.unref(); });
		const carrier = await initiate('tcp://127.0.0.1:' + port, { protocol });
		carrier.onMessage(({ content }) => console.log(content));`);
	assert.deepEqual([code, stdout], [0, 'bye\n']);
});

test('a mistake in a handler ends it, as a mistake anywhere does', async () => {
	const { code, stderr } = await run(`const listener = await serve('tcp://127.0.0.1:0');
		const carrier = await initiate('tcp://127.0.0.1:' + listener.port, { protocol });
		carrier.onMessage(() => { throw new Error('a mistake'); });
		carrier.send('hello');`);
	assert.equal(code, 1);
	assert.match(stderr, /Error: a mistake/);
});
