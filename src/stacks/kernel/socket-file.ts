/** The files that Unix sockets leave behind when their process dies without closing them. */

import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/**
 * Removes the file if it is a socket nobody listens on, and says whether it did. Only a connect that is refused proves
 * that: a process that is alive but busy, or that may not be asked, keeps its file. When two processes do this at once
 * the later one sees that the file has changed since its question; what remains is the microseconds between two calls.
 */
export async function removeStaleSocket(path: string): Promise<boolean> {
	if (process.platform === 'win32' || path.startsWith('\0')) return false;
	const asked = identify(path);
	if (asked === undefined || !(await refuses(path)) || identify(path) !== asked) return false;
	try {
		unlinkSync(path);
		return true;
	} catch {
		return false;
	}
}

/** Libuv reports a missing directory as missing rights. */
export function directoryIsMissing(path: string): boolean {
	return process.platform !== 'win32' && statSync(dirname(path), { throwIfNoEntry: false }) === undefined;
}

/** Which file is at the path, if that is a socket. Numbers of inodes are used again soon; with the time they tell. */
function identify(path: string): string | undefined {
	const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
	return found?.isSocket() ? `${found.dev} ${found.ino} ${found.ctimeNs}` : undefined;
}

function refuses(path: string): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect({ path });
		socket.on('connect', () => {
			socket.destroy();
			resolve(false);
		});
		socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
	});
}
