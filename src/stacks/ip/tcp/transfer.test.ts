import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsOf } from '../../../stack/metrics.ts';
import { Hosts, transfer } from './transfer-harness.ts';

for (const congestionControl of ['cubic', 'new-reno'] as const) {
	for (const [name, impairments] of Object.entries({
		'nothing lost': {},
		'loss of 1 %': { loss: 0.01 },
		'loss of 5 %, reordering and duplication': {
			loss: 0.05,
			duplication: 0.02,
			reordering: 0.05,
			latency: { mean: 5, spread: 1 },
		},
		'bursts of loss': { loss: { toBad: 0.005, toGood: 0.3 } },
		'reordering alone': { latency: { mean: 5, spread: 4, overtaking: true } },
		corruption: { corruption: 0.01 },
	})) {
		for (const family of [4, 6] as const) {
			test(`${congestionControl}, IPv${family}: what is sent arrives, with ${name}`, async () => {
				for (const seed of [1, 2, 3]) {
					const hosts = new Hosts({
						seed,
						delay: 5,
						impairments,
						config: { tcp: { congestionControl, ecn: seed === 2 } },
					});
					const [a, b] = await hosts.connect(family);
					await transfer(hosts.clock, a, b, 1_000_000);
					await transfer(hosts.clock, b, a, 300_000);
					await hosts.close();
				}
			});
		}
	}
}

test('a path without loss is filled, and nothing is sent twice', async () => {
	const hosts = new Hosts({ delay: 5 });
	const [a, b] = await hosts.connect();
	const took = await transfer(hosts.clock, a, b, 8_000_000);
	assert.equal(metricsOf(a)?.retransmissions, 0);
	// 1 MiB per round trip of 10 ms, after slow start.
	assert.ok(took < 250, `${took} ms`);
	await hosts.close();
});
