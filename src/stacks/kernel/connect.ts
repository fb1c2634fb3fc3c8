import { type BoundSocket, Socket, type TcpNetConnectOpts } from 'node:net';
import type { IpAddress } from '../../base/address.ts';
import { PostSocketsError } from '../../base/errors.ts';
import {
	formatSocketAddress,
	type IpEndpoint,
	isUnix,
	type SocketAddress,
	sameSocketAddress,
} from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';
import { socketEnds } from '../../duplex/socket-ends.ts';
import type { Flow } from '../../stack/flow.ts';
import { sameWithoutZone } from '../../stack/multicast.ts';
import { routeTo } from '../../stack/route.ts';
import type { ConnectOptions } from '../../stack/stack.ts';
import { attempt } from './attempt.ts';
import { flowOver, type Ground } from './ground.ts';
import { interfaces } from './interfaces.ts';
import { boundToDevice } from './native/device.ts';
import { checkPath, pathFailure } from './socket-file.ts';

/** Opens one flow: by the numbers, without a look-up of names and without node's own racing. */
export async function connect(target: SocketAddress, options: ConnectOptions, ground: Ground): Promise<Flow> {
	if (isUnix(target)) {
		checkPath(target.path, 'connect');
		if (options.local ?? options.interface) {
			throw new PostSocketsError('not-supported', 'a Unix socket has no local address and no interface', {
				operation: 'connect',
				remote: formatSocketAddress(target),
			});
		}
		return open(target, undefined, options.signal, ground);
	}
	const { local, remote } = routeTo(target, options, interfaces);
	const { interface: device, signal } = options;
	const byTable = device === undefined || local === undefined || isHere(remote.address);
	return open(remote, local, signal, ground, byTable ? undefined : boundToDevice(device, local, ground.libc()));
}

function open(
	remote: SocketAddress,
	local: IpEndpoint | undefined,
	signal: AbortSignal,
	ground: Ground,
	bound?: BoundSocket,
): Promise<Flow> {
	const context = {
		operation: 'connect',
		local: local && formatSocketAddress(local),
		remote: formatSocketAddress(remote),
	};
	const socket = new Socket({ allowHalfOpen: true, noDelay: true, ...(bound && { handle: bound }) });
	// Or it would begin to read as soon as it is connected.
	socket.pause();

	function undo(gone: () => void): void {
		// Its error may be on the way, with nobody else to hear it.
		socket.once('close', gone).on('error', () => {});
		socket.destroy();
	}

	return attempt({ context, signal, things: ground.things, undo }, ({ succeed, fail }) => {
		const onError = (error: Error) =>
			fail(isUnix(remote) ? pathFailure(remote.path, error, context) : fromSystem(error, context, 'unreachable'));
		socket.once('error', onError).once('connect', () => {
			const ends = isUnix(remote) ? { local: { path: '' }, remote } : socketEnds(socket);
			if (ends === undefined) {
				fail(new PostSocketsError('reset', 'connect: the peer broke the connection off', context));
			} else if (!isUnix(remote) && sameSocketAddress(ends.local, ends.remote)) {
				// RFC 9293 §3.5: a SYN that meets itself connects. Nothing listens there; the kernel happened to choose the very
				// port that was asked for as the one to come from.
				fail(new PostSocketsError('refused', 'connect: nothing listens there, the socket had met itself', context));
			} else {
				succeed(() => flowOver(socket.off('error', onError), ends, ground));
			}
		});
		socket.connect(isUnix(remote) ? { path: remote.path } : tcpOptions(remote, bound ? undefined : local));
	});
}

function tcpOptions({ address, port }: IpEndpoint, local: IpEndpoint | undefined): TcpNetConnectOpts {
	const options: TcpNetConnectOpts = { host: address.toString(), port, autoSelectFamily: false };
	if (local === undefined) return options;
	return { ...options, localAddress: local.address.toString(), localPort: local.port };
}

/** What goes to this machine itself goes by the loopback interface, whichever has the address. */
function isHere(address: IpAddress): boolean {
	return address.isLoopback || interfaces().some((each) => each.addresses.some((own) => sameWithoutZone(own, address)));
}
