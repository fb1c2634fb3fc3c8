import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { seededRandom } from '../../base/random.ts';
import { type Disk, type DiskFile, systemDisk } from './disk.ts';
import { DiskTwin, systemError } from './disk-twin.ts';
import { fileStore } from './file-store.ts';
import type { AssociationStore } from './store.ts';
import { entryOf } from './store-harness.ts';

const path = '/store';
/** Enough for several pieces of lines. */
const entries = 300;
const options = { delay: 1e9, now: () => new Date(Date.UTC(2026, 0, 1)) };

/** Every entry says which generation it is of, and carries bytes that belong to it. */
function fill(store: AssociationStore, generation: number): void {
	for (let index = 0; index < entries; index += 1) {
		store.put(entryOf({ key: `${index}`, value: { generation, bytes: new Uint8Array(20).fill(generation + index) } }));
	}
}

/** The one generation of which all entries are there, whole; 0 if there are none. Anything else fails. */
function generationIn(store: AssociationStore): number {
	const found = store.entries({ partition: '', kind: 'rtt' });
	if (found.length === 0) return 0;
	assert.equal(found.length, entries);
	const generations = found.map(({ key, value }) => {
		const { generation, bytes } = value as { generation: number; bytes: Uint8Array };
		assert.deepEqual(bytes, new Uint8Array(20).fill(generation + Number(key)));
		return generation;
	});
	assert.equal(new Set(generations).size, 1, 'two writes are mixed');
	return generations[0]!;
}

async function reopened(disk: Disk, at = path): Promise<number> {
	const errors: Error[] = [];
	const store = await fileStore(at, { ...options, onError: (error) => errors.push(error) }, { disk });
	const generation = generationIn(store);
	await store.close();
	assert.deepEqual(errors, []);
	return generation;
}

describe('P-57 a write that is cut off leaves the old content or the new, whole', () => {
	test('the process dies after each of its operations, and the power fails then, in many ways', async () => {
		const seen = new Set<string>();
		let operations = Number.POSITIVE_INFINITY;
		for (let life = 0; life < operations; life += 1) {
			const disk = new DiskTwin();
			const store = await fileStore(path, options, { disk, random: seededRandom(life) });
			fill(store, 1);
			await store.flush();
			fill(store, 2);
			const before = disk.log.length;
			disk.life = life;
			const written = await store.flush().then(
				() => true,
				() => false,
			);
			if (written) operations = disk.log.length - before;
			const after = await reopened(disk.processDies());
			assert.ok(after === 2 || (after === 1 && !written), `killed after ${life} operations: generation ${after}`);
			const random = seededRandom(life);
			for (let chance = 0; chance < 40; chance += 1) {
				const survivor = disk.powerFails((limit) => random.below(limit));
				const generation = await reopened(survivor);
				assert.ok(generation === 2 || (generation === 1 && !written), `power failed after ${life}: ${generation}`);
				seen.add(`${written} ${generation}`);
			}
		}
		assert.ok(operations > 8, `only ${operations} operations`);
		assert.deepEqual([...seen].sort(), ['false 1', 'false 2', 'true 2']);
	});

	test('the very first write: nothing or all of it', async () => {
		const seen = new Set<number>();
		for (let life = 0; life < 12; life += 1) {
			const disk = new DiskTwin();
			const store = await fileStore(path, options, { disk });
			fill(store, 1);
			disk.life = life;
			await store.flush().catch(() => {});
			for (let chance = 0; chance < 20; chance += 1) {
				const random = seededRandom(100 * life + chance);
				seen.add(await reopened(disk.powerFails((limit) => random.below(limit))));
			}
		}
		assert.deepEqual([...seen].sort(), [0, 1]);
	});

	test('on a real disk, dead after each operation', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'post-store-'));
		after(() => rmSync(folder, { recursive: true }));
		const at = join(folder, 'store');
		let operations = Number.POSITIVE_INFINITY;
		for (let life = 0; life < operations; life += 1) {
			const first = await fileStore(at, options);
			fill(first, 1);
			await first.flush();
			const counted = mortal(life);
			const store = await fileStore(at, options, { disk: counted.disk });
			counted.begin();
			fill(store, 2);
			const written = await store.flush().then(
				() => true,
				() => false,
			);
			if (written) operations = life;
			const after = await reopened(systemDisk, at);
			assert.ok(after === 2 || (after === 1 && !written), `killed after ${life} operations: generation ${after}`);
		}
		assert.ok(operations > 8, `only ${operations} operations`);
	});
});

/** The real disk for a process that dies after `life` operations, counted from `begin`. */
function mortal(life: number): { disk: Disk; begin: () => void } {
	let left = Number.POSITIVE_INFINITY;
	const alive = <Args extends unknown[], Result>(run: (...args: Args) => Promise<Result>) => {
		return async (...args: Args): Promise<Result> => {
			if (left <= 0) throw systemError('EDEAD');
			left -= 1;
			return run(...args);
		};
	};
	const file = (real: DiskFile): DiskFile => ({
		stat: () => real.stat(),
		read: (buffer, offset, length) => real.read(buffer, offset, length),
		chmod: alive((mode) => real.chmod(mode)),
		writeFile: alive((data) => real.writeFile(data)),
		sync: alive(() => real.sync()),
		// The system closes the files of a process that dies.
		close: () => real.close(),
	});
	const disk: Disk = {
		...systemDisk,
		open: alive(async (path: string, flags: string | number, mode?: number) =>
			file(await systemDisk.open(path, flags, mode)),
		),
		rename: alive(systemDisk.rename),
		unlink: alive(systemDisk.unlink),
	};
	return { disk, begin: () => void (left = life) };
}
