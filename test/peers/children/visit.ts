/**
 * Asks an openssl server for its status page by carriers that know of each other only by what processes and options have
 * in common, and writes for each whether its TLS session was resumed: as we see it, and as the server does.
 */

import { readFileSync } from 'node:fs';
import { Association, fileStore, initiate, lines } from '../../../src/entry/index.ts';

export interface Visiting {
	readonly remote: string;
	/** The file of the authority to trust. */
	readonly ca: string;
	/** Where sessions are kept for an association of one's own; without it, they are of the process alone. */
	readonly store?: string;
	/** One carrier each, with or without `isolateSession`. */
	readonly isolated: readonly boolean[];
}

const { remote, ca, store, isolated }: Visiting = JSON.parse(process.argv[2]!);
const security = { ca: readFileSync(ca) };
await using memory = store === undefined ? undefined : await fileStore(store, { secrets: 'plain' });
const association = memory && new Association({ remote, security, store: memory });

for (const isolateSession of isolated) {
	const making = { protocol: lines(), policy: { isolateSession } };
	await using carrier = await (association?.initiate(making) ?? initiate(remote, { ...making, security }));
	carrier.post('GET / HTTP/1.0');
	carrier.post('');
	let seen: string | undefined;
	for await (const { content } of carrier) seen ??= /^(New|Reused), TLS/.exec(content)?.[1];
	console.log(`${carrier.transients[0]!.security!.resumed}, ${seen}`);
}
await memory?.flush();
