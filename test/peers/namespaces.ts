/** Network namespaces of Linux as hosts: made with `ip` of iproute2, removed with the test. Needs root. */

import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { needs, type Program, start } from './programs.ts';

/** Options for a test that makes namespaces: a skip that says why it cannot. */
export function needsNamespaces(): { skip?: string } {
	if (process.platform !== 'linux') return { skip: 'network namespaces are of Linux' };
	const missing = needs('ip');
	if (missing.skip !== undefined) return missing;
	if (process.getuid?.() !== 0) return { skip: 'only root makes network namespaces' };
	const name = nextName();
	const { status, stderr } = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
	remove(name);
	return status === 0 ? {} : { skip: `this machine makes no network namespaces: ${stderr.trim()}` };
}

export interface Namespace {
	readonly name: string;
	/** Runs `ip` in it. Throws with what it says when it fails. */
	ip(command: string): string;
	/** Starts a program in it that ends with the test at the latest. */
	start(command: string, ...args: string[]): Program;
	/** Runs a program of `test/peers/children` in it, with one argument, as JSON. */
	child(file: string, argument: unknown): Program;
}

/** A namespace with nothing but its own loopback, which is up. */
export function namespace(t: TestContext): Namespace {
	const name = nextName();
	execFileSync('ip', ['netns', 'add', name]);
	const gone = () => remove(name);
	// The test that ends in time removes it; the process that ends early does as well.
	process.once('exit', gone);
	t.after(() => {
		process.off('exit', gone);
		gone();
	});
	const ip = (command: string) => execFileSync('ip', ['-n', name, ...command.split(' ')], { encoding: 'utf8' });
	const run = (command: string, ...args: string[]) => start(t, 'ip', ['netns', 'exec', name, command, ...args]);
	ip('link set lo up');
	return {
		name,
		ip,
		start: run,
		child: (file, argument) =>
			run(process.execPath, join(import.meta.dirname, 'children', file), JSON.stringify(argument)),
	};
}

/** Connects two namespaces by a cable; resolves when both ends are up, and their addresses usable. */
export async function cable(
	...ends: readonly { at: Namespace; name: string; addresses: readonly string[] }[]
): Promise<void> {
	const [a, b] = ends;
	if (!a || !b) throw new Error('a cable has two ends');
	execFileSync('ip', `-n ${a.at.name} link add ${a.name} type veth peer name ${b.name} netns ${b.at.name}`.split(' '));
	for (const { at, name, addresses } of ends) {
		for (const address of addresses) at.ip(`addr add ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`);
		at.ip(`link set ${name} up`);
	}
	// The kernel takes note of a carrier a little later.
	for (let tries = 0; !ends.every(({ at, name }) => at.ip(`link show ${name}`).includes('state UP')); tries += 1) {
		if (tries === 500) throw new Error(`${a.name} did not come up`);
		await setTimeout(10);
	}
}

let made = 0;

function nextName(): string {
	made += 1;
	return `post-${process.pid}-${made}`;
}

function remove(name: string): void {
	spawnSync('ip', ['netns', 'del', name]);
}
