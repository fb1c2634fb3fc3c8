/** TLS sessions are resumed across processes, as an openssl server sees it, and never across partitions. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { selfSigned } from '../../src/entry/index.ts';
import { freePort, needs, start } from './programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'post-sockets-resumption-'));
const security = selfSigned();
const [cert, key, store] = ['cert.pem', 'key.pem', 'store'].map((name) => join(folder, name)) as [
	string,
	string,
	string,
];
writeFileSync(cert, security.cert);
writeFileSync(key, security.key);
after(() => rmSync(folder, { recursive: true }));

for (const version of ['tls1_2', 'tls1_3']) {
	test(`P-57 a second process resumes by ${version}, another partition never does`, needs('openssl'), async (t) => {
		const port = await freePort();
		const files = ['-cert', cert, '-key', key];
		const server = start(t, 'openssl', ['s_server', '-accept', `127.0.0.1:${port}`, ...files, `-${version}`, '-www']);
		await server.says('ACCEPT');
		const child = join(import.meta.dirname, 'children/resume.ts');
		const talk = (partition: string) =>
			start(t, process.execPath, [child, `localhost:${port}`, cert, store, partition]).output;
		assert.equal(await talk(version), 'false, New\n');
		assert.equal(await talk(version), 'true, Reused\n');
		assert.equal(await talk(`${version}-other`), 'false, New\n');
	});
}
