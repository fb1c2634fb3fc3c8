// Asks an openssl server for its status page through an association, and prints whether the session was resumed: as we
// see it, and as the server does.
import { readFileSync } from 'node:fs';
import { Association, fileStore, lines } from '../../../src/entry/index.ts';

const [remote, ca, store, partition] = process.argv.slice(2);
await using memory = await fileStore(store!, { secrets: 'plain' });
const association = new Association({
	remote: remote!,
	security: { ca: readFileSync(ca!) },
	store: memory,
	partition,
});
const carrier = await association.initiate({ protocol: lines() });
carrier.post('GET / HTTP/1.0');
carrier.post('');
let seen: string | undefined;
for await (const { content } of carrier) seen ??= /^(New|Reused), TLS/.exec(content)?.[1];
console.log(`${carrier.transients[0]!.security!.resumed}, ${seen}`);
await carrier.close();
await memory.flush();
