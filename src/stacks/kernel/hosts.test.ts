import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HostsFile, hostsFileLimit, parseHosts, systemHostsFile } from './hosts.ts';

const directory = mkdtempSync(join(tmpdir(), 'post-sockets-'));
after(() => rmSync(directory, { recursive: true }));

function parsed(text: string): Record<string, string[]> {
	return Object.fromEntries([...parseHosts(text)].map(([name, addresses]) => [name, addresses.map(String)]));
}

test('addresses, aliases, comments, zones, any case and any blank', () => {
	const text = [
		'127.0.0.1\tlocalhost',
		'::1 localhost ip6-localhost',
		'',
		'# 192.0.2.9 commented',
		'  192.0.2.1   One.TEST one\talias. # and a comment two',
		'192.0.2.2 one.test',
		'192.0.2.1 one.test',
		'fe80::1%eth0 router.test',
		'192.0.2.3',
		'not-an-address name.test',
		'192.0.2.256 name.test',
		'2001:DB8::7 crlf.test\r',
	].join('\n');
	assert.deepEqual(parsed(text), {
		localhost: ['127.0.0.1', '::1'],
		'ip6-localhost': ['::1'],
		'one.test': ['192.0.2.1', '192.0.2.2'],
		one: ['192.0.2.1'],
		alias: ['192.0.2.1'],
		'router.test': ['fe80::1%eth0'],
		'crlf.test': ['2001:db8::7'],
	});
	assert.deepEqual(parsed(''), {});
});

test('the names of objects are no names of hosts', () => {
	assert.equal(parseHosts('192.0.2.1 a.test').get('constructor'), undefined);
});

test('a file is read when it has changed, and only then', () => {
	const path = join(directory, 'hosts');
	const hosts = new HostsFile(path);
	const look = () => hosts.addressesOf('a.test')?.map(String);
	assert.equal(look(), undefined);

	writeFileSync(path, '192.0.2.1 a.test\n');
	const then = new Date(1_700_000_000_000);
	utimesSync(path, then, then);
	assert.deepEqual(look(), ['192.0.2.1']);

	writeFileSync(path, '192.0.2.2 a.test\n');
	utimesSync(path, then, then);
	assert.deepEqual(look(), ['192.0.2.1'], 'size and time are the same: it was not read again');

	utimesSync(path, then, new Date(then.getTime() + 1));
	assert.deepEqual(look(), ['192.0.2.2']);

	rmSync(path);
	assert.equal(look(), undefined);
	writeFileSync(path, '192.0.2.3 a.test\n');
	assert.deepEqual(look(), ['192.0.2.3']);
});

test('a directory, or what may not be read, is an empty file', () => {
	assert.equal(new HostsFile(directory).addressesOf('a.test'), undefined);
});

test('what lies beyond the limit is not read, nor a line that it cuts', () => {
	const path = join(directory, 'large');
	const line = '192.0.2.1 first.test\n';
	const filler = `#${'x'.repeat(hostsFileLimit - line.length - 20)}\n`;
	writeFileSync(path, `${line}${filler}192.0.2.2 a.test.is.cut.here\n192.0.2.3 last.test\n`);
	const hosts = new HostsFile(path);
	assert.deepEqual(hosts.addressesOf('first.test')?.map(String), ['192.0.2.1']);
	for (const name of ['a.test', 'a.test.is', 'last.test']) assert.equal(hosts.addressesOf(name), undefined);
});

test('the file of the system can be read', () => {
	const skip = new HostsFile(systemHostsFile());
	assert.doesNotThrow(() => skip.addressesOf('localhost'));
});
