/** `post connect` and `post listen` as processes, over loopback. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as netConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { closedPort, objects, Post, post } from './post-harness.ts';

const megabyte = 2 ** 20;

function sha256(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}

for (const [name, local, options] of [
	['plain', 'tcp://127.0.0.1:0', []],
	['self-signed, pinned', '127.0.0.1:0', ['--self-signed']],
] as const) {
	test(`a megabyte each way, ${name}`, async () => {
		const [there, back] = [randomBytes(megabyte), randomBytes(megabyte)];
		await using listener = new Post(['listen', local, ...options, '-v'], back);
		const port = await listener.port();
		const pin = options.length > 0 ? ['--pin', (await listener.match('stderr', /--pin ([0-9a-f]{64})$/m))[1]!] : [];
		await using peer = new Post(['connect', local.replace(/0$/, String(port)), ...pin, '-v'], there);
		const [heard, got] = [await listener.finished(), await peer.finished()];
		assert.equal(sha256(heard.stdout), sha256(there));
		assert.equal(sha256(got.stdout), sha256(back));
		assert.deepEqual([heard.code, got.code], [0, 0]);
		assert.match(got.stderr, /^connected to 127\.0\.0\.1:\d+ by T\S+ in [\d.]+ m?s; 1 attempt$/m);
		assert.match(heard.stderr, /^accepted 127\.0\.0\.1:\d+ by T/m);
	});
}

test('the command that listen prints is the one to type', async () => {
	await using listener = new Post(['listen', 'localhost:0', '--self-signed'], 'welcome\n');
	const [, command] = await listener.match('stderr', /^the other side: post (.*)$/m);
	const { code, stdout, stderr } = await post(...command!.split(' '));
	assert.equal(stdout.toString(), 'welcome\n');
	assert.equal(stderr, '', 'progress is for terminals');
	assert.equal(code, 0);
});

test('half-close: the peer hears the end of stdin and may still answer', async () => {
	await using listener = new Post(['listen', 'tcp://127.0.0.1:0', '--wait', '600000'], 'open');
	await using peer = new Post(['connect', `tcp://127.0.0.1:${await listener.port()}`, '--json'], 'a question');
	await listener.match('stdout', /^a question$/);
	listener.child.stdin!.write('part one, ');
	await peer.match('stdout', /part one/);
	listener.child.stdin!.end('part two');
	const got = await peer.finished();
	const text = objects(got.stdout).map(({ received }) => received ?? '');
	assert.equal(text.join(''), 'part one, part two');
	assert.deepEqual(objects(got.stdout).at(-1), { closed: { sent: 10, received: 18 } });
	assert.deepEqual([(await listener.finished()).code, got.code], [0, 0]);
});

test('a peer that has ended still gets what stdin has', async () => {
	const bytes = randomBytes(megabyte);
	await using listener = new Post(['listen', 'tcp://127.0.0.1:0'], '');
	await using peer = new Post(['connect', `tcp://127.0.0.1:${await listener.port()}`], bytes);
	const [heard, got] = [await listener.finished(), await peer.finished()];
	assert.equal(sha256(heard.stdout), sha256(bytes));
	assert.deepEqual([heard.code, got.code], [0, 0]);
});

test('when the peer has ended, a stdin that stays open is not waited for', async () => {
	await using listener = new Post(['listen', 'tcp://127.0.0.1:0'], 'bye');
	await using peer = new Post(['connect', `tcp://127.0.0.1:${await listener.port()}`], 'open');
	const { code, stdout } = await peer.finished();
	assert.equal(stdout.toString(), 'bye');
	assert.equal(code, 0);
});

test('a Unix socket, and bytes that are no text as JSON', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'post-cli-'));
	try {
		const local = `unix:${join(folder, 's')}`;
		await using listener = new Post(['listen', local, '--json'], Buffer.from([0xff, 0x00]));
		await listener.match('stdout', /"listening"/);
		const { code, stdout } = await post('connect', local, '--json');
		const [connected, chunk, closed] = objects(stdout);
		assert.equal((connected!['connected'] as { transport: string }).transport, 'unix');
		assert.deepEqual(chunk, { base64: '/wA=', bytes: 2 });
		assert.deepEqual(closed, { closed: { sent: 0, received: 2 } });
		assert.equal(code, 0);
		assert.deepEqual(objects((await listener.finished()).stdout)[0], { listening: [local] });
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test('--keep serves one after the other, and a peer that breaks off does not end it', async () => {
	await using listener = new Post(['listen', 'tcp://127.0.0.1:0', '--keep']);
	const port = await listener.port();
	const rude = netConnect(port, '127.0.0.1');
	await once(rude, 'connect');
	rude.resetAndDestroy();
	for (const word of ['one\n', 'two\n']) {
		await using peer = new Post(['connect', `tcp://127.0.0.1:${port}`], word);
		assert.equal((await peer.finished()).code, 0);
	}
	await listener.match('stdout', /one\ntwo\n/);
	listener.child.kill('SIGTERM');
	const { signal, stderr } = await listener.finished();
	assert.equal(signal, 'SIGTERM');
	assert.doesNotMatch(stderr, /\n\s+at /);
});

test('an interrupted connection ends in good order', async () => {
	await using listener = new Post(['listen', 'tcp://127.0.0.1:0'], 'open');
	await using peer = new Post(['connect', `tcp://127.0.0.1:${await listener.port()}`, '-v'], 'open');
	await peer.match('stderr', /^connected/m);
	peer.child.kill('SIGINT');
	const [got, heard] = [await peer.finished(), await listener.finished()];
	assert.equal(got.signal, 'SIGINT');
	assert.doesNotMatch(got.stderr, /post:/);
	assert.equal(heard.code, 0);
	assert.equal(heard.stderr.split('\n').length, 2);
});

test('an interrupt ends it although nobody reads what came', async () => {
	await using listener = new Post(['listen', 'tcp://127.0.0.1:0'], randomBytes(8 * megabyte));
	await using peer = new Post(['connect', `tcp://127.0.0.1:${await listener.port()}`]);
	await once(peer.child.stdout!, 'data');
	peer.child.stdout!.pause();
	peer.child.kill('SIGTERM');
	await once(peer.child, 'exit');
	assert.equal(peer.child.signalCode, 'SIGTERM');
	peer.child.stdout!.resume();
});

test('a reader that goes away is no error', async () => {
	await using listener = new Post(['listen', 'tcp://127.0.0.1:0'], randomBytes(8 * megabyte));
	await using peer = new Post(['connect', `tcp://127.0.0.1:${await listener.port()}`]);
	await once(peer.child.stdout!, 'data');
	peer.child.stdout!.destroy();
	const { code, stderr } = await peer.finished();
	assert.equal(code, 0);
	assert.equal(stderr, '');
});

test('connection refused: exit 1, one line, or one object', async () => {
	const target = `tcp://127.0.0.1:${await closedPort()}`;
	const told = await post('connect', target);
	assert.equal(told.code, 1);
	assert.match(told.stderr, /^post: .*nothing listens there.* \(refused\)\n$/);
	const { code, stdout, stderr } = await post('connect', target, '--json');
	assert.deepEqual([code, stderr], [1, '']);
	const [{ error }] = objects(stdout) as [{ error: { code: string; system: string } }];
	assert.deepEqual([error.code, error.system], ['refused', 'ECONNREFUSED']);
});

test('an untrusted certificate is refused, and the advice names options', async () => {
	await using listener = new Post(['listen', '127.0.0.1:0', '--self-signed', '--keep']);
	const port = await listener.port();
	const untrusted = await post('connect', `127.0.0.1:${port}`, '--allow-plaintext');
	assert.equal(untrusted.code, 1);
	assert.match(untrusted.stderr, /--ca FILE or .* --pin SHA256.*\(certificate-untrusted\)\n$/);
	const wrong = await post('connect', `127.0.0.1:${port}`, '--pin', '00'.repeat(32));
	assert.equal(wrong.code, 1);
	assert.match(wrong.stderr, /which is not pinned.*\(certificate-untrusted\)/);
});

test('an address in use: exit 1', async () => {
	await using listener = new Post(['listen', 'tcp://127.0.0.1:0'], 'open');
	const { code, stderr } = await post('listen', `tcp://127.0.0.1:${await listener.port()}`);
	assert.equal(code, 1);
	assert.match(stderr, /\(address-in-use\)\n$/);
});

test('a stack trace only with POST_DEBUG=1', async () => {
	const target = `tcp://127.0.0.1:${await closedPort()}`;
	await using run = new Post(['connect', target], '', { POST_DEBUG: '1' });
	assert.match((await run.finished()).stderr, /\n\s+at /);
	assert.doesNotMatch((await post('connect', target)).stderr, /\n\s+at /);
});
