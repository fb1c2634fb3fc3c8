/** Who is who by TLS, as OpenSSL's own programs see it: client certificates, pre-shared keys, server names, key logs. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { initiate, lines, listen, type PostSocketsError } from '../../src/entry/index.ts';
import { testPki } from '../../src/testing/certificates.ts';
import { until } from '../../src/testing/suite.ts';
import { freePort, needs, type Program, start } from './programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'post-sockets-tls-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string) => {
	const path = join(folder, name);
	writeFileSync(path, content);
	return path;
};

const pki = testPki();
const api = pki.issue({ names: ['localhost'], usage: 'server' });
const client = pki.issue({ names: ['client.test'], usage: 'client' });
const ca = file('ca.pem', pki.ca);
const apiFiles = ['-cert', file('api.pem', api.cert), '-key', file('api.key', api.key)];
const clientFiles = ['-cert', file('client.pem', client.cert), '-key', file('client.key', client.key)];
const preSharedKey = { identity: 'sensor-1', key: randomBytes(32) };
const keyArguments = ['-psk', preSharedKey.key.toString('hex'), '-psk_identity', preSharedKey.identity];
const versions = ['tls1_2', 'tls1_3'] as const;

async function serve(t: TestContext, ...args: string[]): Promise<{ server: Program; port: number }> {
	const port = await freePort();
	const server = start(t, 'openssl', ['s_server', '-accept', `127.0.0.1:${port}`, ...args]);
	await server.says('ACCEPT');
	return { server, port };
}

function connect(t: TestContext, port: number, ...args: string[]): Program {
	const program = start(t, 'openssl', ['s_client', '-quiet', '-connect', `127.0.0.1:${port}`, '-no_ign_eof', ...args]);
	program.child.stdin.write('hello\n');
	return program;
}

for (const version of versions) {
	test(`T-6.3.2b a certificate of ours satisfies s_server by ${version}`, needs('openssl'), async (t) => {
		const { server, port } = await serve(
			t,
			...apiFiles,
			'-CAfile',
			ca,
			'-Verify',
			'2',
			'-verify_return_error',
			`-${version}`,
		);
		await using carrier = await initiate(`localhost:${port}`, {
			protocol: lines(),
			security: { ca: pki.ca, ...client },
			first: 'hello',
		});
		await server.says('hello');
		await server.says('CN = client.test');
		assert.equal(carrier.transients[0]!.security!.peerCertificate!.names[0], 'localhost');
	});

	test(`T-6.3.2b a certificate of s_client is asked for and verified by ${version}`, needs('openssl'), async (t) => {
		const errors: PostSocketsError[] = [];
		await using listener = await listen('127.0.0.1:0', {
			protocol: lines(),
			security: { ...api, clientCertificates: 'require', ca: pki.ca },
			onError: (error) => void errors.push(error),
		});
		connect(t, listener.port!, ...clientFiles, `-${version}`);
		const carrier = (await listener.accept())!;
		assert.equal((await carrier.receive())!.content, 'hello');
		assert.equal(carrier.transients[0]!.security!.peerCertificate!.subject, 'CN=client.test');
		await carrier.close();
		const bare = connect(t, listener.port!, `-${version}`);
		await bare.says(version === 'tls1_2' ? 'alert handshake failure' : 'alert certificate required');
		await until('the listener has told', () => errors.length === 1);
		assert.equal(errors[0]!.code, 'certificate-untrusted');
		connect(t, listener.port!, ...apiFiles, `-${version}`);
		await until('the listener has told', () => errors.length === 2);
		assert.equal(errors[1]!.code, 'certificate-untrusted');
	});

	test(`T-6.3.7 s_server knows our pre-shared key by ${version}`, needs('openssl'), async (t) => {
		const { server, port } = await serve(t, '-nocert', ...keyArguments, `-${version}`);
		await assert.rejects(
			initiate(`127.0.0.1:${port}`, { security: { preSharedKey: { ...preSharedKey, key: randomBytes(32) } } }),
			{ code: 'tls-alert' },
		);
		await using carrier = await initiate(`127.0.0.1:${port}`, {
			protocol: lines(),
			security: { preSharedKey },
			first: 'hello',
		});
		await server.says('hello');
		const { preSharedKeyIdentity, protocol } = carrier.transients[0]!.security!;
		assert.deepEqual([preSharedKeyIdentity, protocol], ['sensor-1', version === 'tls1_2' ? 'TLSv1.2' : 'TLSv1.3']);
	});

	test(`T-6.3.7 s_client shows a pre-shared key by ${version}`, needs('openssl'), async (t) => {
		const errors: PostSocketsError[] = [];
		await using listener = await listen('127.0.0.1:0', {
			protocol: lines(),
			security: { preSharedKey: (identity) => (identity === preSharedKey.identity ? preSharedKey.key : undefined) },
			onError: (error) => void errors.push(error),
		});
		connect(t, listener.port!, ...keyArguments, `-${version}`);
		const carrier = (await listener.accept())!;
		assert.equal((await carrier.receive())!.content, 'hello');
		assert.equal(carrier.transients[0]!.security!.preSharedKeyIdentity, 'sensor-1');
		await carrier.close();
		connect(t, listener.port!, '-psk', '00'.repeat(32), '-psk_identity', 'sensor-1', `-${version}`);
		await until('the listener has told', () => errors.length === 1);
		assert.equal(errors[0]!.code, 'tls-failed');
	});
}

test('T-6.3.7 a server that ignores the key and shows a good certificate is refused', needs('openssl'), async (t) => {
	const { port } = await serve(t, ...apiFiles, '-tls1_3');
	await assert.rejects(initiate(`localhost:${port}`, { security: { preSharedKey } }), {
		code: 'certificate-untrusted',
		message: /did not take the pre-shared key/,
	});
});

test('T-6.3.2a s_client gets the certificate of the name it asks for', needs('openssl'), async (t) => {
	const identities = { '*.b.test': pki.issue({ names: ['*.b.test'] }) };
	await using listener = await listen('127.0.0.1:0', { protocol: lines(), security: { ...api, identities } });
	for (const [asked, shown] of [
		['x.b.test', '*.b.test'],
		['other.test', 'localhost'],
	] as const) {
		const program = start(t, 'openssl', [
			's_client',
			'-connect',
			`127.0.0.1:${listener.port}`,
			'-servername',
			asked,
			'-CAfile',
			ca,
		]);
		await program.says(`subject=CN = ${shown}`);
		await (await listener.accept())!.close();
	}
});

test('the key log is that of openssl', needs('openssl'), async (t) => {
	const path = join(folder, 'keys.log');
	const { server, port } = await serve(t, ...apiFiles, '-keylogfile', path);
	const ours: string[] = [];
	await using carrier = await initiate(`localhost:${port}`, {
		protocol: lines(),
		security: { ca: pki.ca, keyLog: (line) => void ours.push(line) },
	});
	await carrier.send('hello');
	await server.says('hello');
	const theirs = readFileSync(path, 'utf8')
		.split('\n')
		.filter((line) => line && !line.startsWith('#'));
	assert.deepEqual(ours.toSorted(), theirs.toSorted());
});
