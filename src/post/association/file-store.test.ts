import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { PostSocketsError } from '../../base/errors.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { DiskTwin } from './disk-twin.ts';
import { encodeLine, header } from './file-format.ts';
import { type FileStoreOptions, fileStore } from './file-store.ts';
import type { MemoryStoreOptions } from './memory-store.ts';
import type { AssociationStore } from './store.ts';
import { Calendar, entryOf, isBadArgument, placeOf, storeSuite } from './store-harness.ts';
import type { Sealer } from './vault.ts';

const folder = mkdtempSync(join(tmpdir(), 'post-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `store-${(files += 1)}`);
const posix = process.geteuid === undefined ? 'this system has no owners and modes of files' : false;

/** Without time of its own: written at flush and close. */
const quiet = { delay: 1e9, now: new Calendar().now };

const opened = new WeakMap<AssociationStore, { path: string; options: MemoryStoreOptions }>();

async function open(path: string, options: MemoryStoreOptions): Promise<AssociationStore> {
	const store = await fileStore(path, { ...quiet, ...options });
	opened.set(store, { path, options });
	return store;
}

storeSuite(
	'fileStore',
	(options) => open(newPath(), options),
	async (store) => {
		await store.close();
		const { path, options } = opened.get(store)!;
		return open(path, options);
	},
);

/** A store on a disk of its own that can be made to fail, and what it complained of. */
async function onTwin(options: FileStoreOptions = {}, disk = new DiskTwin()) {
	const errors: PostSocketsError[] = [];
	const store = await fileStore('/store', { ...quiet, ...options, onError: (error) => errors.push(error) }, { disk });
	return { store, disk, errors };
}

describe('P-57 X-13 what is put survives the process', () => {
	test('in the order of use, and without what has expired', async () => {
		const calendar = new Calendar();
		const path = newPath();
		const first = await fileStore(path, { ...quiet, now: calendar.now });
		for (const key of ['a', 'b', 'c']) first.put(entryOf({ key, value: { key } }));
		first.put(entryOf({ key: 'short', expires: calendar.time + 10 }));
		first.get(placeOf({ key: 'a' }));
		await first.close();
		calendar.time += 10;
		const second = await fileStore(path, { ...quiet, now: calendar.now, maxEntries: 2, maxPerKind: 2 });
		assert.deepEqual(
			second.entries({ partition: '', kind: 'rtt' }).map(({ key, value }) => [key, value]),
			[
				['c', { key: 'c' }],
				['a', { key: 'a' }],
			],
		);
		await second.close();
	});

	test('what must never be on a disk is not', async () => {
		const { store, disk } = await onTwin();
		store.put(entryOf({ key: 'passing', disk: 'never' }));
		await store.flush();
		assert.deepEqual(disk.log, [], 'nothing to write');
		store.put(entryOf({ key: 'lasting' }));
		await store.flush();
		assert.match(disk.files.get('/store')!, /lasting/);
		assert.doesNotMatch(disk.files.get('/store')!, /passing/);
	});

	test('of a damaged file the whole entries are kept, and the damage is told', async () => {
		const path = newPath();
		const first = await fileStore(path, quiet);
		for (const key of ['a', 'b', 'c']) first.put(entryOf({ key }));
		await first.close();
		writeFileSync(path, readFileSync(path, 'utf8').replace('"b"', '"B"'));
		const errors: PostSocketsError[] = [];
		const store = await fileStore(path, { ...quiet, onError: (error) => errors.push(error) });
		assert.deepEqual(
			store.entries({ partition: '', kind: 'rtt' }).map(({ key }) => key),
			['a', 'c'],
		);
		assert.deepEqual(
			errors.map(({ code, message }) => [code, message]),
			[['malformed', `1 damaged entries of ${path} were dropped`]],
		);
		await store.close();
		assert.equal(readFileSync(path, 'utf8').split('\n').length, 4, 'written anew');
	});

	test('of two stores on one path the last to write wins, whole', async () => {
		const path = newPath();
		const [one, other] = [await fileStore(path, quiet), await fileStore(path, quiet)];
		for (let index = 0; index < 500; index += 1) {
			one.put(entryOf({ key: `${index}`, value: 'one' }));
			other.put(entryOf({ key: `${index}`, value: 'other' }));
		}
		await Promise.all([one.flush(), other.flush()]);
		const store = await fileStore(path, quiet);
		const values = store.entries({ partition: '', kind: 'rtt' }).map(({ value }) => value);
		assert.equal(values.length, 500);
		assert.equal(new Set(values).size, 1);
		await Promise.all([one.close(), other.close(), store.close()]);
	});
});

describe('opening', () => {
	test('a file that is something else is refused and left as it is', async () => {
		for (const content of ['my diary\n', `${header.replace('version 1', 'version 2')}data\n`]) {
			const path = newPath();
			writeFileSync(path, content, { mode: 0o600 });
			const code = content.startsWith('my') ? 'bad-argument' : 'not-supported';
			await assert.rejects(fileStore(path), isError(code, /left as it is/));
			assert.equal(readFileSync(path, 'utf8'), content);
		}
	});

	test('a path without its folder, a folder, and a pipe are refused', async () => {
		await assert.rejects(fileStore(join(folder, 'nowhere', 'store')), isError('bad-argument', /folder is not there/));
		await assert.rejects(fileStore(folder), isError('bad-argument', /not a regular file|is a folder/));
		const pipe = newPath();
		if (spawnSync('mkfifo', [pipe]).status !== 0) return;
		await assert.rejects(fileStore(pipe), isError('bad-argument', /not a regular file/));
	});

	test('options that cannot be are bad-argument', async () => {
		const secrets = 'maybe' as unknown as 'none';
		await assert.rejects(fileStore(newPath(), { secrets }), isBadArgument);
		await assert.rejects(fileStore(newPath(), { delay: -1 }), isBadArgument);
		await assert.rejects(fileStore(newPath(), { maxEntries: 0 }), isBadArgument);
	});

	test('a symbolic link stays one', { skip: posix }, async () => {
		const [path, link] = [newPath(), newPath()];
		writeFileSync(path, '', { mode: 0o600 });
		symlinkSync(path, link);
		const store = await fileStore(link, quiet);
		store.put(entryOf());
		await store.close();
		assert.match(readFileSync(path, 'utf8'), /rtt/);
	});

	test('temporary files that dead writers left are removed, others are not', async () => {
		const sub = join(folder, 'abandoned');
		mkdirSync(sub);
		const names = [
			'store.0123abcd.tmp',
			'store.89abcdef.tmp',
			'store.tmp',
			'store.0123abcd.tmp.gz',
			'other.0123abcd.tmp',
		];
		for (const name of names) writeFileSync(join(sub, name), 'x');
		const old = Date.now() / 1_000 - 3_600;
		for (const name of names.filter((name) => name !== 'store.89abcdef.tmp')) utimesSync(join(sub, name), old, old);
		await (await fileStore(join(sub, 'store'))).close();
		assert.deepEqual(readdirSync(sub).sort(), names.slice(1).sort());
	});
});

describe('who may read the file', { skip: posix }, () => {
	const modeOf = (path: string) => statSync(path).mode & 0o777;

	test('only its owner, whatever the umask', async () => {
		const path = newPath();
		const before = process.umask(0);
		try {
			for (const umask of [0, 0o777]) {
				process.umask(umask);
				const store = await fileStore(path, quiet);
				store.put(entryOf());
				await store.close();
				assert.equal(modeOf(path), 0o600);
			}
		} finally {
			process.umask(before);
		}
	});

	test('a file others can read is made private; its secrets are not used, and leave it', async () => {
		const path = newPath();
		const first = await fileStore(path, { ...quiet, secrets: 'plain' });
		first.put(entryOf());
		first.put(entryOf({ kind: 'ticket', disk: 'secret' }));
		await first.close();
		chmodSync(path, 0o640);
		const errors: PostSocketsError[] = [];
		const store = await fileStore(path, { ...quiet, secrets: 'plain', onError: (error) => errors.push(error) });
		assert.equal(modeOf(path), 0o600);
		assert.equal(store.get(placeOf()), 1);
		assert.equal(store.get(placeOf({ kind: 'ticket' })), undefined);
		assert.deepEqual(
			errors.map(({ code }) => code),
			['not-permitted'],
		);
		await store.close();
		assert.doesNotMatch(readFileSync(path, 'utf8'), /ticket/);
	});

	test('a file others can write, or that belongs to another user, is refused and left as it is', async () => {
		const path = newPath();
		writeFileSync(path, header, { mode: 0o600 });
		chmodSync(path, 0o620);
		await assert.rejects(fileStore(path), isError('not-permitted', /written by other users/));
		assert.equal(modeOf(path), 0o620);
		if (process.geteuid!() !== 0) return;
		chmodSync(path, 0o600);
		chownSync(path, 1234, 1234);
		await assert.rejects(fileStore(path), isError('not-permitted', /belongs to another user/));
	});
});

describe('when it writes', () => {
	test('once, some time after the first of many changes, and not without one', async () => {
		const clock = virtualClock({ auto: false });
		const { store, disk } = await onTwin({ clock, delay: 100 });
		const renames = () => disk.log.filter((what) => what.startsWith('rename')).length;
		await clock.advance(1_000);
		assert.equal(renames(), 0);
		for (let change = 0; change < 12; change += 1) {
			store.put(entryOf({ key: `${change}` }));
			await clock.advance(10);
		}
		await store.flush();
		assert.equal(renames(), 2, 'one at 100 ms, though the changes went on, and one for what came after');
		await clock.advance(1_000);
		store.get(placeOf({ key: '1' }));
		await clock.advance(1_000);
		assert.equal(renames(), 2);
		store.take(placeOf({ key: '1' }));
		await clock.advance(100);
		await store.flush();
		assert.equal(renames(), 3);
	});

	test('again, if something changed while it wrote', async () => {
		const clock = virtualClock({ auto: false });
		const { store, disk } = await onTwin({ clock, delay: 100 });
		store.put(entryOf({ key: 'before' }));
		const writing = store.flush();
		while (disk.log.length === 0) await Promise.resolve();
		store.put(entryOf({ key: 'meanwhile' }));
		await writing;
		assert.doesNotMatch(disk.files.get('/store')!, /meanwhile/);
		await clock.advance(100);
		await store.flush();
		assert.match(disk.files.get('/store')!, /meanwhile/);
		assert.equal(disk.log.filter((what) => what.startsWith('rename')).length, 2);
	});

	test('what failed is tried again by the next flush, not by time alone', async () => {
		const clock = virtualClock({ auto: false });
		const { store, disk, errors } = await onTwin({ clock, delay: 100 });
		disk.failures = { write: 'ENOSPC' };
		store.put(entryOf());
		await clock.advance(100);
		await assert.rejects(store.flush(), isError('resource-limit', /full/));
		const told = errors.length;
		await clock.advance(10_000);
		assert.equal(errors.length, told);
		disk.failures = {};
		await store.flush();
		assert.match(disk.files.get('/store')!, /rtt/);
	});

	test('never twice at once, and flush covers what was put before it', async () => {
		const { store, disk } = await onTwin();
		const flushes: Promise<void>[] = [];
		for (let round = 0; round < 20; round += 1) {
			store.put(entryOf({ key: `${round}` }));
			flushes.push(store.flush(), store.flush());
			if (round % 3 === 0) await Promise.resolve();
			if (round % 5 === 0)
				await flushes.at(-1)!.then(() => assert.match(disk.files.get('/store')!, new RegExp(`"${round}"`)));
		}
		await Promise.all(flushes);
		assert.match(disk.files.get('/store')!, /"19"/);
		let writing = 0;
		for (const what of disk.log) {
			if (what.startsWith('create')) assert.equal((writing += 1), 1);
			if (what.startsWith('rename')) writing -= 1;
		}
		assert.ok(disk.log.filter((what) => what.startsWith('rename')).length < 20, 'flushes are shared');
	});

	test('the steps of a write', async () => {
		const { store, disk } = await onTwin();
		store.put(entryOf());
		await store.flush();
		const steps = disk.log.map((what) => what.replace(/[0-9a-f]{8}/, 'X'));
		const temporary = '/store.X.tmp';
		assert.deepEqual(steps, [
			`create ${temporary}`,
			`chmod ${temporary}`,
			`write ${temporary}`,
			`write ${temporary}`,
			`sync ${temporary}`,
			`close ${temporary}`,
			'rename /store',
			'sync folder',
			'close folder',
		]);
	});

	for (const [errno, code, message] of [
		['ENOSPC', 'resource-limit', /the disk is full/],
		['EROFS', 'not-permitted', /the disk is read-only/],
		['EIO', 'storage-failed', /EIO/],
	] as const) {
		test(`${errno} at any step: the entry stays in memory, onError hears of it, the next change tries again`, async () => {
			for (const step of ['create', 'chmod', 'write', 'sync', 'rename']) {
				const { store, disk, errors } = await onTwin();
				store.put(entryOf({ value: 'old' }));
				await store.flush();
				disk.failures = { [step]: errno };
				store.put(entryOf({ value: 'new' }));
				await assert.rejects(store.flush(), isError(code, message));
				assert.deepEqual(
					errors.map(({ code, operation }) => [code, operation]),
					[[code, 'fileStore']],
				);
				assert.equal((errors[0]!.cause as NodeJS.ErrnoException).code, errno);
				assert.equal(store.get(placeOf()), 'new');
				assert.deepEqual([...disk.files.keys()], ['/store'], 'no temporary file is left');
				assert.match(disk.files.get('/store')!, /old/);
				disk.failures = {};
				store.put(entryOf({ key: 'b' }));
				await store.flush();
				assert.match(disk.files.get('/store')!, /"new"/);
				await store.close();
			}
		});
	}

	test('a flush nobody awaits, and a close, do not fail on a full disk', async () => {
		const { store, disk, errors } = await onTwin();
		disk.failures = { write: 'ENOSPC' };
		store.put(entryOf());
		void store.flush();
		await store.close();
		assert.ok(errors.length >= 1);
	});

	test('a folder that cannot be synchronised is no failure', async () => {
		const { store, disk, errors } = await onTwin();
		disk.failures = { 'sync folder': 'EINVAL' };
		store.put(entryOf());
		await store.flush();
		assert.deepEqual(errors, []);
		disk.failures = { 'sync folder': 'EIO' };
		store.put(entryOf());
		await assert.rejects(store.flush(), isError('storage-failed', /EIO/));
	});
});

describe('the process', () => {
	/** Runs a script to its end; times out if something holds it. */
	const run = (body: string) => {
		const script = `import { fileStore } from ${JSON.stringify(join(import.meta.dirname, 'file-store.ts'))};\n${body}`;
		return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 60_000 });
	};
	const entry = JSON.stringify({ ...entryOf(), expires: Date.UTC(2100, 0, 1) });

	test('a script that is done writes what is unwritten, and does not wait for the delay', async () => {
		const path = newPath();
		run(
			`const store = await fileStore(${JSON.stringify(path)}, { delay: 1e8 }); store.put(${entry}); store.put(${entry});`,
		);
		assert.match(readFileSync(path, 'utf8'), /rtt/);
	});

	test('nor is it held by a disk that fails', async () => {
		const sub = join(folder, 'goes-away');
		mkdirSync(sub);
		const output = run(`
			import { rmSync } from 'node:fs';
			const onError = (error) => console.log(error.code);
			const store = await fileStore(${JSON.stringify(join(sub, 'store'))}, { delay: 1e8, onError });
			rmSync(${JSON.stringify(sub)}, { recursive: true });
			store.put(${entry});
		`);
		assert.equal(output, 'bad-argument\n', 'told once');
		assert.ok(!existsSync(sub));
	});
});

