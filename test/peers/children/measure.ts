/** Sends bytes over a flow of its own, and when nothing moves any more, writes what we and what `ss` say of it. */

import { execFileSync } from 'node:child_process';
import { IpAddress } from '../../../src/base/address.ts';
import { formatSocketAddress } from '../../../src/base/socket-address.ts';
import { type FlowMetrics, metricsOf } from '../../../src/stack/metrics.ts';
import { tuneFlow } from '../../../src/stack/tuning.ts';
import { kernel } from '../../../src/stacks/kernel/kernel.ts';
import { settled, until } from '../../../src/testing/suite.ts';

export interface Measuring {
	readonly host: string;
	readonly bytes: number;
	readonly trafficClass: number;
}

export interface Measured {
	/** Read before and after `ss` did. */
	readonly ours: readonly [FlowMetrics, FlowMetrics];
	/** The line of the socket. */
	readonly ss: string;
}

const { host, bytes, trafficClass }: Measuring = JSON.parse(process.argv[2]!);
const stack = kernel();
const { signal } = new AbortController();
const handler = { onFlow: (accepted: { resume(): void }) => accepted.resume(), onClose() {} };
const { local } = await stack.listen({ address: IpAddress.parse(host), port: 0 }, { handler, signal });
const flow = await stack.connect(local, { signal });
const read = () => metricsOf(flow)!;

if (!tuneFlow(flow, { trafficClass }).includes('trafficClass')) throw new Error('the traffic class was not set');
flow.write([new Uint8Array(bytes)]);
await until('all has arrived', () => read().bytesAcked === bytes + 1);
await settled(() => JSON.stringify(read()));

const before = read();
const filter = `src = ${formatSocketAddress(flow.local)}`;
const ss = execFileSync('ss', ['-tinHO', '--tos', filter], { encoding: 'utf8' });
console.log(JSON.stringify({ ours: [before, read()], ss } satisfies Measured));
await stack.close();
