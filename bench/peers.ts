/** The libraries that are measured beside us. They are no dependencies of the package: a folder of their own holds them. */

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;

/** Installs what is missing, once. Returns why it could not: whatever stands on it is then left out. */
export function installPeers(): string | undefined {
	const installed = join(here, 'node_modules', '.package-lock.json');
	const lock = join(here, 'package-lock.json');
	if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return undefined;
	process.stderr.write('bench: installing the peers (npm ci in bench), once\n');
	const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-progress', '--loglevel=error'], {
		cwd: here,
		stdio: ['ignore', 'ignore', 'inherit'],
		shell: process.platform === 'win32',
	});
	return status === 0 ? undefined : 'npm ci in bench failed; run it by hand to see why';
}

/** A peer's module, as the part of it that a bench uses. Not typed by the peer, which need not be there. */
export async function peer<T>(name: string): Promise<T> {
	return (await import(name)) as T;
}
