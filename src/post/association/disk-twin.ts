/**
 * For tests: a disk in memory that forgets what was not synchronised when its power fails, as real ones do, and whose
 * process can be made to die after any operation.
 */

import type { Disk, DiskFile } from './disk.ts';

interface Inode {
	mode: number;
	/** What the platter has. */
	durable: Uint8Array;
	/** What programs see. */
	seen: Uint8Array;
}

type NameChange = (names: Map<string, Inode>) => unknown;

/** A number from 0 to `limit` − 1: what chance does at a failure of power. */
export type Pick = (limit: number) => number;

export class DiskTwin implements Disk {
	/** What was done to it that may change it, in order. */
	readonly log: string[] = [];
	/** The errno that operations of that name fail with: `sync`, or `sync folder` for those of one path. */
	failures: Readonly<Record<string, string>> = {};
	/** Operations until the process dies: then nothing it does has any effect. */
	life = Number.POSITIVE_INFINITY;
	readonly #names = new Map<string, Inode>();
	readonly #durableNames: Map<string, Inode>;
	/** Since the folder was last synchronised. */
	#changes: NameChange[] = [];

	constructor(names: ReadonlyMap<string, Inode> = new Map()) {
		this.#names = new Map(names);
		this.#durableNames = new Map(names);
	}

	/** The disk as the next start of the machine finds it. */
	powerFails(pick: Pick): DiskTwin {
		const names = new Map(this.#durableNames);
		for (const change of this.#changes.slice(0, pick(this.#changes.length + 1))) change(names);
		const survivors = Array.from(names, ([name, inode]): [string, Inode] => {
			const content = survive(inode, pick);
			return [name, { mode: inode.mode, durable: content, seen: content }];
		});
		return new DiskTwin(new Map(survivors));
	}

	/** The disk as another process finds it after this one was killed. */
	processDies(): DiskTwin {
		return new DiskTwin(this.#names);
	}

	get files(): ReadonlyMap<string, string> {
		return new Map(Array.from(this.#names, ([name, { seen }]) => [name, Buffer.from(seen).toString('utf8')]));
	}

	async open(path: string, flags: string | number, mode = 0o666): Promise<DiskFile> {
		if (flags === 'wx') {
			this.#operate('create', path);
			const inode = { mode, durable: new Uint8Array(0), seen: new Uint8Array(0) };
			this.#change((names) => names.set(path, inode));
			return this.#handle(inode, path);
		}
		if (flags === 'r') return this.#folder();
		const inode = this.#names.get(path);
		if (inode === undefined) throw systemError('ENOENT');
		return this.#handle(inode, path);
	}

	async rename(from: string, to: string): Promise<void> {
		this.#operate('rename', to);
		const inode = this.#names.get(from)!;
		this.#change((names) => {
			names.delete(from);
			names.set(to, inode);
		});
	}

	async unlink(path: string): Promise<void> {
		this.#operate('unlink', path);
		this.#change((names) => names.delete(path));
	}

	async readdir(): Promise<string[]> {
		return Array.from(this.#names.keys(), (name) => name.slice(1));
	}

	async stat(): Promise<{ mtimeMs: number }> {
		return { mtimeMs: 0 };
	}

	async realpath(path: string): Promise<string> {
		return path;
	}

	#handle(inode: Inode, path: string): DiskFile {
		return {
			stat: async () => ({
				size: inode.seen.length,
				mode: inode.mode,
				uid: process.geteuid?.() ?? 0,
				isFile: () => true,
			}),
			read: async (buffer, offset, length) => {
				const part = inode.seen.subarray(offset, offset + length);
				buffer.set(part, offset);
				return { bytesRead: part.length };
			},
			chmod: async (mode) => {
				this.#operate('chmod', path);
				inode.mode = mode;
			},
			writeFile: async (data) => {
				this.#operate('write', path);
				inode.seen = Buffer.concat([inode.seen, Buffer.from(data)]);
			},
			sync: async () => {
				this.#operate('sync', path);
				inode.durable = inode.seen;
			},
			close: async () => this.#operate('close', path),
		};
	}

	#folder(): DiskFile {
		const refuse = () => Promise.reject(systemError('EISDIR'));
		return {
			stat: refuse,
			read: refuse,
			chmod: refuse,
			writeFile: refuse,
			sync: async () => {
				this.#operate('sync', 'folder');
				for (const change of this.#changes) change(this.#durableNames);
				this.#changes = [];
			},
			close: async () => this.#operate('close', 'folder'),
		};
	}

	#operate(what: string, path: string): void {
		if (this.life <= 0) throw systemError('EDEAD');
		this.life -= 1;
		this.log.push(`${what} ${path}`);
		const failure = this.failures[what] ?? this.failures[`${what} ${path}`];
		if (failure !== undefined) throw systemError(failure);
	}

	#change(change: NameChange): void {
		change(this.#names);
		this.#changes.push(change);
	}
}

export function systemError(code: string): Error {
	return Object.assign(new Error(`${code}: so the test wants it`), { code });
}

/** Of what was not synchronised some is there, and the rest is missing or zeros. */
function survive({ durable, seen }: Inode, pick: Pick): Uint8Array {
	const written = durable.length + pick(seen.length - durable.length + 1);
	const part = seen.subarray(0, written);
	return pick(2) === 0 ? part : Buffer.concat([part, new Uint8Array(seen.length - written)]);
}
