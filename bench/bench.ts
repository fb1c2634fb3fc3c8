/**
 * `npm run bench -- NAME`: measures post-sockets and its peers beside each other, in the same run.
 * Exits with 0 when it has measured, 1 when something broke, 2 for a wrong command line.
 */

/** Each is a module that runs with the arguments behind its name. */
const benches: Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>> = {
	messages: () => import('./messages/messages.ts'),
};

const [name, ...args] = process.argv.slice(2);
const bench = benches[name ?? ''];
if (bench) {
	const { run } = await bench();
	await run(args);
} else {
	console.error(`usage: npm run bench -- NAME [--json], where NAME is one of: ${Object.keys(benches).join(', ')}`);
	process.exitCode = 2;
}
