/** Stands as a sink and writes what it hears and from where, a line each, until it has heard "end". */

import { sink } from '../../../src/post/carrier/sink.ts';
import { lines } from '../../../src/post/message/text-lines.ts';
import { profiles } from '../../../src/post/policy/profiles.ts';
import { kernel } from '../../../src/stacks/kernel/kernel.ts';

export interface Sinking {
	readonly local: { readonly address: string; readonly port: number; readonly interface: string };
	readonly sources?: readonly string[];
}

const { local, sources }: Sinking = JSON.parse(process.argv[2]!);
const options = { protocol: lines(), policy: profiles.unreliableDatagram, sources };
await using hearing = await sink({ ...local, scheme: 'udp', stack: kernel() }, options);
console.log(`at ${hearing.locals}`);
for await (const { content, from } of hearing) {
	console.log(`${content} ${from.replace(/:\d+$/, '')}`);
	if (content === 'end') break;
}