describe('secrets', () => {
	const ticket = entryOf({ kind: 'ticket', key: 'example', value: Uint8Array.of(222, 173, 190, 239), disk: 'secret' });
	const base64 = '3q2+7w==';
	const place = placeOf({ kind: 'ticket', key: 'example' });

	test('taps-checklist §4 rule 8: are not written unless asked, and not kept from an earlier asking', async () => {
		const disk = new DiskTwin();
		const first = await onTwin({}, disk);
		first.store.put(ticket);
		await first.store.flush();
		assert.deepEqual(disk.log, []);
		first.store.put(entryOf());
		await first.store.close();
		assert.doesNotMatch(disk.files.get('/store')!, /ticket/);
		const plain = await onTwin({ secrets: 'plain' }, disk);
		plain.store.put(ticket);
		await plain.store.close();
		assert.ok(disk.files.get('/store')!.includes(base64));
		const again = await onTwin({ secrets: 'plain' }, disk);
		assert.deepEqual(again.store.get(place), ticket.value);
		const none = await onTwin({}, disk);
		assert.equal(none.store.get(place), undefined);
		assert.equal(none.store.get(placeOf()), 1);
		await none.store.close();
		assert.doesNotMatch(disk.files.get('/store')!, /ticket/);
	});

	const key = randomBytes(32);
	const counted = { encrypted: 0 };
	const sealer: Sealer = {
		encrypt(plain) {
			counted.encrypted += 1;
			const nonce = randomBytes(12);
			const cipher = createCipheriv('aes-256-gcm', key, nonce);
			return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
		},
		async decrypt(sealed) {
			const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAuthTag(sealed.subarray(-16));
			return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
		},
	};

	test('are encrypted by the application, each once, and come back', async () => {
		const disk = new DiskTwin();
		const first = await onTwin({ secrets: sealer }, disk);
		first.store.put(ticket);
		await first.store.flush();
		first.store.put(entryOf());
		await first.store.close();
		assert.equal(counted.encrypted, 1);
		assert.ok(!disk.files.get('/store')!.includes(base64));
		const second = await onTwin({ secrets: sealer }, disk);
		assert.deepEqual(second.store.take(place), ticket.value);
		assert.deepEqual(second.errors, []);
		await second.store.close();
	});

	test('with another key, or without one, are dropped, and that is told', async () => {
		const disk = new DiskTwin();
		const first = await onTwin({ secrets: sealer }, disk);
		first.store.put(ticket);
		first.store.put(entryOf());
		await first.store.close();
		const refuse: Sealer = { ...sealer, decrypt: () => Promise.reject(new Error('wrong key')) };
		for (const secrets of [refuse, 'plain'] as const) {
			const { store, errors } = await onTwin({ secrets }, disk.processDies());
			assert.equal(store.get(place), undefined);
			assert.equal(store.get(placeOf()), 1);
			assert.deepEqual(
				errors.map(({ code, message }) => [code, message]),
				[['malformed', '1 secrets in /store cannot be decrypted and were dropped']],
			);
		}
	});

	test('encrypted ones do not show whose they are, and stay theirs wherever they are put', async () => {
		const disk = new DiskTwin();
		const first = await onTwin({ secrets: sealer }, disk);
		first.store.put(ticket);
		await first.store.close();
		const [, line] = disk.files.get('/store')!.split('\n');
		assert.doesNotMatch(line!, /ticket|example|wlan/);
		const [form, expires, , , , , value] = JSON.parse(line!.slice(17)) as [
			'sealed',
			number,
			'',
			'',
			'',
			'',
			{ '~': string },
		];
		const bytes = new Uint8Array(Buffer.from(value['~'], 'base64'));
		const path = newPath();
		const forged = encodeLine({ form, expires: expires + 1, ...place, key: 'evil', value: bytes });
		writeFileSync(path, header + forged, { mode: 0o600 });
		const store = await fileStore(path, { ...quiet, secrets: sealer });
		assert.deepEqual(store.entries(place), [ticket]);
		await store.close();
	});

	test('when encryption fails nothing is written, and why is told', async () => {
		const broken: Sealer = { ...sealer, encrypt: () => Promise.reject(new Error('no key today')) };
		const { store, disk, errors } = await onTwin({ secrets: broken });
		store.put(ticket);
		await assert.rejects(store.flush(), isError('bad-argument', /secrets\.encrypt failed.*no key today/));
		assert.equal(errors.length, 1);
		assert.deepEqual([...disk.files.keys()], []);
		assert.deepEqual(store.get(place), ticket.value);
		await store.close();
	});
});

function isError(code: string, message: RegExp): (error: unknown) => boolean {
	return (error) => {
		assert.ok(error instanceof PostSocketsError, String(error));
		assert.equal(error.code, code, error.message);
		assert.match(error.message, message);
		return true;
	};
}
