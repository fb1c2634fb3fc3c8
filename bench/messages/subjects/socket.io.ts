/** socket.io, over WebSocket from the start. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { peer } from '../../peers.ts';
import { service } from '../service.ts';
import { Askers, type Link, type Message, type Subject } from '../subject.ts';

interface Emitter {
	emit(event: 'message', message: Message): void;
	on(event: 'message', listener: (message: Buffer) => void): void;
	on(event: 'connect', listener: () => void): void;
}

interface Engine {
	readonly writeBuffer: readonly unknown[];
	once(event: 'drain', listener: () => void): void;
}

const transports = ['websocket'];
/** Messages that wait in its engine. */
const highWater = 512;

export const subject: Subject = {
	async listen(load) {
		type Server = new (
			http: object,
			options: object,
		) => { on(event: 'connection', listener: (socket: Emitter) => void): void };
		const { Server } = await peer<{ Server: Server }>('socket.io');
		const http = createServer();
		new Server(http, { transports, maxHttpBufferSize: 2 ** 24 }).on('connection', (socket) => {
			socket.on(
				'message',
				service(load, (message) => socket.emit('message', message)),
			);
		});
		await once(http.listen(0, '127.0.0.1'), 'listening');
		return (http.address() as AddressInfo).port;
	},

	async connect(port): Promise<Link> {
		type Connect = (url: string, options: object) => Emitter & { readonly io: { readonly engine: Engine } };
		const { io } = await peer<{ io: Connect }>('socket.io-client');
		const socket = io(`http://127.0.0.1:${port}`, { transports });
		await new Promise<void>((resolve) => socket.on('connect', resolve));
		const { engine } = socket.io;
		const askers = new Askers();
		socket.on('message', (message) => askers.reply(message));
		return {
			send(message) {
				socket.emit('message', message);
				return engine.writeBuffer.length < highWater;
			},
			drained: () => new Promise((resolve) => engine.once('drain', resolve)),
			ask(message) {
				socket.emit('message', message);
				return askers.wait();
			},
		};
	},
};
