/** `post race` as a process, over loopback. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RaceReport } from '../entry/index.ts';
import { closedPort, objects, Post, post } from './post-harness.ts';

test('--json against a dead first address and a living second', async () => {
	await using listener = new Post(['listen', 'tcp://127.0.0.1:0', '--keep']);
	const [dead, alive] = [await closedPort(), await listener.port()];
	const { code, stdout, stderr } = await post('race', `tcp://127.0.0.1:${dead}`, `tcp://127.0.0.1:${alive}`, '--json');
	assert.deepEqual([code, stderr], [0, '']);
	const [race, ...more] = objects(stdout) as unknown as [RaceReport];
	assert.deepEqual(more, []);
	assert.deepEqual(Object.keys(race), ['target', 'winner', 'milliseconds', 'plaintextFallback', 'attempts', 'dns']);
	assert.equal(race.target, `tcp://127.0.0.1:${dead}`);
	assert.equal(race.winner, '127.0.0.1');
	const told = race.attempts.map(({ port, family, protocol, stack, phase, outcome, code }) => [
		port,
		family,
		protocol,
		stack,
		phase,
		outcome,
		code,
	]);
	assert.deepEqual(told, [
		[dead, 4, 'tcp', 'kernel', 'connect', 'failed', 'refused'],
		[alive, 4, 'tcp', 'kernel', 'ready', 'won', null],
	]);
	for (const { start, end } of race.attempts) assert.ok(start <= end! && end! <= race.milliseconds);
});

test('as text, with the TLS handshake, and as a picture', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'post-cli-'));
	try {
		await using listener = new Post(['listen', '127.0.0.1:0', '--self-signed', '--keep']);
		const port = await listener.port();
		const [, pin] = await listener.match('stderr', /--pin (\S+)$/m);
		const svg = join(folder, 'race.svg');
		const { code, stdout, stderr } = await post('race', `127.0.0.1:${port}`, '--pin', pin!, '--svg', svg);
		assert.deepEqual([code, stderr], [0, '']);
		assert.match(stdout.toString(), /^✓ TLS 127\.0\.0\.1 .*█.* won$/m);
		assert.match(stdout.toString(), new RegExp(`^connected to 127\\.0\\.0\\.1:${port} by TLS in `, 'm'));
		assert.match(readFileSync(svg, 'utf8'), new RegExp(`Connected to 127\\.0\\.0\\.1:${port} by TLS in `));
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test('a lost race is shown all the same, and exits with 1', async () => {
	const target = `tcp://127.0.0.1:${await closedPort()}`;
	const text = await post('race', target);
	assert.equal(text.code, 1);
	assert.match(text.stdout.toString(), /^✗ TCP 127\.0\.0\.1 .* failed: refused$/m);
	assert.match(
		text.stdout.toString(),
		/^no connection to tcp:\/\/127\.0\.0\.1:\d+ after .* refused:\s+nothing\s+listens\s+on\s+port/m,
	);
	assert.match(text.stderr, /^post: .*\(refused\)\n$/);
	const json = await post('race', target, '--json');
	assert.deepEqual([json.code, json.stderr], [1, '']);
	const [race] = objects(json.stdout) as unknown as [RaceReport & { error: { code: string } }];
	assert.equal(race.winner, null);
	assert.equal(race.error.code, 'refused');
	assert.equal(race.attempts[0]!.outcome, 'failed');
});

test('a name that does not exist', async () => {
	const { code, stdout } = await post('race', 'no-such-name.invalid:443', '--json');
	const [race] = objects(stdout) as unknown as [RaceReport & { error: { code: string } }];
	assert.equal(code, 1);
	assert.equal(race.error.code, 'dns-not-found');
	assert.deepEqual(race.dns.map(({ type }) => type).sort(), ['A', 'AAAA']);
});

test('time that is up, with a server that never answers the handshake', async () => {
	await using silent = new Post(['listen', 'tcp://127.0.0.1:0'], 'open');
	const { code, stdout } = await post('race', `127.0.0.1:${await silent.port()}`, '--timeout', '2000');
	assert.equal(code, 1);
	assert.match(stdout.toString(), /cancelled in handshake$/m);
	assert.match(
		stdout.toString().replaceAll('\n', ' '),
		/accepted the connection, but the TLS handshake did not end within/,
	);
});

test('without a UTF-8 locale and a terminal: ASCII, no colours', async () => {
	const target = `tcp://127.0.0.1:${await closedPort()}`;
	await using run = new Post(['race', target], '', { LC_ALL: 'C', COLUMNS: '100' });
	const { stdout } = await run.finished();
	assert.match(stdout.toString(), /^[\x20-\x7e\n]*$/);
	assert.ok(
		stdout
			.toString()
			.split('\n')
			.some((line) => line.length > 80),
	);
});

test('a picture that cannot be written is a wrong command line', async () => {
	const { code, stderr } = await post(
		'race',
		`tcp://127.0.0.1:${await closedPort()}`,
		'--svg',
		'/no/such/folder/race.svg',
	);
	assert.equal(code, 2);
	assert.match(stderr, /^post: --svg cannot be written: /);
});
