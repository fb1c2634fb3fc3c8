/** Plain TCP and Unix sockets both ways with socat. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { initiate, lines, listen } from '../../src/entry/index.ts';
import { freePort, needs, start } from './programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'post-sockets-socat-'));
after(() => rmSync(folder, { recursive: true }));

const places = [
	{
		kind: 'TCP',
		ours: async () => 'tcp://127.0.0.1:0',
		connect: (local: string) => `TCP:${local}`,
		theirs: async () => {
			const port = await freePort();
			return { listen: `TCP-LISTEN:${port},bind=127.0.0.1`, remote: `tcp://127.0.0.1:${port}` };
		},
	},
	{
		kind: 'Unix',
		ours: async () => `unix:${join(folder, 'ours')}`,
		connect: (local: string) => `UNIX-CONNECT:${local.slice('unix:'.length)}`,
		theirs: async () => ({ listen: `UNIX-LISTEN:${join(folder, 'theirs')}`, remote: `unix:${join(folder, 'theirs')}` }),
	},
];

for (const { kind, ours, connect, theirs } of places) {
	test(
		`P-102 socat connects to a listener of ours over ${kind}, half-closes, and is answered`,
		needs('socat'),
		async (t) => {
			await using server = await listen(await ours(), { protocol: lines() });
			const client = start(t, 'socat', ['-t5', '-', connect(server.locals[0]!)]);
			client.child.stdin.end('one\ntwo\nthree');
			const carrier = (await server.accept())!;
			const received: string[] = [];
			for await (const { content } of carrier) received.push(content);
			assert.deepEqual(received, ['one', 'two', 'three']);
			await carrier.send(`${received.length} lines`);
			await carrier.close();
			assert.equal(await client.output, '3 lines\n');
		},
	);

	test(
		`P-102 a carrier of ours connects to socat over ${kind}; 8 MiB come back unchanged`,
		needs('socat'),
		async (t) => {
			const { listen: address, remote } = await theirs();
			const echo = start(t, 'socat', ['-d', '-d', address, 'EXEC:cat']);
			await echo.says('listening on');
			const carrier = await initiate(remote);
			const data = randomBytes(8 * 2 ** 20);
			carrier.send(data, { final: true });
			const hash = createHash('sha256');
			for await (const { content } of carrier) hash.update(content);
			assert.equal(hash.digest('hex'), createHash('sha256').update(data).digest('hex'));
			await carrier.close();
		},
	);
}
