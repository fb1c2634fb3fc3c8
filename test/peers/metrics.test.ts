/** What a flow tells of its network is what `ss` of iproute2 tells of the same socket. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Measured, Measuring } from './children/measure.ts';
import { namespace } from './namespaces.ts';
import { type Program, start } from './programs.ts';
import { metricsOfLine, needsLoss, needsMetrics } from './ss.ts';

const trafficClass = 46 << 2;

async function agree(t: TestContext, child: Program, bytes: number): Promise<Measured['ours'][0]> {
	const { ours, ss }: Measured = JSON.parse(await child.output);
	t.diagnostic(ss.trim());
	assert.deepEqual(ours[0], ours[1], 'something moved while ss looked');
	assert.deepEqual(ours[0], metricsOfLine(ss));
	assert.equal(ours[0].bytesAcked, bytes + 1);
	assert.match(ss, / (tos|tclass):0xb8 /);
	return ours[0];
}

test('metrics and traffic class of a flow over the loopback are those of ss', needsMetrics(), async (t) => {
	const measuring: Measuring = { host: '127.0.0.1', bytes: 1_000_000, trafficClass };
	const child = start(t, process.execPath, [
		join(import.meta.dirname, 'children', 'measure.ts'),
		JSON.stringify(measuring),
	]);
	await agree(t, child, measuring.bytes);
});

test('retransmissions and the MTU of the path of a flow that loses are those of ss', needsLoss(), async (t) => {
	const host = namespace(t);
	host.ip('link set lo mtu 1400');
	// Less room than a window takes: what does not fit is lost.
	await host.start('tc', ...'qdisc add dev lo root tbf rate 20mbit burst 5000 limit 20000'.split(' ')).output;
	for (const address of ['127.0.0.1', '::1']) {
		const measuring: Measuring = { host: address, bytes: 1_000_000, trafficClass };
		const { retransmissions, pathMtu } = await agree(t, host.child('measure.ts', measuring), measuring.bytes);
		assert.equal(pathMtu, 1400);
		assert.ok(retransmissions! > 0, 'nothing was lost');
	}
});
