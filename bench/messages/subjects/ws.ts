/** ws, corked: it writes each message by itself, and its socket joins what was sent in one turn. */

import { type EventEmitter, once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { peer } from '../../peers.ts';
import type { Load } from '../cases.ts';
import { service } from '../service.ts';
import { Askers, type JsonMessage, type Link, type Message, type Subject } from '../subject.ts';

interface WebSocket {
	readonly _socket: Socket;
	readonly bufferedAmount: number;
	send(data: Uint8Array | string): void;
	on(event: 'message', listener: (data: Buffer) => void): void;
	on(event: 'open', listener: () => void): void;
}

interface Ws {
	readonly WebSocket: new (url: string, options: object) => WebSocket;
	readonly WebSocketServer: new (
		options: object,
	) => EventEmitter<{ connection: [WebSocket]; listening: [] }> & { address(): AddressInfo };
}

const { WebSocket, WebSocketServer } = await peer<Ws>('ws');
const perMessageDeflate = false;
const highWater = 2 ** 20;

export const subject: Subject = {
	async listen(load) {
		const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate });
		server.on('connection', (socket) => {
			const send = sender(socket, load);
			receive(socket, load, service(load, send));
		});
		await once(server, 'listening');
		return server.address().port;
	},

	async connect(port, load): Promise<Link> {
		const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate });
		await new Promise<void>((resolve) => socket.on('open', resolve));
		const askers = new Askers();
		receive(socket, load, (message) => askers.reply(message));
		const send = sender(socket, load);
		return {
			send,
			async drained() {
				if (socket._socket.writableNeedDrain) await once(socket._socket, 'drain');
			},
			ask(message) {
				send(message);
				return askers.wait();
			},
		};
	},
};

function sender(socket: WebSocket, { content }: Load): (message: Message) => boolean {
	const inner = socket._socket;
	inner.setNoDelay(true);
	return (message) => {
		if (inner.writableCorked === 0) {
			inner.cork();
			process.nextTick(() => inner.uncork());
		}
		socket.send(content === 'json' ? JSON.stringify(message) : (message as Uint8Array));
		return socket.bufferedAmount < highWater;
	};
}

function receive(socket: WebSocket, { content }: Load, take: (message: Message) => void): void {
	socket.on('message', (data) => take(content === 'json' ? (JSON.parse(data.toString()) as JsonMessage) : data));
}
