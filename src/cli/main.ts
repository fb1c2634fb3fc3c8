/** Runs one command line: finds the command, reads its arguments, says what went wrong, and gives the exit code. */

import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { type Command, type Context, parse, UsageError } from './command.ts';
import { connect } from './connect.ts';
import { describe, exitCodeOf, lineOf } from './failure.ts';
import { helpOf, overview } from './help.ts';
import { listenCommand } from './listen.ts';
import { NobodyReads, type Output } from './output.ts';
import { raceCommand } from './race.ts';
import { simCommand } from './sim.ts';

const commands: readonly Command[] = [connect, listenCommand, raceCommand, simCommand];

/** `debug`: errors with their stacks, and their causes. Never rejects. */
export async function main(argv: readonly string[], context: Context, debug: boolean): Promise<number> {
	try {
		return await run(argv, context);
	} catch (error) {
		return tell(error, argv, context, debug);
	}
}

/** Says what went wrong, and gives the exit code. Who interrupted it knows why it ended. */
export async function tell(
	error: unknown,
	argv: readonly string[],
	{ output, interrupted }: Context,
	debug: boolean,
): Promise<number> {
	const code = exitCodeOf(error);
	if (debug) output.note(inspect(error));
	if (error instanceof NobodyReads || interrupted.aborted) return code;
	const json = argv.includes('--json');
	if (json) await output.object({ error: describe(error) }).catch(() => {});
	if (!json || error instanceof UsageError) output.note(lineOf(error));
	return code;
}

async function run(argv: readonly string[], context: Context): Promise<number> {
	const { output } = context;
	const [name, ...rest] = argv;
	if (name === '--help' || name === '-h') return show(overview(commands, version()), output);
	if (name === '--version') return show(`${version()}\n`, output);
	const command = commands.find((command) => command.name === name);
	if (!command) {
		const known = commands.map((command) => command.name).join(', ');
		const what = name === undefined ? 'which command?' : `there is no command "${name}";`;
		throw new UsageError(`${what} write post COMMAND, where COMMAND is one of ${known}; post --help says more`);
	}
	const given = parse(command, rest);
	if (given.flag('help')) return show(helpOf(command), output);
	return command.run(given, context);
}

async function show(text: string, output: Output): Promise<number> {
	await output.write(text);
	return 0;
}

function version(): string {
	const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
	return (JSON.parse(text) as { version: string }).version;
}
