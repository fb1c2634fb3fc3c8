/**
 * Kills a process that writes a file store, with SIGKILL, 200 times: at random moments of each phase of its work, by its
 * own hand exactly between two operations and by ours while one is under way. After each death the store must open, and
 * hold exactly what it held at one moment: every entry whole, none missing, nothing that was flushed lost.
 *
 *     node test/soak/store.soak.ts            # about a minute; POST_SEED=123 repeats the choices of a run
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, seededRandom, systemRandom } from '../../src/base/random.ts';
import { type Disk, type DiskFile, systemDisk } from '../../src/post/association/disk.ts';
import { fileStore } from '../../src/post/association/file-store.ts';
import type { AssociationStore } from '../../src/post/association/store.ts';

const rounds = 200;
/** Two at a time, each with a file of its own. */
const lanes = 2;
/** Entries, which the writer overwrites in turn; about 400 KB in the file. */
const slots = 1_500;
const phases = ['open', 'load', 'put', 'idle', 'create', 'write', 'sync', 'rename', 'sync folder', 'written'] as const;
/** How long a writer may take to get where it is to die, in ms. */
const patience = 30_000;
const expires = Date.UTC(2100, 0, 1);

const living = new Set<ChildProcess>();

type Phase = (typeof phases)[number];

interface Death {
	readonly phase: Phase;
	/** Of the times it comes by. */
	readonly time: number;
	/** By its own hand, at once; else by ours, some ms after it said that it was there. */
	readonly self: boolean;
}

if (process.argv[2] === 'writer') {
	const [path, death, seed] = process.argv.slice(3) as [string, string, string];
	await write(path, JSON.parse(death), seededRandom(Number(seed)));
} else {
	test('P-57 X-13 a store survives the death of its writer at any moment', { timeout: 600_000 }, async () => {
		const seed = Number(process.env['POST_SEED'] ?? systemRandom.uint32());
		console.log(`store.soak: seed ${seed}, ${rounds} deaths`);
		const folder = mkdtempSync(join(tmpdir(), 'post-store-soak-'));
		const begin = performance.now();
		try {
			const deaths = await Promise.all(
				Array.from({ length: lanes }, (_, lane) =>
					runLane(join(folder, `lane-${lane}`), lane, seededRandom(seed + lane)),
				),
			);
			const counts = phases.map((phase) => `${phase} ${deaths.flat().filter((death) => death === phase).length}`);
			console.log(`store.soak: ${counts.join(', ')}; ${Math.round((performance.now() - begin) / 1_000)} s`);
			await checkLeftOver(folder);
		} finally {
			for (const child of living) child.kill('SIGKILL');
			rmSync(folder, { recursive: true, force: true });
		}
	});
}

async function runLane(path: string, lane: number, random: Random): Promise<Phase[]> {
	const done: Phase[] = [];
	let highest = 0;
	for (let round = lane; round < rounds; round += lanes) {
		const phase = phases[Math.floor(round / lanes) % phases.length]!;
		const once = phase === 'open' || phase === 'load';
		const death: Death = { phase, time: once ? 1 : 1 + random.below(4), self: random.below(2) === 0 };
		// Sometimes another process writes the same file meanwhile: then the one that wrote last has its way.
		const rival = random.below(5) === 0 ? run(path, { ...death, time: once ? 1 : death.time + 1 }, random) : undefined;
		const [flushed] = await Promise.all([run(path, death, random), rival]);
		const newest = await check(path, JSON.stringify({ round, ...death }));
		if (rival === undefined)
			assert.ok(newest >= Math.max(flushed, highest), `round ${round}: ${newest}, ${flushed} was flushed`);
		highest = newest;
		done.push(phase);
	}
	return done;
}

