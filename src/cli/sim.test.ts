/** `post sim` as a process. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as pcapng from '../wire/pcapng.ts';
import { objects, post } from './post-harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'post-sim-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'scenario.mjs');
writeFileSync(
	file,
	`export default async function (network, fault) {
		const [client, server] = [network.host('client'), network.host('server')];
		fault('a cut', () => network.partition(client, server), 0.5);
		if ((await client.ping(server.addresses[0])) === undefined) throw new Error('no answer');
	}`,
);

test('a scenario runs, the same each time, and is captured', async () => {
	const capture = join(folder, 'out.pcapng');
	const seed = await passing();
	const [first] = objects((await post('sim', file, '--seed', seed, '--json', '--pcap', capture)).stdout);
	const { code, stdout, stderr } = await post('sim', file, '--seed', seed, '--json');
	assert.deepEqual([code, stderr], [0, '']);
	assert.deepEqual(objects(stdout), [first]);
	const parsed = pcapng.parse(readFileSync(capture));
	assert.ok(typeof parsed !== 'string' && parsed.packets.length > 4);
});

test('seeds are tried until one fails', async () => {
	const { code, stdout, stderr } = await post('sim', file, '--seeds', '50', '--json');
	assert.equal(code, 1);
	const [{ failing }] = objects(stdout) as unknown as [
		{ failing: { seed: number; faults: string[]; repeatable: boolean } },
	];
	assert.deepEqual([failing.faults, failing.repeatable], [['a cut'], true]);
	assert.match(stderr, /^seed \d+ fails: no answer\nwith these faults: a cut\n/);
	assert.equal((await post('sim', file, '--seed', String(failing.seed))).code, 1);
});

test('mistakes say what to write', async () => {
	for (const args of [[], ['nowhere.mjs'], [file, '--seed', 'x'], [file, '--seeds', '2', '--seed', '1']]) {
		const { code, stderr } = await post('sim', ...args);
		assert.equal(code, 2, args.join(' '));
		assert.match(stderr, /^post: /);
	}
});

/** A seed without the fault. */
async function passing(): Promise<string> {
	for (let seed = 1; seed < 20; seed += 1) {
		if ((await post('sim', file, '--seed', String(seed))).code === 0) return String(seed);
	}
	return assert.fail('every seed fails');
}
