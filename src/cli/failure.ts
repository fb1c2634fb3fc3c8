/** Errors as a command shows them: one line for people, one object for programs, an exit code. */

import { type ErrorCode, PostSocketsError } from '../entry/index.ts';
import { UsageError } from './command.ts';
import { NobodyReads } from './output.ts';
import { printable } from './printable.ts';

/** Mistakes in what was asked for, not in the network. */
const mistakes: readonly ErrorCode[] = ['bad-argument', 'policy-contradiction', 'not-supported'];

export function exitCodeOf(error: unknown): 0 | 1 | 2 {
	if (error instanceof NobodyReads) return 0;
	if (error instanceof UsageError) return 2;
	return error instanceof PostSocketsError && mistakes.includes(error.code) ? 2 : 1;
}

/** `post: nothing listens there (refused)` */
export function lineOf(error: unknown): string {
	const { code, message } = describe(error);
	return `post: ${printable(message)}${error instanceof PostSocketsError ? ` (${code})` : ''}`;
}

export interface Failure {
	readonly code: string | undefined;
	readonly message: string;
	readonly operation?: string | undefined;
	readonly local?: string | undefined;
	readonly remote?: string | undefined;
	/** The system's own name of it: `ECONNREFUSED`. */
	readonly system?: string | undefined;
}

export function describe(error: unknown): Failure {
	if (error instanceof PostSocketsError) {
		const { code, message, operation, local, remote, cause } = error;
		return { code, message: inOptions(message), operation, local, remote, system: systemCode(cause) };
	}
	if (error instanceof UsageError) return { code: 'bad-argument', message: error.message };
	const message = error instanceof Error ? error.message : String(error);
	return { code: systemCode(error), message, system: systemCode(error) };
}

/** What the library says to programmers, to users of the command. */
function inOptions(message: string): string {
	return advice.reduce((text, [api, option]) => text.replace(api, option), message);
}

const advice: readonly (readonly [RegExp, string])[] = [
	[/`security: \{ cert, key \}`, or selfSigned\(\)/g, '--cert FILE --key FILE, or --self-signed'],
	[/`security` cannot be used/g, '--cert, --key or --ca cannot be used'],
	[/`security: \{ ca \}`/g, '--ca FILE'],
	[/`security: \{ pin \}`/g, '--pin SHA256'],
	[/`security: \{ serverName \}`/g, '--server-name NAME'],
	[/the option `timeout`/g, '--timeout MS'],
];

function systemCode(error: unknown): string | undefined {
	for (let each = error; each instanceof Error; each = each.cause) {
		if (!(each instanceof PostSocketsError) && 'code' in each && typeof each.code === 'string') return each.code;
	}
	return undefined;
}
