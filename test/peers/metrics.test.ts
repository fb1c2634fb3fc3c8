/** What a flow tells of its network is what `ss` of iproute2 tells of the same socket. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openLibc } from '../../src/stacks/kernel/native/libc.ts';
import type { Measured, Measuring } from './children/measure.ts';
import { namespace, needsNamespaces } from './namespaces.ts';
import { needs, type Program, start } from './programs.ts';

const trafficClass = 46 << 2;

function needsMetrics(): { skip?: string } {
	if (openLibc(createRequire(import.meta.url)) === undefined)
		return { skip: 'koffi is not here, or this is not Linux' };
	return needs('ss');
}

/** By the names of `FlowMetrics`. Absent from the line is what is zero. */
function parse(ss: string) {
	const figure = (pattern: RegExp) => Number(pattern.exec(ss)?.[1] ?? 0);
	const maxSegmentSize = figure(/ mss:(\d+)/);
	return {
		roundTrip: figure(/ rtt:([\d.]+)/),
		roundTripVariation: figure(/ rtt:[\d.]+\/([\d.]+)/),
		pathMtu: figure(/ pmtu:(\d+)/),
		maxSegmentSize,
		retransmissions: figure(/ retrans:\d+\/(\d+)/),
		lost: figure(/ lost:(\d+)/),
		congestionWindow: figure(/ cwnd:(\d+)/) * maxSegmentSize,
		unacknowledged: figure(/ unacked:(\d+)/) * maxSegmentSize,
		notSent: figure(/ notsent:(\d+)/),
		bytesAcked: figure(/ bytes_acked:(\d+)/),
		deliveryRate: figure(/ delivery_rate (\d+)bps/),
	};
}

async function agree(t: TestContext, child: Program, bytes: number): Promise<Measured['ours'][0]> {
	const { ours, ss }: Measured = JSON.parse(await child.output);
	t.diagnostic(ss.trim());
	assert.deepEqual(ours[0], ours[1], 'something moved while ss looked');
	assert.deepEqual(ours[0], parse(ss));
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

function needsLoss(): { skip?: string } {
	for (const missing of [needsMetrics(), needs('tc'), needsNamespaces()]) if (missing.skip) return missing;
	return {};
}
