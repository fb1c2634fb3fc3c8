/** Sends bytes over a carrier of its own, and when nothing moves any more, writes what its path and what `ss` say. */

import { execFileSync } from 'node:child_process';
import { initiate, listen, selfSigned } from '../../../src/entry/index.ts';
import type { FlowMetrics } from '../../../src/stack/metrics.ts';
import { settled, until } from '../../../src/testing/suite.ts';

export interface Carrying {
	readonly transport: 'tcp' | 'tls';
	readonly host: string;
	readonly bytes: number;
}

export interface Carried {
	/** Read before and after `ss` did. */
	readonly ours: readonly [FlowMetrics, FlowMetrics];
	/** The figures that a path has by names of its own. */
	readonly roundTrip: number;
	readonly mtu: number;
	readonly payload: number;
	/** The line of the socket. */
	readonly ss: string;
}

const { transport, host, bytes }: Carrying = JSON.parse(process.argv[2]!);
const security = selfSigned();
await using listener = await listen(`${transport}://${host}:0`, { security });
await using carrier = await initiate(`${transport}://${listener.locals[0]}`, {
	security: { pin: security.fingerprint },
	policy: { connCapacityProfile: 'low-latency-interactive' },
});
await using peer = (await listener.accept())!;
let received = 0;
peer.onMessage(({ length }) => {
	received += length;
});
const [path] = carrier.paths;
const read = () => path!.metrics!;

await carrier.send(new Uint8Array(bytes));
await until('all has arrived', () => received === bytes && read().unacknowledged === 0);
await settled(() => JSON.stringify(read()));

const before = read();
const { roundTrip, mtu, payload } = path!;
const ss = execFileSync('ss', ['-tinHO', '--tos', `src = ${path!.local}`], { encoding: 'utf8' });
console.log(
	JSON.stringify({ ours: [before, read()], roundTrip: roundTrip!, mtu: mtu!, payload: payload!, ss } satisfies Carried),
);
