/**
 * Reading by `onread`: node reads into one buffer again and again instead of a new one each time, which doubles the
 * throughput. It is an option of `new net.Socket`, so a socket that exists already, accepted or connected, has to be
 * replaced by another one around the same handle. Node does not document `_handle`; where anything is not as expected,
 * this leaves the socket alone and 'data' events do the work.
 *
 * The traps:
 * - Before: the first socket must not have read, buffered or be writing anything, or it would be lost with it.
 * - The husk: a socket without a handle is destroyed at once. Its `close` comes in the next tick (nobody listens any
 *   more), and `server._connections` goes down, so that a server which closes does not wait for this connection.
 * - `useUserBuffer` keeps a bare pointer: the buffer must live as long as the handle, so it is a constant.
 * - The new socket must be told `noDelay` and `keepAlive`, or its `setNoDelay(false)` and `setKeepAlive(false)` would
 *   believe there is nothing to do. `ref` and `unref` live in the handle and survive.
 * - With `onread`, `pause` and `resume` of the socket stop and start the handle at once, also from inside the callback.
 *   But what `resume` has put off to the next tick starts it once more, also when `pause` was called in between; it then
 *   emits 'resume', which is the moment to stop the handle again.
 */

import { Socket, type SocketConstructorOpts } from 'node:net';
import { markAsUntransferable } from 'node:worker_threads';
import type { Reader } from '../../duplex/duplex-flow.ts';

/**
 * One buffer for all flows of this thread: libuv asks for it, fills it and calls back without anything in between (on
 * Windows too, where it waits with empty reads), and what a flow delivers is only borrowed. An idle flow costs no
 * buffer. Node's own reads are 64 KiB at most; larger did not measure faster.
 */
const buffer = new Uint8Array(65_536);
// Transferred to another thread by a handler, it would be freed while the kernel writes into it.
markAsUntransferable(buffer.buffer);

interface Handle {
	readonly reading?: boolean;
	useUserBuffer?(buffer: Uint8Array): void;
}

type Opened = Socket & { _handle?: Handle | null };

/** Reads by `onread`, or by 'data' events where that cannot be. */
export const nativeReader: Reader = (duplex, deliver) => {
	const socket = duplex as Opened;
	const handle = socket._handle;
	const pristine = socket.readableLength === 0 && socket.writableLength === 0 && socket.writable && !socket.destroyed;
	if (!pristine || !handle || handle.reading || typeof handle.useUserBuffer !== 'function') {
		return socket.on('data', deliver);
	}
	socket._handle = null;
	const successor = new Socket({
		...undocumented(handle),
		allowHalfOpen: true,
		noDelay: true,
		keepAlive: true,
		onread: {
			buffer,
			callback: (length) => {
				deliver(buffer.subarray(0, length));
				return true;
			},
		},
	});
	successor.pause();
	successor.on('resume', () => void (successor.isPaused() && successor.pause()));
	socket.destroy();
	return successor;
};

/** `manualStart`: the new socket does not begin to read. */
function undocumented(handle: Handle): SocketConstructorOpts {
	return { handle, manualStart: true } as object;
}
