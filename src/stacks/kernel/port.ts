import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { IpAddress } from '../../base/address.ts';
import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint, sameSocketAddress } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';
import { type Membership, readMulticast, sameWithoutZone } from '../../stack/multicast.ts';
import type { Port, PortHandler } from '../../stack/port.ts';
import type { BindOptions } from '../../stack/stack.ts';
import type { PortTuning, Tunable } from '../../stack/tuning.ts';
import { attempt } from './attempt.ts';
import type { Ground } from './ground.ts';
import { memberAddress, multicastSetup } from './multicast.ts';
import { tuneUdp } from './native/udp-socket.ts';

/**
 * Bytes one port may have waiting in this process because the kernel's buffer is full; a datagram beyond them is not
 * sent, and its `done` gets `queue-full`.
 */
export const sendQueueLimit = 1_048_576;

/** Opens a port over node:dgram. What arrives before a handler is set is dropped. */
export function bind(local: IpEndpoint, options: BindOptions, ground: Ground): Promise<Port> {
	const { remote, shared = false, signal } = options;
	const { family } = local.address;
	const context = {
		operation: 'bind',
		local: formatSocketAddress(local),
		remote: remote && formatSocketAddress(remote),
	};
	for (const end of [local, remote]) checkPort(end?.port ?? 0, 'bind');
	if (remote !== undefined && remote.address.family !== family) {
		throw badArgument(`cannot send from ${local.address} to ${remote.address}, of another family`, 'bind');
	}
	const multicast = readMulticast(local, options);
	const { membership } = multicast;
	const setUp = multicastSetup(multicast, family, context);
	const socket = createSocket({
		type: family === 4 ? 'udp4' : 'udp6',
		ipv6Only: family === 6,
		reuseAddr: shared || membership !== undefined,
		// Every address is a literal: no look-up, and no turn of waiting for one at each send.
		lookup: (address, _options, callback) => callback(null, address, family),
	});
	function undo(gone: () => void): void {
		socket.on('error', () => {});
		socket.close(gone);
	}

	return attempt({ context, signal, things: ground.things, undo }, ({ succeed, fail }) => {
		const onError = (error: Error) => fail(fromSystem(error, context, 'address-unavailable'));
		const ready = () => succeed(() => new KernelPort(socket.off('error', onError), { remote, membership }, ground));
		const address = String(membership ? memberAddress(membership) : local.address);
		socket.once('error', onError).once('connect', ready);
		socket.bind({ address, port: local.port, exclusive: true }, () => {
			try {
				setUp(socket);
			} catch (error) {
				fail(fromSystem(error, context, 'bad-argument'));
				return;
			}
			if (remote === undefined) ready();
			else socket.connect(remote.port, remote.address.toString());
		});
	});
}

/** What a connected socket reports with the next call, though it belongs to a datagram sent earlier (ICMP). */
const belated = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN']);

const unheard: PortHandler = { onDatagram() {}, onError() {}, onClose() {} };

interface Ends {
	readonly remote: IpEndpoint | undefined;
	readonly membership: Membership | undefined;
}

class KernelPort implements Port, Tunable<PortTuning> {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint | undefined;
	handler: PortHandler = unheard;
	readonly #socket: Socket;
	readonly #ground: Ground;
	readonly #gone: () => void;
	#closing = false;
	/** The sender of the last datagram: the next is often from the same. */
	#sender: IpEndpoint | undefined;
	#senderText = '';

	constructor(socket: Socket, { remote, membership }: Ends, ground: Ground) {
		const { address, port } = socket.address();
		this.local = { address: membership?.address ?? IpAddress.parse(address), port };
		this.remote = remote;
		this.#socket = socket;
		this.#ground = ground;
		this.#gone = ground.things.add((reason) => this.#finish(reason));
		const source = membership?.source;
		socket.on('message', (bytes, info) => {
			const from = this.#endpointOf(info);
			// The membership filters on its own interface. Linux hands over what other sockets have joined on others.
			if (source !== undefined && !sameWithoutZone(from.address, source)) return;
			this.handler.onDatagram(bytes, from);
		});
		socket.on('error', (error) => this.handler.onError(this.#error(error, 'receive', this.remote)));
	}

	send(bytes: Uint8Array, to: IpEndpoint | undefined, done?: (error?: PostSocketsError) => void): void {
		const target = this.#target(to);
		if (this.#closing) {
			process.nextTick(() => done?.(this.#closedError()));
			return;
		}
		if (this.#socket.getSendQueueSize() + bytes.length > sendQueueLimit) {
			const message = `the port has ${sendQueueLimit} bytes waiting, more than the network takes; send slower`;
			process.nextTick(() => done?.(new PostSocketsError('queue-full', message, this.#context('send', target))));
			return;
		}
		this.#send(bytes, target, (error) => {
			if (!error) return done?.();
			if (this.#closing) return done?.(this.#closedError());
			if (this.remote === undefined || !belated.has((error as NodeJS.ErrnoException).code ?? '')) {
				return done?.(this.#error(error, 'send', target));
			}
			// The kernel gave the error of an earlier datagram instead of sending this one. Again: if it goes now, that was it.
			this.#send(bytes, target, (again) => {
				if (again) return done?.(this.#closing ? this.#closedError() : this.#error(again, 'send', target));
				if (!this.#closing) this.handler.onError(this.#error(error, 'receive', this.remote));
				done?.();
			});
		});
	}

	tune(wish: PortTuning): readonly (keyof PortTuning)[] {
		return tuneUdp(this.#socket, this.local.address.family, wish, this.#ground.libc());
	}

	close(): void {
		this.#finish(undefined);
	}

	ref(): void {
		this.#socket.ref();
	}

	unref(): void {
		this.#socket.unref();
	}

	#target(to: IpEndpoint | undefined): IpEndpoint {
		const target = to ?? this.remote;
		if (target === undefined) throw badArgument('this port is not connected: say where to send to', 'send');
		checkPort(target.port, 'send');
		if (this.remote !== undefined && !sameSocketAddress(target, this.remote)) {
			throw badArgument(`this port is connected to ${formatSocketAddress(this.remote)} and sends nowhere else`, 'send');
		}
		return target;
	}

	#send(bytes: Uint8Array, target: IpEndpoint, callback: (error: Error | null) => void): void {
		if (this.remote !== undefined) this.#socket.send(bytes, callback);
		else this.#socket.send(bytes, target.port, target.address.toString(), callback);
	}

	#finish(error: PostSocketsError | undefined): void {
		if (this.#closing) return;
		this.#closing = true;
		this.#socket.close(() => {
			this.#gone();
			this.handler.onClose(error);
		});
	}

	#endpointOf({ address, port }: RemoteInfo): IpEndpoint {
		if (this.#sender?.port !== port || this.#senderText !== address) {
			this.#sender = { address: IpAddress.parse(address), port };
			this.#senderText = address;
		}
		return this.#sender;
	}

	#context(operation: string, remote: IpEndpoint | undefined) {
		return { operation, local: formatSocketAddress(this.local), remote: remote && formatSocketAddress(remote) };
	}

	#error(error: Error, operation: string, remote: IpEndpoint | undefined): PostSocketsError {
		return fromSystem(error, this.#context(operation, remote));
	}

	#closedError(): PostSocketsError {
		return new PostSocketsError('closed', 'the port is closed', this.#context('send', undefined));
	}
}

/** Node binds to the last 16 bits of any number. */
function checkPort(port: number, operation: string): void {
	if (!Number.isInteger(port) || port < 0 || port > 65_535) {
		throw badArgument(`${port} is not a port; ports are whole numbers from 0 to 65535`, operation);
	}
}
