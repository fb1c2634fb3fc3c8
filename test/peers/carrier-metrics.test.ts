/** What the path of a carrier tells, below TLS as well, is what `ss` of iproute2 tells of its connection. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Carried, Carrying } from './children/carry.ts';
import { namespace } from './namespaces.ts';
import { metricsOfLine, needsLoss } from './ss.ts';

for (const transport of ['tcp', 'tls'] as const) {
	test(`P-83 P-84 figures and marks of the path of a ${transport} carrier are those of ss`, needsLoss(), async (t) => {
		const host = namespace(t);
		host.ip('link set lo mtu 1400');
		// Less room than a window takes: what does not fit is lost.
		await host.start('tc', ...'qdisc add dev lo root tbf rate 20mbit burst 5000 limit 20000'.split(' ')).output;
		for (const address of ['127.0.0.1', '[::1]']) {
			const carrying: Carrying = { transport, host: address, bytes: 1_000_000 };
			const { ours, ss, ...path }: Carried = JSON.parse(await host.child('carry.ts', carrying).output);
			t.diagnostic(ss.trim());
			assert.deepEqual(ours[0], ours[1], 'something moved while ss looked');
			const theirs = metricsOfLine(ss);
			assert.deepEqual(ours[0], theirs);
			const { roundTrip, pathMtu: mtu, maxSegmentSize: payload } = theirs;
			assert.deepEqual(path, { roundTrip, mtu, payload });
			assert.equal(mtu, 1400);
			assert.ok(theirs.retransmissions! > 0, 'nothing was lost');
			assert.ok(theirs.bytesAcked! > carrying.bytes);
			assert.match(ss, / (tos|tclass):0x88 /);
		}
	});
}
