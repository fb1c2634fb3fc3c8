/**
 * Opens a carrier that reconnects and writes what happens to its paths. For each line of its input it asks the peer, and
 * writes the answer; for "forgotten" and "learnt" it writes that back once its association remembers no winner, or one.
 */

import { createInterface } from 'node:readline/promises';
import { initiate, lines } from '../../../src/entry/index.ts';
import { until } from '../../../src/testing/suite.ts';

export interface Roaming {
	readonly remote: string;
}

const { remote }: Roaming = JSON.parse(process.argv[2]!);
await using carrier = await initiate(remote, { protocol: lines(), reconnect: {} });
const say = () => console.log(`on ${carrier.paths[0]!.interface} from ${carrier.paths[0]!.local}`);

carrier.observe('path', ({ path: { lost }, change }) => {
	for (const what of ['removed', 'added', 'changed'] as const) {
		for (const { name } of change[what]) console.log(`${what} ${name}, path ${lost ? 'lost' : 'stands'}`);
	}
});
carrier.observe('dormant', ({ code }) => console.log(`dormant ${code}`));
carrier.observe('active', say);
say();

for await (const line of createInterface(process.stdin)) {
	if (line === 'forgotten') await until(line, () => carrier.association!.winner === undefined);
	if (line === 'learnt') await until(line, () => carrier.association!.winner !== undefined);
	console.log(line === 'forgotten' || line === 'learnt' ? line : await carrier.request(line));
}
