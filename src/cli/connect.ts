/** `post connect TARGET`: a connection on stdin and stdout. */

import { initiate } from '../entry/index.ts';
import { type Command, commonOptions } from './command.ts';
import { connectedLines, describeConnection } from './connected.ts';
import { join, joinOptions, mannerOf } from './join.ts';
import { establishOptions, initiateOptions, targetOf } from './target.ts';

export const connect: Command = {
	name: 'connect',
	synopsis: 'TARGET [ALTERNATIVE..]',
	summary: 'connect, send stdin, and write what comes to stdout',
	example: 'post connect example.com:443',
	options: {
		...establishOptions,
		...joinOptions,
		verbose: {
			type: 'boolean',
			short: 'v',
			help: 'say on stderr how the connection came about; so it does on a terminal',
		},
		...commonOptions,
	},
	notes: [
		'When stdin ends, the peer is told and may go on sending. When the peer ends, what stdin still has is sent, ' +
			'and then all is done: a file is sent to its end, a program that writes to stdin is waited for as --wait says, a ' +
			'terminal not at all.',
		'--json: first { connected: { transport, remote, local, stack, security, milliseconds, attempts } }, then for each ' +
			'piece received { received: TEXT, bytes }, or { base64, bytes } if it is not UTF-8; at the end { closed: { sent, ' +
			'received } }, in bytes. stdin is sent as it is.',
	],

	async run(given, context) {
		const { output, interrupted } = context;
		const manner = mannerOf(given);
		const target = targetOf(given);
		const carrier = await initiate(target, { ...initiateOptions(given, interrupted), closeTimeout: 1_000 });
		if (manner.json) await output.object({ connected: describeConnection(carrier) });
		else if (output.watched || given.flag('verbose')) for (const line of connectedLines(carrier)) output.note(line);
		else if (carrier.race?.plaintextFallback) output.note('post: warning: this connection is NOT ENCRYPTED');
		await join(carrier, manner, context);
		return 0;
	},
};
