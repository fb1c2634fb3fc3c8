/** Which carriers resume each other's TLS sessions, as an openssl server sees it. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Visiting } from './children/visit.ts';
import { pemFiles } from './pem-files.ts';
import { freePort, needs, start } from './programs.ts';

const files = pemFiles();
const { certFile, keyFile } = files.issue({ names: ['localhost'], usage: 'server' });
const versions = ['tls1_2', 'tls1_3'] as const;
const [fresh, reused] = ['false, New', 'true, Reused'];

/** A server of status pages; `visit` gives what a process of its own writes of its visits. */
async function ground(t: TestContext, version: (typeof versions)[number]) {
	const port = await freePort();
	const identity = ['-cert', certFile, '-key', keyFile];
	const server = start(t, 'openssl', ['s_server', '-accept', `127.0.0.1:${port}`, ...identity, `-${version}`, '-www']);
	await server.says('ACCEPT');
	return {
		async visit(isolated: boolean[], store?: string) {
			const visiting: Visiting = { remote: `localhost:${port}`, ca: files.ca, isolated, ...(store && { store }) };
			const child = join(import.meta.dirname, 'children', 'visit.ts');
			const output = await start(t, process.execPath, [child, JSON.stringify(visiting)]).output;
			return output.trimEnd().split('\n');
		},
	};
}

for (const version of versions) {
	test(
		`T-8.1.10-01 T-8.1.10-02 carriers resume without being asked to, isolated ones never, by ${version}`,
		needs('openssl'),
		async (t) => {
			const { visit } = await ground(t, version);
			assert.deepEqual(await visit([false, true, true, false]), [fresh, fresh, fresh, reused]);
			assert.deepEqual(await visit([true, false]), [fresh, fresh]);
		},
	);

	test(
		`P-57 T-8.1.10-01 T-8.1.10-02 across processes what is stored is resumed, by ${version}; isolated carriers store nothing`,
		needs('openssl'),
		async (t) => {
			const { visit } = await ground(t, version);
			const store = join(files.folder, version);
			assert.deepEqual(await visit([true], store), [fresh]);
			assert.deepEqual(await visit([false], store), [fresh]);
			assert.deepEqual(await visit([true], store), [fresh]);
			assert.deepEqual(await visit([false], store), [reused]);
		},
	);
}
