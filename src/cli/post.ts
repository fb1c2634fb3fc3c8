#!/usr/bin/env node
/** The command `post`: joins `main` with this process, its streams and its signals. */

import type { Context } from './command.ts';
import { Input } from './input.ts';
import { main, tell } from './main.ts';
import { Output } from './output.ts';

const argv = process.argv.slice(2);
const [major] = process.versions.node.split('.').map(Number);
if (major! < 24) {
	process.stderr.write(`post: needs Node 24 or newer; this is ${process.versions.node}\n`);
	process.exit(2);
}
const debug = process.env['POST_DEBUG'] === '1';
const interrupt = new AbortController();
let signalled: NodeJS.Signals | undefined;
const context: Context = {
	input: new Input(() => process.stdin),
	output: new Output(process.stdout, process.stderr, process.env, interrupt.signal),
	interrupted: interrupt.signal,
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	// Only once: whoever is impatient sends it again, and then it kills.
	process.once(signal, () => {
		signalled ??= signal;
		interrupt.abort();
	});
}
process.on('uncaughtException', (error) => void tell(error, argv, context, debug).then(finish));

void main(argv, context, debug).then(finish);

/** Ends the process, by the signal that asked for it if one did, so that shells see it. */
async function finish(code: number): Promise<void> {
	await context.output.flush();
	if (signalled) process.kill(process.pid, signalled);
	else process.exit(code);
}
