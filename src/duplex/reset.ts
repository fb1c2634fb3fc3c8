import type { Duplex } from 'node:stream';

/**
 * Destroys `duplex`, with a TCP reset where it can be. Node gets wrong what happens while a shutdown is under way, that
 * is from `end()` to 'finish': libuv refuses to reset then, and the handle stays open for ever (Node 24, net.js
 * `_destroy`). That moment is over in the next turn, so we wait for it.
 */
export function reset(duplex: Duplex & { resetAndDestroy?(): void; encrypted?: boolean }): void {
	if (duplex.resetAndDestroy === undefined || duplex.encrypted) return void duplex.destroy();
	const shuttingDown = duplex.writableEnded && !duplex.writableFinished && duplex.writableLength === 0;
	if (shuttingDown && !duplex.destroyed) return void duplex.once('finish', () => reset(duplex));
	try {
		duplex.resetAndDestroy();
	} catch {
		// ERR_INVALID_HANDLE_TYPE: a Unix socket, which has no reset.
		duplex.destroy();
	}
}
