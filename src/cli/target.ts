/** The remotes on a command line, and everything else that one establishment is told. */

import { type InitiateOptions, Remote } from '../entry/index.ts';
import { type Given, type Options, UsageError } from './command.ts';
import { describe } from './failure.ts';
import { checkScheme, keyOptions, securityOf, trustOptions } from './security-options.ts';

export const establishOptions: Options = {
	timeout: {
		type: 'string',
		value: 'MS',
		help: 'milliseconds for DNS, connecting and the handshake together; 30000 if not given',
	},
	...trustOptions,
	...keyOptions,
	'allow-plaintext': {
		type: 'boolean',
		help: 'go on without security if nothing at the target speaks TLS; never when a certificate was refused',
	},
};

/** The positionals as one Remote, further ones as alternatives. Throws `UsageError` and says how to write it. */
export function targetOf(given: Given): Remote {
	const { command, positionals } = given;
	if (positionals.length === 0) throw new UsageError(`${command.name} needs a TARGET; write ${command.example}`);
	const [host, port] = positionals;
	if (positionals.length === 2 && /^\d+$/.test(port!) && !/[:/]/.test(host!)) {
		throw new UsageError(`the port belongs to the target; write post ${command.name} ${host}:${port}`);
	}
	const remotes = positionals.map((text) => {
		const remote = understood(text, () => Remote.from(text));
		checkScheme(given, remote.scheme, text);
		if (given.flag('allow-plaintext') && remote.scheme !== undefined) {
			throw new UsageError(
				`--allow-plaintext is for targets without a scheme; write ${text.replace(/^\w+:(\/\/)?/, '')}, or leave it out`,
			);
		}
		return remote;
	});
	return Remote.from(remotes);
}

/** What `initiate` is told, but for the protocol. */
export function initiateOptions(
	given: Given,
	signal: AbortSignal,
): Omit<InitiateOptions<Uint8Array, Uint8Array>, 'protocol'> {
	return {
		security: securityOf(given),
		timeout: given.milliseconds('timeout'),
		allowPlaintext: given.flag('allow-plaintext'),
		signal,
	};
}

/** Runs `parse` on an endpoint; its error becomes a `UsageError`, which knows what people write instead. */
export function understood<T>(text: string, parse: () => T): T {
	const [, scheme, host, port] = /^(https?):\/\/([^/:?#@]+|\[[^\]]*\])(?::(\d+))?(?:[/?#]|$)/i.exec(text) ?? [];
	if (host !== undefined) {
		const plain = scheme!.toLowerCase() === 'http';
		throw new UsageError(
			`"${text}" is a web address; write ${plain ? `tcp://${host}:${port ?? 80}` : `${host}:${port ?? 443}`}`,
		);
	}
	if (/^[^:/?#@[\]\s]+$/.test(text))
		throw new UsageError(`"${text}" has no port; write ${/^\d+$/.test(text) ? `localhost:${text}` : `${text}:443`}`);
	try {
		return parse();
	} catch (error) {
		throw new UsageError(describe(error).message, { cause: error });
	}
}
