/** The files of Unix sockets: what is wrong with a path, and those a process leaves behind when it dies. */

import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { badArgument, type ErrorContext, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';

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

/** Node would take an empty path for none, and connect to localhost. */
export function checkPath(path: string, operation: string): void {
	if (path === '') throw badArgument('a Unix socket needs a path', operation);
}

/** What the system says about a path, where it could say more. */
export function pathFailure(
	path: string,
	error: Error,
	context: ErrorContext & { readonly operation: string },
): PostSocketsError {
	const errno = 'code' in error ? error.code : undefined;
	const where = `${context.operation} ${formatSocketAddress({ path })}`;
	if (errno === 'EINVAL') {
		const message = `${where}: the path is too long for a Unix socket (${Buffer.byteLength(path)} bytes; Linux takes 108)`;
		return new PostSocketsError('bad-argument', message, { ...context, cause: error });
	}
	// Binding where there is no directory is reported as missing rights.
	if (errno === 'EACCES' && !existsSync(dirname(path))) {
		const message = `${where}: there is no such directory; create it first`;
		return new PostSocketsError('address-unavailable', message, { ...context, cause: error });
	}
	return fromSystem(error, context, 'refused');
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
