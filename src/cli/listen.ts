/** `post listen LOCAL`: the other end of `post connect`. */

import { hostname } from 'node:os';
import { type Carrier, type Listener, Local, listen, selfSigned } from '../entry/index.ts';
import { type Command, type Context, commonOptions, type Given, UsageError } from './command.ts';
import { acceptedLine, describeConnection } from './connected.ts';
import { describe, lineOf } from './failure.ts';
import { join, joinOptions, type Manner, mannerOf } from './join.ts';
import { NobodyReads } from './output.ts';
import { checkScheme, keyOptions, securityOf } from './security-options.ts';
import { understood } from './target.ts';

export const listenCommand: Command = {
	name: 'listen',
	synopsis: 'LOCAL',
	summary: 'wait for a peer, and join it with stdin and stdout',
	example: 'post listen localhost:3005 --self-signed',
	options: {
		...keyOptions,
		'self-signed': { type: 'boolean', help: 'make a certificate for this run, and say how the other side trusts it' },
		...joinOptions,
		keep: { type: 'boolean', short: 'k', help: 'serve one peer after the other, until interrupted' },
		verbose: { type: 'boolean', short: 'v', help: 'say on stderr who came; so it does on a terminal' },
		...commonOptions,
	},
	notes: [
		'LOCAL is where to listen: localhost:3005, *:3005 for every address, port 0 for a free one, tcp://localhost:3005 or ' +
			'unix:/path without security. The addresses it got are written to stderr.',
		'With --keep stdin goes to whoever is served; once it has ended, each further peer is told so at once.',
		'--json: first { listening: [ADDRESS, ..], fingerprint, connect }, for each peer { accepted: { transport, remote, local, ' +
			'stack, security } }, and then as in `post connect`; { rejected: { code, message } } for a handshake that failed.',
	],

	async run(given, context) {
		const { output, interrupted } = context;
		const manner = mannerOf(given);
		const { json } = manner;
		const told = json || output.watched || given.flag('verbose');
		const { local, security, fingerprint } = placeOf(given);
		const listener = await listen(local, {
			security,
			signal: interrupted,
			closeTimeout: 1_000,
			onError: (error) => {
				if (error.code === 'aborted') return;
				if (json) output.object({ rejected: describe(error) }).catch(() => {});
				else if (told) output.note(lineOf(error));
			},
		});
		const close = () => void listener.close();
		interrupted.addEventListener('abort', close, { once: true });
		if (interrupted.aborted) close();
		try {
			await announce(listener, local, fingerprint, json, context);
			for await (const carrier of listener) {
				if (!given.flag('keep')) close();
				await serve(carrier, manner, given.flag('keep'), told, context);
			}
			const error = await listener.closed;
			if (error) throw error;
		} finally {
			close();
		}
		return 0;
	},
};

function placeOf(given: Given) {
	const [text, ...more] = given.positionals;
	if (text === undefined || more.length > 0) {
		throw new UsageError(`listen takes one LOCAL; write ${listenCommand.example}`);
	}
	const local = understood(text, () => Local.from(text));
	checkScheme(given, local.scheme, text);
	const security = securityOf(given);
	const plain = local.scheme === 'tcp' || local.scheme === 'unix';
	if (given.flag('self-signed')) {
		if (security.cert !== undefined)
			throw new UsageError('--self-signed makes a certificate of its own; leave --cert and --key out');
		const made = selfSigned({ names: [...new Set(['localhost', hostname(), '127.0.0.1', '::1'])] });
		return { local, security: { ...security, cert: made.cert, key: made.key }, fingerprint: made.fingerprint };
	}
	if (!plain && security.cert === undefined) {
		throw new UsageError(
			`listening on ${text} needs a certificate; add --self-signed, or --cert FILE --key FILE, ` +
				`or write tcp://${text} to go without security`,
		);
	}
	return { local, security, fingerprint: undefined };
}

async function announce(
	{ locals, port }: Listener,
	local: Local,
	fingerprint: string | undefined,
	json: boolean,
	{ output }: Context,
): Promise<void> {
	const address = locals[0]!.replace(/:\d+$/, '');
	const everywhere = address === '[::]' || address === '0.0.0.0';
	const host = local.hostName ?? (everywhere ? hostname() : address);
	const connect = fingerprint && `post connect ${host}:${port} --pin ${fingerprint.replaceAll(':', '').toLowerCase()}`;
	if (json) return output.object({ listening: locals, fingerprint, connect });
	output.note(`listening on ${locals.join(', ')}`);
	if (!connect) return;
	output.note(`fingerprint ${fingerprint}`);
	output.note(`the other side: ${connect}`);
}

/** With --keep the trouble of one peer does not end the others'. */
async function serve(carrier: Carrier, manner: Manner, keep: boolean, told: boolean, context: Context): Promise<void> {
	const { output } = context;
	if (manner.json) await output.object({ accepted: describeConnection(carrier) });
	else if (told) output.note(acceptedLine(carrier));
	try {
		await join(carrier, manner, context);
	} catch (error) {
		if (!keep || error instanceof NobodyReads) throw error;
		if (manner.json) await output.object({ error: describe(error) });
		else output.note(lineOf(error));
	}
}
