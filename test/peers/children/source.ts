/** Opens a source, writes which ends it has and what it can, and sends the lines of its input until that ends. */

import { createInterface } from 'node:readline/promises';
import { source } from '../../../src/post/carrier/source.ts';
import { lines } from '../../../src/post/message/text-lines.ts';
import { profiles } from '../../../src/post/policy/profiles.ts';
import { kernel } from '../../../src/stacks/kernel/kernel.ts';

export interface Sourcing {
	readonly remote: string;
	readonly local: { readonly address?: string; readonly interface: string };
	readonly hopLimit?: number;
}

const { remote, local, hopLimit }: Sourcing = JSON.parse(process.argv[2]!);
const options = { protocol: lines(), policy: profiles.unreliableDatagram, hopLimit };
await using out = await source(remote, { ...options, local: { ...local, stack: kernel() } });
const [ends] = out.transients;
console.log(`${ends?.local} to ${ends?.remote}, sends ${out.canSend}, receives ${out.canReceive}`);
for await (const line of createInterface(process.stdin)) await out.send(line);
