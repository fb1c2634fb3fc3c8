/**
 * Memory that survives the process: in one file, which nobody but its owner may read.
 *
 *     await using store = await fileStore(join(cacheFolder, 'associations'))
 *
 * Reads and writes are those of a `memoryStore`; the file follows within `delay`. A crash, a loss of power and
 * `process.exit()` lose what was put since the last write, and a ticket that was taken since then comes back; a process
 * that ends by itself writes first. Whatever happens, the content of the file is whole.
 *
 * Several processes may use one path: each reads it when it opens and then goes by its own memory; who writes last
 * replaces the file as a whole, entries of the others included. Nothing is torn, and there is no lock that a process can
 * die with. Processes that should learn from each other, or that must never use the same ticket, have a file each.
 */

import { type Clock, systemClock, wallTime } from '../../base/clock.ts';
import { badArgument, type ErrorCode, PostSocketsError } from '../../base/errors.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import { type Disk, locate, readOwn, removeAbandoned, replace, systemDisk } from './disk.ts';
import { decodeFile, encodeLine, header } from './file-format.ts';
import { defaultMaxBytes, MemoryStore, type MemoryStoreOptions } from './memory-store.ts';
import type { AssociationStore, Clearing, Entry, Place, Selection } from './store.ts';
import type { StoredValue } from './value.ts';
import { type Secrets, Vault } from './vault.ts';
import { WriteBehind } from './write-behind.ts';

export interface FileStoreOptions extends MemoryStoreOptions {
	/**
	 * What becomes of TLS tickets and other secrets: `none`, they are kept in memory only; `plain`, the permissions of the
	 * file are their protection; or encrypted by functions of yours. Secrets in the file that this does not allow for are
	 * dropped, and leave the file with the next write. Default `none`.
	 */
	readonly secrets?: Secrets | undefined;
	/** Milliseconds from a change to the write that follows it. Default 5000. */
	readonly delay?: number | undefined;
	/**
	 * Told of what went wrong with the file: `resource-limit` (disk full), `not-permitted` (disk read-only, file once
	 * readable by others), `malformed` (damaged entries, dropped), `bad-argument` (folder gone, `encrypt` failed),
	 * `storage-failed` (anything else that a disk does). The store goes on in memory, and tries again with the next
	 * change, flush or close. Default: not told.
	 */
	readonly onError?: ((error: PostSocketsError) => void) | undefined;
	/** Whose time `delay` is. Default the machine's. */
	readonly clock?: Clock | undefined;
}

/** What a test replaces. */
export interface Machinery {
	readonly disk?: Disk | undefined;
	readonly random?: Random | undefined;
}

/** The file may be this many times as large as `maxBytes`, which counts memory; what is beyond are the oldest entries. */
const expansion = 4;

/** Lines are made and written this many at a time, so that other work is not held up. */
const linesAtOnce = 128;

/**
 * Opens the store in the file at `path`, which may be new; its folder must be there. Asynchronous because it reads the
 * file, and may have to decrypt: afterwards every read is answered from memory, in the same step.
 *
 * Rejects with `bad-argument` for a file that is something else, `not-supported` for one of a later version of this
 * library (both are left as they are), `not-permitted` for one that cannot be read, belongs to another user or may be
 * written by others, and `storage-failed` where the disk fails. A file that others may only read is made private, and
 * the secrets in it are not used. Of a damaged file the whole entries are kept.
 */
export async function fileStore(
	path: string,
	options: FileStoreOptions = {},
	machinery: Machinery = {},
): Promise<AssociationStore> {
	const { disk = systemDisk, random = systemRandom } = machinery;
	const store = new FileStore(await locate(disk, path), disk, random, options);
	await store.load();
	return store;
}

class FileStore implements AssociationStore {
	readonly #path: string;
	readonly #disk: Disk;
	readonly #random: Random;
	readonly #options: FileStoreOptions;
	readonly #vault: Vault;
	readonly #behind: WriteBehind;
	/** What is in the file, or soon will be. */
	readonly #kept: MemoryStore;
	/** What callers see: the same, until it is closed. */
	#seen: MemoryStore;
	#closing: Promise<void> | undefined;

