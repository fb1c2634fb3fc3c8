import { createServer, type ListenOptions as NodeListenOptions, type Server } from 'node:net';
import { abortedBy, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';
import { atTurnEnd } from '../../base/turn.ts';
import { socketEnds } from '../../duplex/socket-ends.ts';
import type { FlowListener, FlowListenerHandler } from '../../stack/flow.ts';
import type { ListenOptions } from '../../stack/stack.ts';
import { attempt } from './attempt.ts';
import { flowOver, type Ground } from './ground.ts';
import { checkPath, pathFailure, removeStaleSocket } from './socket-file.ts';

/** Opens a listener. IPv6 ones take IPv6 only, so that `0.0.0.0` and `::` can share a port. */
export async function listen(local: SocketAddress, options: ListenOptions, ground: Ground): Promise<FlowListener> {
	if (isUnix(local)) checkPath(local.path, 'listen');
	try {
		return await listenOnce(local, options, ground);
	} catch (error) {
		const stale = isUnix(local) && error instanceof PostSocketsError && error.code === 'address-in-use';
		if (!stale || !(await removeStaleSocket(local.path))) throw error;
		if (options.signal.aborted) throw abortedBy(options.signal, 'listen');
		return listenOnce(local, options, ground);
	}
}

function listenOnce(local: SocketAddress, options: ListenOptions, ground: Ground): Promise<FlowListener> {
	const { backlog = 511, handler, signal } = options;
	const { things } = ground;
	const context = { operation: 'listen', local: formatSocketAddress(local) };
	const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });

	function undo(gone: () => void): void {
		server.on('error', () => {});
		server.close();
		atTurnEnd(gone);
	}

	return attempt({ context, signal, things, undo }, ({ succeed, fail }) => {
		const onError = (error: Error) =>
			fail(isUnix(local) ? pathFailure(local.path, error, context) : fromSystem(error, context, 'address-unavailable'));
		server.once('error', onError).once('listening', () => {
			server.off('error', onError);
			succeed(() => new KernelListener(server, whereItIs(server, local), handler, ground));
		});
		server.listen({ backlog, exclusive: true, ...where(local) });
	});
}

/**
 * Connections that break off before they are accepted are not delivered. When the process runs out of files, libuv
 * accepts and closes what waits, so that it does not wait for nothing; the listener lives on.
 */
class KernelListener implements FlowListener {
	readonly local: SocketAddress;
	readonly #server: Server;
	readonly #handler: FlowListenerHandler;
	readonly #gone: () => void;
	#closed: Promise<void> | undefined;

	constructor(server: Server, local: SocketAddress, handler: FlowListenerHandler, ground: Ground) {
		this.local = local;
		this.#server = server;
		this.#handler = handler;
		this.#gone = ground.things.add((reason) => void this.#finish(reason));
		server.on('error', () => {});
		server.on('connection', (socket) => {
			const ends = isUnix(local) ? { local, remote: { path: '' } } : socketEnds(socket);
			if (ends === undefined) socket.destroy();
			else handler.onFlow(flowOver(socket, ends, ground));
		});
	}

	close(): Promise<void> {
		return this.#finish(undefined);
	}

	ref(): void {
		this.#server.ref();
	}

	unref(): void {
		this.#server.unref();
	}

	#finish(error: PostSocketsError | undefined): Promise<void> {
		this.#closed ??= new Promise((resolve) => {
			// The address is free at once. The 'close' of the server is not waited for: without the native reader it comes
			// only when all flows have ended.
			this.#server.close();
			atTurnEnd(() => {
				this.#gone();
				resolve();
				this.#handler.onClose(error);
			});
		});
		return this.#closed;
	}
}

function where(local: SocketAddress): NodeListenOptions {
	if (isUnix(local)) return { path: local.path };
	const { address, port } = local;
	// libuv takes the flag as an error for IPv4.
	return { host: address.toString(), port, ipv6Only: address.family === 6 };
}

function whereItIs(server: Server, asked: SocketAddress): SocketAddress {
	const found = server.address();
	return isUnix(asked) || found === null || typeof found === 'string' ? asked : { ...asked, port: found.port };
}
