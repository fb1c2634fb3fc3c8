/** TLS both ways with OpenSSL's own programs. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { initiate, lines, listen, type PostSocketsError, selfSigned } from '../../src/entry/index.ts';
import { freePort, needs, start } from './programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'post-sockets-openssl-'));
const security = selfSigned();
const cert = join(folder, 'cert.pem');
const key = join(folder, 'key.pem');
writeFileSync(cert, security.cert);
writeFileSync(key, security.key);
after(() => rmSync(folder, { recursive: true }));

test('P-101 openssl s_client talks lines with a listener of ours, verified', needs('openssl'), async (t) => {
	await using server = await listen('localhost:0', { protocol: lines(), security });
	const args = ['s_client', '-quiet', '-connect', `127.0.0.1:${server.port}`, '-CAfile', cert];
	const client = start(t, 'openssl', [...args, '-verify_return_error', '-verify_hostname', 'localhost', '-no_ign_eof']);
	client.child.stdin.write('hello\n');
	const carrier = (await server.accept())!;
	assert.equal((await carrier.receive())?.content, 'hello');
	await carrier.send('good day');
	await client.says('good day');
	client.child.stdin.end();
	assert.equal(await carrier.receive(), undefined);
	await carrier.close();
	await client.output;
});

for (const version of ['tls1_2', 'tls1_3']) {
	test(`P-101 a carrier of ours talks lines with openssl s_server by ${version}`, needs('openssl'), async (t) => {
		const port = await freePort();
		const server = start(t, 'openssl', [
			's_server',
			'-accept',
			`127.0.0.1:${port}`,
			'-cert',
			cert,
			'-key',
			key,
			`-${version}`,
		]);
		await server.says('ACCEPT');
		const carrier = await initiate(`localhost:${port}`, { protocol: lines(), security: { ca: security.cert } });
		assert.equal(carrier.transients[0]?.security?.protocol, version === 'tls1_2' ? 'TLSv1.2' : 'TLSv1.3');
		await carrier.send('hello, server');
		await server.says('hello, server');
		server.child.stdin.write('hello, client\n');
		assert.equal((await carrier.receive())?.content, 'hello, client');
		await carrier.close();
	});
}

test('a server without TLS 1.3 is refused by who asks for it, with the alert named', needs('openssl'), async (t) => {
	const port = await freePort();
	const server = start(t, 'openssl', [
		's_server',
		'-accept',
		`127.0.0.1:${port}`,
		'-cert',
		cert,
		'-key',
		key,
		'-tls1_2',
	]);
	await server.says('ACCEPT');
	await assert.rejects(
		initiate(`127.0.0.1:${port}`, { security: { ca: security.cert, allowedSecurityProtocols: ['tls_1_3'] } }),
		(error: PostSocketsError) => error.code === 'tls-alert' && /protocol version/.test(error.message),
	);
});

test('the certificate of selfSigned() pleases openssl', needs('openssl'), async (t) => {
	assert.match(await start(t, 'openssl', ['verify', '-x509_strict', '-CAfile', cert, cert]).output, /OK/);
});
