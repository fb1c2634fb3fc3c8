/** What a command of `post` is, and how its arguments are read: every mistake says what to write instead. */

import { parseArgs } from 'node:util';
import type { Input } from './input.ts';
import type { Output } from './output.ts';

export interface Option {
	readonly type: 'string' | 'boolean';
	readonly short?: string;
	/** What stands for the value in the help: `FILE`. */
	readonly value?: string;
	readonly multiple?: boolean;
	readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

export interface Context {
	readonly input: Input;
	readonly output: Output;
	/** Fires when the user wants it to end. */
	readonly interrupted: AbortSignal;
}

export interface Command {
	readonly name: string;
	/** `TARGET [OPTIONS]` */
	readonly synopsis: string;
	readonly summary: string;
	readonly example: string;
	readonly options: Options;
	/** Paragraphs of the help below the options. */
	readonly notes: readonly string[];
	/** Gives the exit code. */
	run(given: Given, context: Context): Promise<number>;
}

/** The command line is wrong; the message says what to write. */
export class UsageError extends Error {
	override readonly name = 'UsageError';
}

export const commonOptions: Options = {
	json: { type: 'boolean', help: 'write one JSON object per line to stdout, errors included' },
	help: { type: 'boolean', short: 'h', help: 'show this help' },
};

/** What was given on the command line. */
export class Given {
	readonly command: Command;
	readonly positionals: readonly string[];
	readonly #values: ReadonlyMap<string, readonly string[]>;

	constructor(command: Command, positionals: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
		this.command = command;
		this.positionals = positionals;
		this.#values = values;
	}

	flag(name: string): boolean {
		return this.#values.has(name);
	}

	text(name: string): string | undefined {
		return this.#values.get(name)?.at(-1);
	}

	texts(name: string): readonly string[] {
		return this.#values.get(name) ?? [];
	}

	/** Throws `UsageError` unless it is a number above 0. */
	milliseconds(name: string): number | undefined {
		const text = this.text(name);
		if (text === undefined) return undefined;
		const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
		if (number > 0 && number < 2 ** 31) return number;
		throw new UsageError(`--${name} takes milliseconds, not "${text}"; write --${name} 5000 for five seconds`);
	}
}

/** Throws `UsageError` for options that the command does not have and values that are missing. */
export function parse(command: Command, argv: readonly string[]): Given {
	const options = optionsOf(command);
	const { positionals, tokens } = parseArgs({
		args: [...argv],
		options: Object.fromEntries(
			Object.entries(options).map(([name, { type, short }]) => [name, short ? { type, short } : { type }]),
		),
		allowPositionals: true,
		strict: false,
		tokens: true,
	});
	const values = new Map<string, string[]>();
	for (const token of tokens) {
		if (token.kind !== 'option') continue;
		const { name, rawName, value } = token;
		const option = Object.hasOwn(options, name) ? options[name] : undefined;
		if (!option) throw new UsageError(unknownOption(command, rawName));
		if (option.type === 'boolean' && value !== undefined) {
			throw new UsageError(`${rawName} takes no value; write ${rawName} alone`);
		}
		if (option.type === 'string' && (value === undefined || value === '')) {
			throw new UsageError(`${rawName} needs a value; write ${rawName} ${option.value}`);
		}
		if (values.has(name) && option.type === 'string' && !option.multiple) {
			throw new UsageError(`${rawName} was given twice; write it once`);
		}
		values.set(name, [...(values.get(name) ?? []), value ?? '']);
	}
	return new Given(command, positionals, values);
}

export function optionsOf({ options }: Command): Options {
	return { ...options, ...commonOptions };
}

function unknownOption(command: Command, rawName: string): string {
	const names = Object.keys(optionsOf(command)).map((name) => `--${name}`);
	return `${command.name} has no option ${rawName}; it has ${names.join(' ')}`;
}
