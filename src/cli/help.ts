/** The help of `post` and of its commands, made from what they declare. */

import { type Command, type Option, optionsOf } from './command.ts';
import { pad, wrap } from './printable.ts';

const lineWidth = 96;

export function overview(commands: readonly Command[], version: string): string {
	return lines(
		`post ${version}: connections that are raced, secured and told about`,
		'',
		'usage: post COMMAND [ARGUMENTS] [OPTIONS]',
		'',
		...commands.map(({ name, synopsis, summary }) => `  ${pad(`${name} ${synopsis}`, 30)} ${summary}`),
		'',
		'  post COMMAND --help   says more about one of them',
		'  post --version        shows the version',
		'',
		...targetNotes,
		'',
		...exitNotes,
	);
}

export function helpOf(command: Command): string {
	const options = Object.entries(optionsOf(command)).map(
		([name, option]) => [signature(name, option), option.help] as const,
	);
	const column = Math.max(...options.map(([text]) => text.length)) + 2;
	return lines(
		`usage: post ${command.name} ${command.synopsis} [OPTIONS]`,
		'',
		...wrap(`${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`, lineWidth),
		'',
		...options.flatMap(([text, help]) => hanging(`  ${pad(text, column)}`, help)),
		...command.notes.flatMap((note) => ['', ...wrap(note, lineWidth)]),
		'',
		...targetNotes,
		'',
		...exitNotes,
		'',
		`example: ${command.example}`,
	);
}

const targetNotes = wrap(
	'Write host:port, 192.0.2.1:443 or [2001:db8::1]:443 for a secured connection (TLS, verified), and tcp://host:port ' +
		'or unix:/path for one without security.',
	lineWidth,
);

const exitNotes = ['Exits with 0 when done, 1 when the network said no, 2 when the command line is wrong.'];

function signature(name: string, { short, value }: Option): string {
	return `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
}

function hanging(start: string, text: string): string[] {
	return wrap(text, lineWidth - start.length).map(
		(line, index) => (index === 0 ? start : ' '.repeat(start.length)) + line,
	);
}

function lines(...all: string[]): string {
	return `${all.map((line) => line.trimEnd()).join('\n')}\n`;
}
