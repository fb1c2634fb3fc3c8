/** A carrier with `reconnect` outlives its server: what was asked of one that is killed is answered by the next. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { initiate, lines } from '../../src/entry/index.ts';
import { testPki } from '../../src/testing/certificates.ts';
import { pemFiles } from './pem-files.ts';
import { freePort, needs, type Program, start } from './programs.ts';

const files = pemFiles();
const { certFile, keyFile } = files.issue({ names: ['localhost'], usage: 'server' });
const security = { ca: testPki().ca };

/** Programs that answer every line, and what they answer to "ab". */
const servers = [
	{
		program: 'socat',
		remote: (port: number) => `tcp://127.0.0.1:${port}`,
		answer: 'ab',
		args: (port: number) => ['-d', '-d', `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`, 'EXEC:cat'],
		ready: 'listening on',
	},
	{
		program: 'openssl',
		remote: (port: number) => `localhost:${port}`,
		answer: 'ba',
		args: (port: number) => ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', certFile, '-key', keyFile, '-rev'],
		ready: 'ACCEPT',
	},
];

async function kill({ child }: Program): Promise<void> {
	const gone = new Promise((resolve) => child.once('exit', resolve));
	child.kill('SIGKILL');
	await gone;
}

for (const { program, remote, answer, args, ready } of servers) {
	const serve = async (t: TestContext, port: number) => {
		const server = start(t, program, args(port));
		await server.says(ready);
		return server;
	};

	test(
		`a request that is safely replayable survives kill -9 and restart of ${program}; another fails`,
		needs(program),
		async (t) => {
			const port = await freePort();
			const first = await serve(t, port);
			await using carrier = await initiate(remote(port), { protocol: lines(), security, reconnect: {} });
			assert.equal(await carrier.request('ab'), answer);
			const heard = new Set<string>();
			carrier.observe('dormant', () => heard.add('dormant'));
			carrier.observe('active', () => heard.add('active'));
			// Its system still takes what is sent; it reads and answers no more.
			first.child.kill('SIGSTOP');
			const again = carrier.request('ab', { safelyReplayable: true });
			const failed = assert.rejects(carrier.request('once'), { code: 'reset' });
			await carrier.send('all before this was handed down');
			await kill(first);
			await failed;
			await serve(t, port);
			assert.equal(await again, answer);
			assert.equal(await carrier.request('ab'), answer);
			assert.deepEqual([...heard], ['dormant', 'active']);
		},
	);
}
