/** Whom a listener lets in, as those see it who knock: curl and s_client, by address, certificate and last word. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Carrier, lines, listen, type PostSocketsError } from '../../src/entry/index.ts';
import { testPki } from '../../src/testing/certificates.ts';
import { until } from '../../src/testing/suite.ts';
import { pemFiles } from './pem-files.ts';
import { needs, start } from './programs.ts';

const files = pemFiles();
const server = files.issue({ names: ['localhost'], usage: 'server' });
const { ca } = testPki();

/** One page, for whoever it is. */
async function greet(carrier: Carrier<string, string>): Promise<void> {
	while ((await carrier.receive())?.content);
	const name = carrier.transients[0]!.security?.peerCertificate?.subject ?? 'nobody';
	const body = `good day, ${name}`;
	for (const line of ['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, '', body]) carrier.post(line);
	await carrier.close();
}

/** The page that curl gets; rejects with what curl says. */
function curl(t: TestContext, url: string, ...args: string[]): Promise<string> {
	return start(t, 'curl', ['-sS', '--cacert', files.ca, ...args, url]).output;
}

/** Options for a test in which curl comes from more than one address of the loopback. */
function needsAddresses(): { skip?: string } {
	if (process.platform === 'linux') return needs('curl');
	return { skip: 'only Linux has all of 127.0.0.0/8 on its loopback' };
}

const showing = ({ certFile, keyFile }: { certFile: string; keyFile: string }) => [
	'--cert',
	certFile,
	'--key',
	keyFile,
];

test('P-21 who is refused by its address sees a reset, others get in', needsAddresses(), async (t) => {
	const asked: string[] = [];
	const errors: PostSocketsError[] = [];
	await using listener = await listen('tcp://127.0.0.1:0', {
		protocol: lines(),
		admit: ({ local, remote, address }) => {
			asked.push(local);
			assert.ok(remote.startsWith(`${address}:`));
			return String(address) === '127.0.0.2';
		},
		onError: (error) => void errors.push(error),
	});
	const url = `http://127.0.0.1:${listener.port}/`;
	await assert.rejects(curl(t, url, '--interface', '127.0.0.3'), /exited with (7|56)/);
	assert.deepEqual(
		errors.map(({ code }) => code),
		['refused'],
	);
	const page = curl(t, url, '--interface', '127.0.0.2');
	await greet((await listener.accept())!);
	assert.equal(await page, 'good day, nobody');
	assert.deepEqual(asked, [listener.locals[0], listener.locals[0]]);
});

test('T-7.2-03 only the remotes that were named get in', needsAddresses(), async (t) => {
	await using listener = await listen('tcp://127.0.0.1:0', { protocol: lines(), remote: '127.0.0.2:1' });
	const url = `http://127.0.0.1:${listener.port}/`;
	await assert.rejects(curl(t, url, '--interface', '127.0.0.3'), /exited with (7|56)/);
	const page = curl(t, url, '--interface', '127.0.0.2');
	await greet((await listener.accept())!);
	assert.equal(await page, 'good day, nobody');
});

for (const version of ['1.2', '1.3']) {
	test(`curl gets in by its certificate, and not without a good one, by TLS ${version}`, needs('curl'), async (t) => {
		const errors: PostSocketsError[] = [];
		await using listener = await listen('localhost:0', {
			protocol: lines(),
			security: { ...server, ca, clientCertificates: 'require' },
			onError: (error) => void errors.push(error),
		});
		const url = `https://localhost:${listener.port}/`;
		const by = ['--tlsv1.2', '--tls-max', version];
		const page = curl(t, url, ...by, ...showing(files.issue({ names: ['client.test'], usage: 'client' })));
		await greet((await listener.accept())!);
		assert.equal(await page, 'good day, CN=client.test');

		const bad = [
			{ args: [], code: 'certificate-untrusted' },
			{ args: showing(files.issue({ names: ['client.test'], usage: 'server' })), code: 'certificate-untrusted' },
			{
				args: showing(files.issue({ names: ['client.test'], usage: 'client', expired: true })),
				code: 'certificate-expired',
			},
		];
		for (const { args, code } of bad) {
			errors.length = 0;
			// An alert, a reset or a mere end: by version, and by how far the handshake had come.
			await assert.rejects(curl(t, url, ...by, ...args), /exited with (35|52|56)/);
			await until('the listener has told', () => errors.length > 0);
			assert.equal(errors[0]!.code, code);
		}
	});

	test(`the last word on s_client is ours, and it waits for that, by TLS ${version}`, needs('openssl'), async (t) => {
		const words: ((word: boolean) => void)[] = [];
		const asked: string[] = [];
		const errors: PostSocketsError[] = [];
		await using listener = await listen('127.0.0.1:0', {
			protocol: lines(),
			security: {
				...server,
				ca,
				clientCertificates: 'request',
				trust: ({ peerCertificate }) => {
					asked.push(peerCertificate?.subject ?? 'nobody');
					return new Promise<boolean>((resolve) => void words.push(resolve));
				},
			},
			onError: (error) => void errors.push(error),
		});
		const { certFile, keyFile } = files.issue({ names: ['client.test'], usage: 'client' });
		const connect = (...args: string[]) => {
			const place = ['-connect', `127.0.0.1:${listener.port}`, `-tls${version.replace('.', '_')}`, '-no_ign_eof'];
			const client = start(t, 'openssl', ['s_client', '-quiet', ...place, ...args]);
			client.child.stdin.write('hello\n');
			return client;
		};

		const welcome = connect('-cert', certFile, '-key', keyFile);
		const accepted = listener.accept();
		let ready = false;
		void accepted.then(() => {
			ready = true;
		});
		await until('trust was asked', () => words.length === 1);
		await welcome.says('verify return');
		assert.equal(ready, false);
		words[0]!(true);
		const carrier = (await accepted)!;
		assert.equal((await carrier.receive())!.content, 'hello');
		carrier.post('good day');
		await welcome.says('good day');
		await carrier.close();

		const stranger = connect();
		await until('trust was asked again', () => words.length === 2);
		words[1]!(false);
		await until('the listener has told', () => errors.length === 1);
		assert.equal(errors[0]!.code, 'certificate-untrusted');
		await assert.rejects(stranger.output);
		assert.deepEqual(asked, ['CN=client.test', 'nobody']);
	});
}