/** Runs a writer until its death, and returns the last number that it knew to be in the file. */
async function run(path: string, death: Death, random: Random): Promise<number> {
	const args = [import.meta.filename, 'writer', path, JSON.stringify(death), String(random.uint32())];
	// The runner's variable would make the writer report as a test.
	const { NODE_TEST_CONTEXT: _, ...env } = process.env;
	const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
	living.add(child);
	const delay = random.below(16) / 4;
	let output = '';
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		output += text;
		if (output.includes('here\n')) void sleep(delay).then(() => child.kill('SIGKILL'));
	});
	const impatience = setTimeout(() => child.kill('SIGTERM'), patience);
	const signal = await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
	clearTimeout(impatience);
	living.delete(child);
	assert.equal(signal, 'SIGKILL', `the writer was to die at ${JSON.stringify(death)}; it said ${output.slice(-200)}`);
	return Number([...output.matchAll(/^flushed (\d+)$/gm)].at(-1)?.[1] ?? 0);
}

/** The newest number in the store, which must hold for every slot the newest number up to that one. */
async function check(path: string, what: string): Promise<number> {
	const errors: Error[] = [];
	const store = await fileStore(path, { delay: 1e8, onError: (error) => errors.push(error) });
	const newest = newestIn(store);
	const found = store.entries({ partition: '', kind: 'soak' });
	assert.equal(found.length, Math.min(newest, slots), what);
	for (const { key, value } of found) {
		const { number, bytes } = value as { number: number; bytes: Uint8Array };
		assert.ok(number > newest - slots && String(number % slots) === key, `${what}: ${number} at ${key} of ${newest}`);
		assert.deepEqual(bytes, bytesOf(number), what);
	}
	await store.close();
	assert.deepEqual(errors, [], what);
	return newest;
}

/** What the dead have left beside their files is removed once it is old. */
async function checkLeftOver(folder: string): Promise<void> {
	for (let lane = 0; lane < lanes; lane += 1) {
		const store = await fileStore(join(folder, `lane-${lane}`), { now: () => new Date(Date.now() + 120_000) });
		await store.close();
	}
	assert.deepEqual(
		readdirSync(folder).sort(),
		Array.from({ length: lanes }, (_, lane) => `lane-${lane}`),
	);
}

/** The writer: puts ever higher numbers, lets time write them or flushes, until it dies. */
async function write(path: string, death: Death, random: Random): Promise<never> {
	let left = death.time;
	const at = (phase: Phase) => {
		if (phase !== death.phase || (left -= 1) !== 0) return;
		if (death.self) process.kill(process.pid, 'SIGKILL');
		writeSync(1, 'here\n');
	};
	at('open');
	const store = await fileStore(path, { delay: 3 }, { disk: announcing(at) });
	let number = newestIn(store);
	for (;;) {
		for (let count = 1 + random.below(300); count > 0; count -= 1) {
			number += 1;
			store.put({ ...place(number % slots), value: { number, bytes: bytesOf(number) }, expires });
			at('put');
		}
		const last = number;
		if (random.below(3) === 0) await store.flush().then(() => writeSync(1, `flushed ${last}\n`));
		else await sleep(random.below(8));
		at('idle');
	}
}

/** The disk, telling what it is about to do. */
function announcing(at: (phase: Phase) => void): Disk {
	const file = (real: DiskFile, sync: Phase): DiskFile => ({
		stat: () => real.stat(),
		read(buffer, offset, length) {
			at('load');
			return real.read(buffer, offset, length);
		},
		chmod: (mode) => real.chmod(mode),
		writeFile(data) {
			at('write');
			return real.writeFile(data);
		},
		sync() {
			at(sync);
			return real.sync();
		},
		close: () => real.close(),
	});
	return {
		...systemDisk,
		async open(path, flags, mode) {
			// A store that is not there yet has nothing to load.
			if (flags === 'wx') at('create');
			else if (flags !== 'r') at('load');
			return file(await systemDisk.open(path, flags, mode), flags === 'r' ? 'sync folder' : 'sync');
		},
		async rename(from, to) {
			at('rename');
			await systemDisk.rename(from, to);
			at('written');
		},
	};
}

function newestIn(store: AssociationStore): number {
	const numbers = store
		.entries({ partition: '', kind: 'soak' })
		.map(({ value }) => (value as { number: number }).number);
	return Math.max(0, ...numbers);
}

function place(slot: number) {
	return { partition: '', network: '', kind: 'soak', key: String(slot) };
}

/** 20 to 200 bytes that belong to a number. */
function bytesOf(number: number): Uint8Array {
	return seededRandom(number).fill(new Uint8Array(20 + (number % 180)));
}