	constructor(path: string, disk: Disk, random: Random, options: FileStoreOptions) {
		const { secrets = 'none', clock = systemClock, delay = 5_000 } = options;
		if (!(delay >= 0)) throw badArgument(`delay is ${delay}; it is a number of milliseconds from 0`, 'fileStore');
		this.#path = path;
		this.#disk = disk;
		this.#random = random;
		this.#options = options;
		this.#vault = new Vault(secrets);
		this.#behind = new WriteBehind(() => this.#write(), clock, delay);
		this.#kept = this.#seen = new MemoryStore(options);
	}

	async load(): Promise<void> {
		const { maxBytes = defaultMaxBytes, now = wallTime } = this.#options;
		await removeAbandoned(this.#disk, this.#path, now().getTime());
		const content = await readOwn(this.#disk, this.#path, expansion * maxBytes + header.length);
		if (content === undefined) return;
		const { lines, damaged } = decodeFile(content.bytes, this.#path);
		const secrets = lines.filter(({ form }) => form !== 'open');
		let locked = 0;
		// The last one put counts as the one used last, which in the file is the first.
		for (const line of lines.reverse()) {
			if (line.form === 'open') this.#kept.put(line);
			else if (this.#vault.form !== undefined && !content.exposed) {
				const entry = await this.#vault.entryOf(line);
				if (entry === undefined) locked += 1;
				else this.#kept.put(entry);
			}
		}
		if (damaged > 0) this.#report('malformed', `${damaged} damaged entries of ${this.#path} were dropped`);
		if (locked > 0)
			this.#report('malformed', `${locked} secrets in ${this.#path} cannot be decrypted and were dropped`);
		if (content.exposed)
			this.#report('not-permitted', `other users could read ${this.#path}; the secrets in it are not used`);
		const unfit = secrets.some(({ form }) => content.exposed || form !== this.#vault.form);
		if (damaged + locked > 0 || unfit) this.#behind.changed();
	}

	get(place: Place): StoredValue | undefined {
		return this.#seen.get(place);
	}

	put(entry: Entry): void {
		this.#seen.put(entry);
		const unwritten = entry.disk === 'never' || (entry.disk === 'secret' && this.#vault.form === undefined);
		if (!unwritten) this.#changed();
	}

	take(place: Place): StoredValue | undefined {
		const value = this.#seen.take(place);
		if (value !== undefined) this.#changed();
		return value;
	}

	delete(place: Place): void {
		this.#seen.delete(place);
		this.#changed();
	}

	entries(selection: Selection): Entry[] {
		return this.#seen.entries(selection);
	}

	clear(clearing?: Clearing): void {
		this.#seen.clear(clearing);
		this.#changed();
	}

	flush(): Promise<void> {
		return this.#behind.flush();
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	async #close(): Promise<void> {
		this.#seen = new MemoryStore({});
		await this.#seen.close();
		// Whether it could be written, `onError` was told.
		await this.#behind.flush().catch(() => {});
		await this.#kept.close();
	}

	#changed(): void {
		if (this.#closing === undefined) this.#behind.changed();
	}

	async #write(): Promise<void> {
		try {
			await replace(this.#disk, this.#path, this.#pieces(this.#kept.newestFirst()), this.#random);
		} catch (error) {
			this.#tell(error as PostSocketsError);
			throw error;
		}
	}

	/** The content of the file. */
	async *#pieces(entries: readonly Entry[]): AsyncGenerator<string> {
		yield header;
		let lines: string[] = [];
		for (const entry of entries) {
			if (entry.disk === 'never') continue;
			const line = entry.disk === 'secret' ? await this.#vault.lineOf(entry) : encodeLine({ ...entry, form: 'open' });
			if (line === undefined || lines.push(line) < linesAtOnce) continue;
			yield lines.join('');
			lines = [];
		}
		yield lines.join('');
	}

	#report(code: ErrorCode, message: string): void {
		this.#tell(new PostSocketsError(code, message, { operation: 'fileStore' }));
	}

	#tell(error: PostSocketsError): void {
		// Apart from what is going on here, as every callback: what it throws is not ours to handle.
		queueMicrotask(() => this.#options.onError?.(error));
	}
}
