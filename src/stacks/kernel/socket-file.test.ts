import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deaf, type FlowListener } from '../../stack/flow.ts';
import { rejection } from '../../testing/suite.ts';
import { kernel } from './kernel.ts';
import { removeStaleSocket } from './socket-file.ts';

const skip = process.platform === 'win32' ? 'Windows has no socket files' : false;

const directory = mkdtempSync(join(tmpdir(), 'post-sockets-'));
const stack = kernel();
const { signal } = new AbortController();

after(async () => {
	await stack.close();
	rmSync(directory, { recursive: true });
});

function listen(path: string): Promise<FlowListener> {
	const onFlow = (flow: { abort(): void }) => flow.abort();
	return stack.listen({ path }, { handler: { onFlow, onClose() {} }, signal });
}

async function reach(path: string): Promise<void> {
	const flow = await stack.connect({ path }, { signal });
	flow.handler = deaf;
	flow.abort();
}

/** What a process leaves that was killed while it listened. */
function leaveStaleSocket(path: string): void {
	const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
	spawnSync(process.execPath, ['-e', program]);
	assert.ok(existsSync(path));
}

test('a socket file that a dead process left is taken over', { skip }, async () => {
	const path = join(directory, 'stale');
	leaveStaleSocket(path);
	await rejection(stack.connect({ path }, { signal }), 'refused');
	const listener = await listen(path);
	await reach(path);
	await listener.close();
	assert.equal(existsSync(path), false, 'a listener that closes removes its file');
});

test('of two that take it over at once, one gets it', { skip }, async () => {
	const path = join(directory, 'contested');
	leaveStaleSocket(path);
	const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => listen(path)));
	const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
	assert.equal(won.length, 1);
	await reach(path);
	await won[0]!.value.close();
});

test('that of a living listener is left alone', { skip }, async () => {
	const path = join(directory, 'alive');
	const listener = await listen(path);
	const error = await rejection(listen(path), 'address-in-use');
	assert.equal(error.local, `unix:${path}`);
	assert.equal(await removeStaleSocket(path), false);
	await reach(path);
	await listener.close();
});

test('a file that is no socket is left alone', { skip }, async () => {
	const path = join(directory, 'file');
	writeFileSync(path, 'precious');
	await rejection(listen(path), 'address-in-use');
	assert.ok(existsSync(path));
	assert.equal(await removeStaleSocket(join(directory, 'none')), false);
});

test('errors say what is wrong with the path', { skip }, async () => {
	const missing = await rejection(listen(join(directory, 'none', 'x')), 'address-unavailable');
	assert.match(missing.message, /no such directory/);
	const long = join(directory, 'x'.repeat(100));
	const error = await rejection(listen(long), 'bad-argument');
	assert.match(error.message, /too long/);
	assert.match((await rejection(stack.connect({ path: long }, { signal }), 'bad-argument')).message, /too long/);
	await rejection(stack.connect({ path: '' }, { signal }), 'bad-argument');
	await rejection(listen(''), 'bad-argument');
	await rejection(stack.connect({ path: join(directory, 'nobody') }, { signal }), 'refused');
});

const noAbstract = process.platform === 'linux' ? false : 'only Linux has abstract sockets';

test('an abstract path has no file', { skip: noAbstract }, async () => {
	const path = `\0post-sockets-${process.pid}`;
	const listener = await listen(path);
	assert.deepEqual(listener.local, { path });
	await reach(path);
	const error = await rejection(listen(path), 'address-in-use');
	assert.equal(error.local, `unix:@post-sockets-${process.pid}`);
	await listener.close();
	await rejection(stack.connect({ path }, { signal }), 'refused');
});
