/** Real programs as peers: looked up, started, ended by process id. */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';

/** Options for a test that needs `program`: a skip that says why, or a failure where CI demands the peers. */
export function needs(program: string): { skip?: string } {
	const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
	if (found) return {};
	if (process.env['POST_REQUIRE_PEERS'] === '1') throw new Error(`${program} is missing and POST_REQUIRE_PEERS=1`);
	return { skip: `${program} is not installed` };
}

export interface Program {
	readonly child: ChildProcessWithoutNullStreams;
	/** Resolves when its output contains `text`. */
	says(text: string): Promise<void>;
	/** Everything on stdout, once it has exited; rejects for any other status than 0. */
	readonly output: Promise<string>;
}

/** Starts a program that ends with the test at the latest. */
export function start(t: TestContext, command: string, args: readonly string[]): Program {
	const child = spawn(command, args, { stdio: 'pipe' });
	let stdout = '';
	let all = '';
	const wakers = new Set<() => void>();
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		stdout += text;
		hear(text);
	});
	child.stderr.setEncoding('utf8').on('data', hear);
	child.stdin.on('error', () => {});
	function hear(text: string) {
		all += text;
		for (const wake of wakers) wake();
	}
	const output = new Promise<string>((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (status) => {
			if (status === 0) resolve(stdout);
			else reject(new Error(`${command} ${args.join(' ')} exited with ${status}:\n${all}`));
		});
	});
	output.catch(() => {});
	t.after(() => void child.kill('SIGKILL'));
	return {
		child,
		output,
		says: (text) =>
			new Promise((resolve, reject) => {
				const look = () => {
					if (!all.includes(text)) return;
					wakers.delete(look);
					resolve();
				};
				wakers.add(look);
				output.then(look, reject);
				look();
			}),
	};
}

/** A TCP port that was free a moment ago, for programs that cannot say which one they took. */
export async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const { port } = server.address() as { port: number };
	await new Promise((resolve) => server.close(resolve));
	return port;
}
