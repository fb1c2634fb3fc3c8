/**
 * One file on a disk that is always whole: read once, and replaced as a whole by writing another beside it and giving
 * that one its name. A reader, and whoever looks after a crash, sees the old content or the new, never a mixture.
 */

import { constants, promises } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ErrorCode, PostSocketsError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';

/** What is used of a file system; `node:fs` has it, a test may bring its own. */
export interface Disk {
	open(path: string, flags: string | number, mode?: number): Promise<DiskFile>;
	rename(from: string, to: string): Promise<void>;
	unlink(path: string): Promise<void>;
	readdir(folder: string): Promise<string[]>;
	stat(path: string): Promise<{ readonly mtimeMs: number }>;
	realpath(path: string): Promise<string>;
}

export interface DiskFile {
	stat(): Promise<{ readonly size: number; readonly mode: number; readonly uid: number; isFile(): boolean }>;
	read(buffer: Uint8Array, offset: number, length: number): Promise<{ readonly bytesRead: number }>;
	chmod(mode: number): Promise<void>;
	/** Appends all of it. */
	writeFile(data: string): Promise<void>;
	sync(): Promise<void>;
	close(): Promise<void>;
}

export const systemDisk: Disk = promises;

/** Only the user who runs this may read and write. */
const ownerOnly = 0o600;

/** A temporary file this old (ms) was left by a writer that died: none writes that long. */
const abandonedAfter = 60_000;

export interface Content {
	readonly bytes: Uint8Array;
	/** Others than the owner were allowed to read it. */
	readonly exposed: boolean;
}

/** The real path, behind symbolic links, of a file that may not be there yet. Rejects if its folder is not there. */
export async function locate(disk: Disk, path: string): Promise<string> {
	try {
		return await disk.realpath(path);
	} catch (error) {
		if (!isMissing(error)) throw diskError(error, path);
	}
	try {
		return join(await disk.realpath(dirname(path)), basename(path));
	} catch (error) {
		throw diskError(error, path);
	}
}

/**
 * At most `limit` bytes of the file; undefined if there is none. Rejects with `not-permitted` for a file that belongs to
 * another user or that others may write, for then anybody may have put into it what they liked.
 */
export async function readOwn(disk: Disk, path: string, limit: number): Promise<Content | undefined> {
	let file: DiskFile;
	try {
		// Without O_NONBLOCK a named pipe would wait here for its writer.
		file = await disk.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
	} catch (error) {
		if (isMissing(error)) return undefined;
		throw diskError(error, path);
	}
	try {
		const stat = await file.stat();
		const { size, mode, uid } = stat;
		if (!stat.isFile()) throw fail('bad-argument', `${path} is not a regular file`);
		// Windows has access lists, and fills these fields with something.
		const modes = process.geteuid !== undefined;
		if (modes && uid !== process.geteuid!()) throw fail('not-permitted', `${path} belongs to another user`);
		if (modes && (mode & 0o022) !== 0)
			throw fail('not-permitted', `${path} may be written by other users; chmod 600 it`);
		const exposed = modes && (mode & 0o077) !== 0;
		// Where this cannot be changed (a read-only disk), what may be read stays readable; the caller knows.
		if (exposed) await file.chmod(ownerOnly).catch(() => {});
		return { bytes: await readUpTo(file, Math.min(size, limit)), exposed };
	} catch (error) {
		throw diskError(error, path);
	} finally {
		await file.close().catch(() => {});
	}
}

/** Replaces the file as a whole, in the steps that survive a loss of power at any point. */
export async function replace(disk: Disk, path: string, pieces: AsyncIterable<string>, random: Random): Promise<void> {
	// A name of its own: two processes that write at once must not share it.
	const temporary = `${path}.${random.uint32().toString(16).padStart(8, '0')}.tmp`;
	try {
		const file = await disk.open(temporary, 'wx', ownerOnly);
		try {
			// The process's umask may have taken even the owner's rights.
			await file.chmod(ownerOnly);
			for await (const piece of pieces) await file.writeFile(piece);
			// Before the rename: else the name could reach the disk before what it names.
			await file.sync();
		} finally {
			await file.close();
		}
		await disk.rename(temporary, path);
		await syncFolder(disk, dirname(path));
	} catch (error) {
		await disk.unlink(temporary).catch(() => {});
		throw diskError(error, path);
	}
}

/** Removes temporary files that dead writers have left. Never rejects. */
export async function removeAbandoned(disk: Disk, path: string, time: number): Promise<void> {
	const names = await disk.readdir(dirname(path)).catch(() => []);
	const prefix = `${basename(path)}.`;
	for (const name of names) {
		if (!name.startsWith(prefix) || !/^[0-9a-f]{8}\.tmp$/.test(name.slice(prefix.length))) continue;
		const file = join(dirname(path), name);
		const age = await disk.stat(file).then(
			({ mtimeMs }) => time - mtimeMs,
			() => 0,
		);
		if (age > abandonedAfter) await disk.unlink(file).catch(() => {});
	}
}

async function readUpTo(file: DiskFile, size: number): Promise<Uint8Array> {
	const bytes = new Uint8Array(size);
	let length = 0;
	while (length < size) {
		const { bytesRead } = await file.read(bytes, length, size - length);
		if (bytesRead === 0) break;
		length += bytesRead;
	}
	return bytes.subarray(0, length);
}

/** Makes the rename itself durable. Windows and some network disks cannot; there it is as durable as they make it. */
async function syncFolder(disk: Disk, folder: string): Promise<void> {
	try {
		const handle = await disk.open(folder, 'r');
		try {
			await handle.sync();
		} finally {
			await handle.close();
		}
	} catch (error) {
		if (!['EPERM', 'EACCES', 'EISDIR', 'EINVAL', 'EBADF', 'ENOTSUP'].includes(errnoOf(error))) throw error;
	}
}

const advice: Readonly<Record<string, readonly [ErrorCode, string]>> = {
	ENOENT: ['bad-argument', 'its folder is not there; create it first'],
	ENOTDIR: ['bad-argument', 'a part of the path is not a folder'],
	EISDIR: ['bad-argument', 'that is a folder; add the name of a file'],
	ELOOP: ['bad-argument', 'its symbolic links go in circles'],
	ENAMETOOLONG: ['bad-argument', 'the path is too long'],
	EACCES: ['not-permitted', 'this process has no right to it'],
	EPERM: ['not-permitted', 'this process has no right to it'],
	EROFS: ['not-permitted', 'the disk is read-only'],
	ENOSPC: ['resource-limit', 'the disk is full'],
	EDQUOT: ['resource-limit', 'the quota on that disk is used up'],
	EMFILE: ['resource-limit', 'this process has too many open files'],
	ENFILE: ['resource-limit', 'the system has too many open files'],
};

/** What the file system threw, as ours; the table of system errors in base is about sockets. */
function diskError(error: unknown, path: string): PostSocketsError {
	if (error instanceof PostSocketsError) return error;
	const text = error instanceof Error ? error.message : String(error);
	const [code, what] = advice[errnoOf(error)] ?? ['storage-failed', text];
	return fail(code, `${path}: ${what}`, error);
}

function fail(code: ErrorCode, message: string, cause?: unknown): PostSocketsError {
	return new PostSocketsError(code, message, { operation: 'fileStore', cause });
}

function errnoOf(error: unknown): string {
	return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function isMissing(error: unknown): boolean {
	return errnoOf(error) === 'ENOENT';
}
