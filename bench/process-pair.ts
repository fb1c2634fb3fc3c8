/**
 * The two ends of one subject, each a process of its own and, where the machine allows it, on a core of its own: a client
 * and the server it talks to. They stay for all runs of a case, so that every run finds them warm.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Milliseconds that an answer of a process may take beyond what it was asked to do. */
const patience = 30_000;

/** Processes can be bound to cores here. */
export const pinned =
	process.platform === 'linux' && availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** What a process says: its answer, or that it failed. */
export type Answer<T> = { readonly value: T } | { readonly error: string };

export class ProcessPair {
	readonly #server: ChildProcess;
	readonly #client: ChildProcess;

	private constructor(server: ChildProcess, client: ChildProcess) {
		this.#server = server;
		this.#client = client;
	}

	/** Starts `program server …args`, and with what it answers `program client …args`; resolves when that has connected. */
	static async start(program: string, args: readonly string[]): Promise<ProcessPair> {
		const server = start(program, ['server', ...args], 0);
		try {
			const address = await answer<unknown>(server, patience);
			const client = start(program, ['client', ...args, JSON.stringify(address)], 1);
			const pair = new ProcessPair(server, client);
			await answer(client, patience).catch((error) => {
				pair.stop();
				throw error;
			});
			return pair;
		} catch (error) {
			server.kill();
			throw error;
		}
	}

	/** Lets the client work for so many milliseconds; resolves with what it measured. */
	run(milliseconds: number): Promise<number> {
		this.#client.send(milliseconds);
		return answer(this.#client, milliseconds + patience);
	}

	/** They exit when nobody asks them any more. */
	stop(): void {
		this.#client.disconnect();
		this.#server.disconnect();
	}
}

function start(program: string, args: readonly string[], core: number): ChildProcess {
	const command = [process.execPath, ...process.execArgv, program, ...args];
	const [file, ...rest] = pinned ? ['taskset', '-c', String(core), ...command] : command;
	return spawn(file!, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

export async function answer<T>(child: ChildProcess, milliseconds: number): Promise<T> {
	const over = new AbortController();
	const signal = AbortSignal.any([over.signal, AbortSignal.timeout(milliseconds)]);
	try {
		const [said] = await Promise.race([
			once(child, 'message', { signal }) as Promise<[Answer<T>]>,
			once(child, 'exit', { signal }).then(([code]) => [{ error: `it exited with ${code}` }] as const),
		]);
		if ('error' in said) throw new Error(said.error);
		return said.value;
	} finally {
		over.abort();
	}
}
