/** What is wrong on the command line exits with 2 and says what to write instead. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inProcess, objects, post } from './post-harness.ts';

const pin = '0'.repeat(64);
const mistakes: [args: string, says: RegExp][] = [
	['', /which command\? write post COMMAND, where COMMAND is one of connect, listen, race, sim/],
	['get example.com:443', /there is no command "get"; write post COMMAND/],
	['proxy', /there is no command "proxy"/],
	['race', /race needs a TARGET; write post race example\.com:443/],
	['connect example.com 443', /the port belongs to the target; write post connect example\.com:443/],
	['connect example.com', /"example\.com" has no port; write example\.com:443/],
	['race https://example.com/path?x', /"https:\/\/example\.com\/path\?x" is a web address; write example\.com:443/],
	['race http://[::1]:8080/', /write tcp:\/\/\[::1\]:8080/],
	['race ::1:443', /an IPv6 address stands in brackets/],
	['race example.com:99999', /neither a port from 0 to 65535/],
	['race quic://example.com:443', /there is no quic yet/],
	['race example.com:443 tcp://example.com:80', /which never race each other/],
	['race example.com:443 --frobnicate', /race has no option --frobnicate; it has --svg --delay/],
	['race example.com:443 -x', /race has no option -x/],
	['race example.com:443 --timeout', /--timeout needs a value; write --timeout MS/],
	['race example.com:443 --timeout 5s', /--timeout takes milliseconds, not "5s"; write --timeout 5000/],
	['race example.com:443 --timeout 0', /--timeout takes milliseconds, not "0"/],
	['race example.com:443 --json=yes', /--json takes no value/],
	['race example.com:443 --svg a --svg b', /--svg was given twice/],
	['connect example.com:443 --pin 1234', /--pin takes the SHA-256 fingerprint/],
	['connect example.com:443 --cert nowhere.pem', /--cert needs --key beside it/],
	['connect example.com:443 --ca nowhere.pem', /--ca cannot be read: .*nowhere\.pem/],
	[
		`connect example.com:443 --ca ${join(import.meta.dirname, 'post.ts')}`,
		/--ca takes a PEM file with "-----BEGIN CERTIFICATE-----"/,
	],
	[`connect tcp://example.com:443 --pin ${pin}`, /without security, but --pin asks for it; write example\.com:443/],
	[
		'connect tls://example.com:443 --allow-plaintext',
		/--allow-plaintext is for targets without a scheme; write example\.com:443/,
	],
	['listen', /listen takes one LOCAL/],
	['listen 3005', /write localhost:3005/],
	[
		'listen localhost:0',
		/needs a certificate; add --self-signed, or --cert FILE --key FILE, or write tcp:\/\/localhost:0/,
	],
	['listen tcp://localhost:0 --self-signed', /without security, but --self-signed asks for it; write localhost:0/],
];

for (const [args, says] of mistakes) {
	test(`post ${args.replaceAll(import.meta.dirname, '')}`, async () => {
		const { code, stdout, stderr } = await inProcess(...args.split(' ').filter(Boolean));
		assert.match(stderr, says);
		assert.match(stderr, /^post: [^\n]+\n$/);
		assert.equal(stdout.toString(), '');
		assert.equal(code, 2);
	});
}

test('with --json a mistake is an object as well', async () => {
	const { code, stdout, stderr } = await post('race', 'example.com', '--json'); // a process, for its exit code
	assert.equal(code, 2);
	assert.match(stderr, /has no port/);
	assert.deepEqual(objects(stdout), [
		{ error: { code: 'bad-argument', message: '"example.com" has no port; write example.com:443' } },
	]);
});

test('help and version', async () => {
	const all = await inProcess('--help');
	assert.equal(all.code, 0);
	for (const name of ['connect', 'listen', 'race']) {
		assert.match(all.stdout.toString(), new RegExp(`^  ${name} `, 'm'));
		const { code, stdout, stderr } = await inProcess(name, '--help');
		assert.equal(code, 0);
		assert.equal(stderr, '');
		assert.match(stdout.toString(), new RegExp(`^usage: post ${name} `));
		assert.match(stdout.toString(), /--json/);
		for (const line of stdout.toString().split('\n')) assert.ok(line.length <= 100, line);
	}
	const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
		version: string;
	};
	assert.equal((await inProcess('--version')).stdout.toString(), `${version}\n`);
});
