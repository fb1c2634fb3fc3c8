/** STARTTLS in mail: `upgrade` against a mail server, and as one, by which OpenSSL and curl go (RFC 3207). */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Carrier, codec, frame, initiate, type Listener, listen, messages } from '../../src/entry/index.ts';
import { testPki } from '../../src/testing/certificates.ts';
import { pemFiles } from './pem-files.ts';
import { freePort, needs, start } from './programs.ts';

type Text = Carrier<string, string>;

const files = pemFiles();
const api = files.issue({ names: ['localhost'], usage: 'server' });
const { ca } = testPki();
// RFC 5321 §2.3.8: a line ends with both, and with nothing less.
const smtp = messages(frame.delimited('\r\n', { maxLength: 1_000 }), codec.text());

/** The lines of the next reply, which must have the code `expected`. */
async function reply(carrier: Text, expected: number): Promise<string[]> {
	const said: string[] = [];
	do said.push((await carrier.receive())!.content);
	while (said.at(-1)!.startsWith(`${expected}-`));
	assert.match(said.at(-1)!, new RegExp(`^${expected}( |$)`));
	return said;
}

function ask(carrier: Text, command: string, expected: number): Promise<string[]> {
	carrier.post(command);
	return reply(carrier, expected);
}

/** Our client, as far as the server's go-ahead. */
async function startTls(port: number): Promise<Text> {
	const carrier = await initiate(`tcp://localhost:${port}`, { protocol: smtp });
	await reply(carrier, 220);
	const abilities = await ask(carrier, 'EHLO client.test', 250);
	assert.ok(abilities.some((each) => /^250[- ]STARTTLS$/.test(each)));
	await ask(carrier, 'STARTTLS', 220);
	return carrier;
}

async function mailServer(t: TestContext, { certFile, keyFile } = api) {
	const port = await freePort();
	const tls = ['--tlscert', certFile, '--tlskey', keyFile];
	const handler = ['-c', 'aiosmtpd.handlers.Debugging', 'stderr'];
	const server = start(t, 'aiosmtpd', ['-n', '-d', '-l', `localhost:${port}`, ...tls, ...handler]);
	await server.says('Server is listening');
	return { port, server };
}

test('P-101 a mail goes to a server that wants STARTTLS, verified by name', needs('aiosmtpd'), async (t) => {
	const { port, server } = await mailServer(t);
	const plain = await startTls(port);
	await using carrier = await plain.upgrade<string, string>({ security: { ca } });
	assert.deepEqual(await plain.closed, { by: 'local', error: undefined });
	assert.equal(carrier.transients[0]!.security!.peerCertificate!.names[0], 'localhost');
	const abilities = await ask(carrier, 'EHLO client.test', 250);
	assert.ok(!abilities.some((each) => each.includes('STARTTLS')));
	await ask(carrier, 'MAIL FROM:<ours@client.test>', 250);
	await ask(carrier, 'RCPT TO:<theirs@localhost>', 250);
	await ask(carrier, 'DATA', 354);
	for (const line of ['Subject: a test', '', 'as it was meant', '.']) carrier.post(line);
	await reply(carrier, 250);
	await server.says('as it was meant');
	await ask(carrier, 'QUIT', 221);
	assert.equal(await carrier.receive(), undefined);
});

test('the certificate of another name ends an upgrade', needs('aiosmtpd'), async (t) => {
	const { port } = await mailServer(t, files.issue({ names: ['other.test'], usage: 'server' }));
	const plain = await startTls(port);
	await assert.rejects(plain.upgrade({ security: { ca } }), { code: 'name-mismatch' });
});

/** One mail, taken by a server that takes none without TLS, and how it was secured. */
async function takeMail(listener: Listener<string, string>) {
	let carrier = (await listener.accept())!;
	let secured = false;
	const mail: string[] = [];
	carrier.post('220 localhost ESMTP');
	for (;;) {
		const { content: command } = (await carrier.receive())!;
		if (command === 'STARTTLS') {
			carrier.post('220 go ahead');
			carrier = await carrier.upgrade({ security: api });
			secured = true;
		} else if (/^EHLO /.test(command)) {
			carrier.post('250-localhost');
			carrier.post(secured ? '250 8BITMIME' : '250 STARTTLS');
		} else if (command === 'QUIT') {
			carrier.post('221 bye');
			break;
		} else if (!secured) {
			carrier.post('530 STARTTLS first');
		} else if (command === 'DATA') {
			carrier.post('354 until .');
			for await (const { content } of carrier) {
				if (content === '.') break;
				mail.push(content);
			}
			carrier.post('250 taken');
		} else {
			carrier.post('250 ok');
		}
	}
	const { security } = carrier.transients[0]!;
	await carrier.close();
	return { mail, security };
}

for (const version of ['1.2', '1.3']) {
	test(`P-101 curl sends a mail to us over STARTTLS by TLS ${version}`, needs('curl'), async (t) => {
		await using listener = await listen('tcp://localhost:0', { protocol: smtp });
		const tls = ['--ssl-reqd', '--cacert', files.ca, '--tls-max', version, '--tlsv1.2'];
		const ends = ['--mail-from', 'theirs@client.test', '--mail-rcpt', 'ours@localhost'];
		const curl = start(t, 'curl', ['-sS', ...tls, ...ends, '-T', '-', `smtp://localhost:${listener.port}`]);
		curl.child.stdin.end('Subject: a test\r\n\r\nas it was meant\r\n');
		const { mail, security } = await takeMail(listener);
		assert.deepEqual(mail, ['Subject: a test', '', 'as it was meant']);
		assert.equal(security!.protocol, `TLSv${version}`);
		await curl.output;
	});
}

test('P-101 openssl s_client talks with us after STARTTLS, verified', needs('openssl'), async (t) => {
	await using listener = await listen('tcp://localhost:0', { protocol: smtp });
	const place = ['-starttls', 'smtp', '-connect', `localhost:${listener.port}`, '-servername', 'localhost'];
	const trust = ['-CAfile', files.ca, '-verify_return_error', '-verify_hostname', 'localhost'];
	const openssl = start(t, 'openssl', ['s_client', '-quiet', '-crlf', ...place, ...trust]);
	openssl.child.stdin.write(
		'EHLO client.test\nMAIL FROM:<a@client.test>\nRCPT TO:<b@localhost>\nDATA\nhello\n.\nQUIT\n',
	);
	const { mail, security } = await takeMail(listener);
	assert.deepEqual(mail, ['hello']);
	assert.equal(security!.serverName, 'localhost');
	await openssl.says('250 8BITMIME');
	await openssl.says('221 bye');
});
