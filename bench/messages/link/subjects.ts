/** Who sends over the link: each as one would use it who knows that some messages are in a hurry. */

import { once } from 'node:events';
import * as net from 'node:net';
import { codec, frame, initiate, listen, messages } from '../../../src/entry/index.ts';
import { peer } from '../../peers.ts';
import { Deframer, Writer } from '../subjects/raw-framing.ts';

export interface Hurry {
	readonly urgent?: boolean;
	/** Milliseconds. */
	readonly lifetime?: number;
}

export interface Sender {
	/** False when no more is welcome; then `drained` waits until it is. */
	send(message: Uint8Array, hurry: Hurry): boolean;
	drained(): Promise<void>;
	/** It has a queue of its own that knows of hurry: give it everything at once. */
	readonly ranks: boolean;
}

export interface Subject {
	/** Gives what arrives to `take`, lent; resolves with the port. */
	listen(take: (message: Uint8Array) => void): Promise<number>;
	connect(port: number): Promise<Sender>;
}

const protocol = messages(frame.lengthPrefix(), codec.bytes());

const postSockets: Subject = {
	async listen(take) {
		const listener = await listen('tcp://127.0.0.1:0', { protocol });
		void (async () => {
			for await (const carrier of listener) carrier.onMessage(({ content }) => take(content), { borrow: true });
		})();
		return listener.port!;
	},
	async connect(port) {
		const carrier = await initiate(`tcp://127.0.0.1:${port}`, { protocol });
		return {
			ranks: true,
			send: (message, { urgent, lifetime }) =>
				carrier.post(message, {
					ordered: false,
					...(urgent !== undefined && { priority: urgent ? 0 : 200 }),
					...(lifetime && { lifetime }),
				}),
			drained: () => carrier.drained(),
		};
	},
};

const raw: Subject = {
	async listen(take) {
		const server = net.createServer((socket) => {
			const deframer = new Deframer((bytes, start, end) => take(bytes.subarray(start, end)), false);
			socket.on('data', (chunk) => deframer.read(chunk, chunk.length)).on('error', () => {});
		});
		await once(server.listen(0, '127.0.0.1'), 'listening');
		return (server.address() as net.AddressInfo).port;
	},
	async connect(port) {
		const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
		await once(socket, 'connect');
		const writer = new Writer(socket);
		return { ranks: false, send: (message) => writer.send(message), drained: () => writer.drained() };
	},
};

interface WebSocket {
	readonly _socket: net.Socket;
	send(data: Uint8Array): void;
	on(event: 'message', listener: (data: Buffer) => void): void;
	on(event: 'open', listener: () => void): void;
}

const ws: Subject = {
	async listen(take) {
		const { WebSocketServer } = await peer<{ WebSocketServer: new (options: object) => net.Server }>('ws');
		const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
		server.on('connection', (socket) => (socket as unknown as WebSocket).on('message', take));
		await once(server, 'listening');
		return (server.address() as net.AddressInfo).port;
	},
	async connect(port) {
		const { WebSocket } = await peer<{ WebSocket: new (url: string, options: object) => WebSocket }>('ws');
		const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
		await new Promise<void>((resolve) => socket.on('open', resolve));
		const inner = socket._socket.setNoDelay(true);
		return {
			ranks: false,
			send(message) {
				socket.send(message);
				return !inner.writableNeedDrain;
			},
			async drained() {
				if (inner.writableNeedDrain) await once(inner, 'drain');
			},
		};
	},
};

export const subjects = { 'post-sockets': postSockets, raw, ws } as const;
