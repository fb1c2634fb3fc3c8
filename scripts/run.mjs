// Runs a program under the Node of this package's devDependencies, whatever Node the machine has, and installs first
// what is missing. Usage: node scripts/run.mjs [--bin NAME] ARGUMENTS…
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const env = { ...process.env, PATH: bin + delimiter + process.env.PATH };

installWhatIsMissing();
const [first, ...rest] = process.argv.slice(2);
const [program, args] = first === '--bin' ? [join(bin, rest[0]), rest.slice(1)] : [join(bin, 'node'), [first, ...rest]];
const child = spawn(program, args, { cwd: root, env, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : code));

function installWhatIsMissing() {
	const installed = join(root, 'node_modules', '.package-lock.json');
	const lock = join(root, 'package-lock.json');
	if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
	process.stderr.write('post-sockets: installing dependencies (npm ci), once\n');
	const { status } = spawnSync('npm', ['ci', '--no-progress', '--loglevel=error'], {
		cwd: root,
		stdio: ['ignore', 'ignore', 'inherit'],
		shell: process.platform === 'win32',
	});
	if (status !== 0) {
		process.stderr.write('post-sockets: npm ci failed; run it by hand to see why\n');
		process.exit(status ?? 1);
	}
}
