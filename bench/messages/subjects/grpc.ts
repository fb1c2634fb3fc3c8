/** gRPC: one call that streams both ways, of plain bytes, so that no time goes into protocol buffers. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { peer } from '../../peers.ts';
import { service } from '../service.ts';
import { Askers, type Link, type Message, type Subject } from '../subject.ts';

interface Grpc {
	readonly Server: new (
		options: object,
	) => {
		addService(definition: object, methods: { talk(call: Duplex): void }): void;
		bindAsync(address: string, credentials: unknown, done: (error: Error | null, port: number) => void): void;
	};
	readonly ServerCredentials: { createInsecure(): unknown };
	readonly credentials: { createInsecure(): unknown };
	makeGenericClientConstructor(
		definition: object,
		name: string,
	): new (
		address: string,
		credentials: unknown,
		options: object,
	) => { talk(): Duplex };
}

const grpc = (await peer<{ default: Grpc }>('@grpc/grpc-js')).default;

const asIs = (bytes: Buffer) => bytes;
const definition = {
	talk: {
		path: '/bench/talk',
		requestStream: true,
		responseStream: true,
		requestSerialize: asIs,
		requestDeserialize: asIs,
		responseSerialize: asIs,
		responseDeserialize: asIs,
	},
};

export const subject: Subject = {
	listen(load) {
		const server = new grpc.Server({});
		server.addService(definition, {
			talk(call) {
				call.on(
					'data',
					service(load, (message) => void call.write(bufferOf(message))),
				);
			},
		});
		return new Promise((resolve, reject) => {
			server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
				error ? reject(error) : resolve(port),
			);
		});
	},

	async connect(port): Promise<Link> {
		const Client = grpc.makeGenericClientConstructor(definition, 'bench');
		const call = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {}).talk();
		const askers = new Askers();
		call.on('data', (message: Buffer) => askers.reply(message));
		const send = (message: Message) => call.write(bufferOf(message));
		return {
			send,
			async drained() {
				if (call.writableNeedDrain) await once(call, 'drain');
			},
			ask(message) {
				send(message);
				return askers.wait();
			},
		};
	},
};

/** It takes nothing else. */
function bufferOf(message: Message): Buffer {
	const bytes = message as Uint8Array;
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
