/** Runs `post` as a child process, for its tests; a child that is still there at the end is killed by its pid. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Input } from './input.ts';
import { main } from './main.ts';
import { Output } from './output.ts';

export interface Finished {
	readonly code: number | null;
	readonly signal: string | null;
	readonly stdout: Buffer;
	readonly stderr: string;
}

export class Post implements AsyncDisposable {
	readonly child: ChildProcess;
	readonly #stdout: Buffer[] = [];
	readonly #closed: Promise<unknown>;
	#stderr = '';

	/** stdin: bytes and then its end, or `open` to leave it open. */
	constructor(args: readonly string[], stdin: Uint8Array | string | 'open' = '', environment: NodeJS.ProcessEnv = {}) {
		const env = { ...process.env, LC_ALL: 'C.UTF-8', NO_COLOR: '', POST_DEBUG: '', COLUMNS: '', ...environment };
		this.child = spawn(process.execPath, [join(import.meta.dirname, 'post.ts'), ...args], { env, stdio: 'pipe' });
		this.#closed = once(this.child, 'close');
		this.child.stdout!.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
		this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
		this.child.stdin!.on('error', () => {});
		if (stdin !== 'open') this.child.stdin!.end(stdin);
	}

	get stdout(): Buffer {
		return Buffer.concat(this.#stdout);
	}

	async finished(): Promise<Finished> {
		await this.#closed;
		const { exitCode: code, signalCode: signal } = this.child;
		return { code, signal, stdout: this.stdout, stderr: this.#stderr };
	}

	/** The first match of what is written, whenever it comes. Rejects if the child ends without it. */
	async match(where: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpMatchArray> {
		let over = false;
		void this.#closed.then(() => (over = true));
		for (;;) {
			const text = where === 'stdout' ? this.stdout.toString() : this.#stderr;
			const match = text.match(pattern);
			if (match) return match;
			if (over) throw new Error(`post ended without ${pattern} on ${where}:\n${text}\n${this.#stderr}`);
			await Promise.race([once(this.child[where]!, 'data'), this.#closed]);
		}
	}

	/** The port that `post listen` has got. */
	async port(): Promise<number> {
		return Number((await this.match('stderr', /^listening on .*:(\d+)$/m))[1]);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.child.kill('SIGKILL');
		await this.#closed;
	}
}

export async function post(...args: readonly string[]): Promise<Finished> {
	await using run = new Post(args);
	return await run.finished();
}

/** The same without a process, for what ends before there is any network. */
export async function inProcess(...args: readonly string[]): Promise<Finished> {
	const [out, errors] = [new PassThrough(), new PassThrough()];
	const input = new Input(() => new PassThrough());
	const interrupted = new AbortController().signal;
	const output = new Output(out, errors, {}, interrupted);
	const code = await main(args, { input, output, interrupted }, false);
	const [stdout, stderr] = [out, errors].map((stream): Buffer => stream.read() ?? Buffer.alloc(0)) as [Buffer, Buffer];
	return { code, signal: null, stdout, stderr: stderr.toString() };
}

/** A port of 127.0.0.1 on which nothing listens. */
export async function closedPort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');
	return typeof address === 'object' && address ? address.port : 0;
}

/** The objects of `--json`. */
export function objects(stdout: Buffer): Record<string, unknown>[] {
	return stdout
		.toString()
		.split('\n')
		.filter(Boolean)
		.map((line) => JSON.parse(line) as Record<string, unknown>);
}
