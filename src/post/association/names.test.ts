import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from '../../stack/resolver.ts';
import { day } from './kinds.ts';
import { ip, remembering, wlan } from './memory-harness.ts';

const answer: Answer = {
	type: 'A',
	status: 'found',
	records: [
		{ address: ip('192.0.2.1'), ttl: 60 },
		{ address: ip('192.0.2.2'), ttl: 90 },
	],
	source: 'dns 192.0.2.53',
};

describe('I-9.1-01 answers of DNS', () => {
	test('hold as long as the shortest TTL, which runs down', () => {
		const { memory, calendar } = remembering();
		memory.names.remember('Example.com', answer, wlan);
		calendar.time += 59_999;
		assert.deepEqual(memory.names.recall('example.COM', 'A', wlan), {
			...answer,
			records: [
				{ address: ip('192.0.2.1'), ttl: 1 },
				{ address: ip('192.0.2.2'), ttl: 31 },
			],
			source: 'memory of dns 192.0.2.53',
		});
		calendar.time += 1;
		assert.equal(memory.names.recall('example.com', 'A', wlan), undefined);
	});

	test('are of one type, name and network', () => {
		const { memory } = remembering();
		memory.names.remember('example.com', answer, wlan);
		assert.equal(memory.names.recall('example.com', 'AAAA', wlan), undefined);
		assert.equal(memory.names.recall('www.example.com', 'A', wlan), undefined);
		assert.equal(memory.names.recall('example.com', 'A', 'network:lan'), undefined);
	});

	test('hold for a day at most, and not at all with a TTL of 0', () => {
		const { memory, calendar } = remembering();
		memory.names.remember('long', { ...answer, records: [{ address: ip('192.0.2.1'), ttl: 1e9 }] }, wlan);
		memory.names.remember(
			'none',
			{ ...answer, records: [...answer.records, { address: ip('192.0.2.3'), ttl: 0 }] },
			wlan,
		);
		assert.equal(memory.names.recall('none', 'A', wlan), undefined);
		calendar.time += day - 1;
		assert.equal(memory.names.recall('long', 'A', wlan)?.records.length, 1);
		calendar.time += 1;
		assert.equal(memory.names.recall('long', 'A', wlan), undefined);
	});

	test('that there is nothing is not remembered, for how long it holds is not said (RFC 2308 §5)', () => {
		const { memory } = remembering();
		for (const status of ['empty', 'not-found', 'timed-out', 'failed'] as const) {
			memory.names.remember('example.com', { ...answer, status, records: [] }, wlan);
			assert.equal(memory.names.recall('example.com', 'A', wlan), undefined);
		}
	});

	test('are bounded, zones are kept', () => {
		const { memory } = remembering();
		const records = Array.from({ length: 1_000 }, (_, index) => ({ address: ip(`fe80::${index + 1}%eth0`), ttl: 60 }));
		memory.names.remember('many', { ...answer, type: 'AAAA', records }, wlan);
		const found = memory.names.recall('many', 'AAAA', wlan)!.records;
		assert.equal(found.length, 64);
		assert.equal(String(found[0]!.address), 'fe80::1%eth0');
	});
});
