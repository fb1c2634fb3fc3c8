/**
 * The measure of the others: length-prefixed messages by hand, as one who knows node well would write them. Small
 * messages are packed into batches of 64 KiB, large ones are written as they are, reading is by `onread` into one buffer.
 * Over TLS it is the subject `node`.
 */

import { once } from 'node:events';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { selfSigned } from '../../../src/entry/index.ts';
import type { Load } from '../cases.ts';
import { countMessage, lastMark } from '../service.ts';
import { Askers, type JsonMessage, type Link, type Message, type Subject } from '../subject.ts';
import { Deframer, type Take, Writer } from './raw-framing.ts';

interface Address {
	readonly port: number;
	readonly cert: string | undefined;
}

export const subject: Subject = {
	async listen(load): Promise<Address> {
		const { key, cert } = selfSigned();
		const server = load.secure
			? tls.createServer({ key, cert, noDelay: true }, (socket) => {
					const read = serve(socket, load);
					socket.on('data', (chunk) => read(chunk, chunk.length));
				})
			: net.createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
					let read: Read = () => {};
					const socket = withOnread(accepted, (chunk, length) => read(chunk, length));
					read = serve(socket, load);
				});
		await once(server.listen(0, '127.0.0.1'), 'listening');
		return { port: (server.address() as net.AddressInfo).port, cert };
	},

	async connect(address, load): Promise<Link> {
		const { port, cert } = address as Address;
		let read: Read = () => {};
		const options = {
			host: '127.0.0.1',
			port,
			noDelay: true,
			onread: onread((chunk, length) => read(chunk, length)),
		};
		const socket = load.secure ? tls.connect({ ...options, servername: 'localhost', ca: cert }) : net.connect(options);
		await once(socket, load.secure ? 'secureConnect' : 'connect');
		const askers = new Askers();
		const json = load.content === 'json';
		const writer = new Writer(socket);
		read = reader(writer, load, (bytes, start, end) =>
			askers.reply(json ? parsed(bytes, start, end) : bytes.subarray(start, end)),
		);
		const send = (message: Message) =>
			json ? writer.sendText(JSON.stringify(message)) : writer.send(message as Uint8Array);
		return {
			send,
			drained: () => writer.drained(),
			ask(message) {
				send(message);
				return askers.wait();
			},
		};
	},
};

/** The first `length` bytes of `chunk`, which is lent until this returns. */
type Read = (chunk: Buffer, length: number) => void;

function serve(socket: net.Socket, load: Load): Read {
	const writer = new Writer(socket);
	if (load.pattern === 'echo')
		return reader(writer, load, (bytes, start, end) => writer.send(bytes.subarray(start, end)));
	const json = load.content === 'json';
	let count = 0;
	return reader(writer, load, (bytes, start, end) => {
		count += 1;
		const last = json ? parsed(bytes, start, end).last : bytes[start] === lastMark;
		if (!last) return;
		if (json) writer.sendText(JSON.stringify({ count }));
		else writer.send(countMessage(count));
		count = 0;
	});
}

/** What is sent in answer to one chunk leaves in one write. Parsing copies what it needs. */
function reader(writer: Writer, { receive, content }: Load, take: Take): Read {
	const deframer = new Deframer(take, receive !== 'borrowed' && content === 'bytes');
	return (chunk, length) => {
		writer.hold();
		deframer.read(chunk, length);
		writer.release();
	};
}

function parsed(bytes: Buffer, start: number, end: number): JsonMessage {
	return JSON.parse(bytes.toString('utf8', start, end));
}

function onread(read: Read): net.OnReadOpts {
	const buffer = Buffer.allocUnsafeSlow(65_536);
	return {
		buffer,
		callback: (length) => {
			read(buffer, length);
			return true;
		},
	};
}

/** A server's sockets have no option `onread`: another one takes the handle over. */
function withOnread(accepted: net.Socket, read: Read): net.Socket {
	const owner = accepted as unknown as { _handle: object | null };
	const handle = owner._handle;
	owner._handle = null;
	const options = { handle, onread: onread(read), manualStart: true };
	return new net.Socket(options as net.SocketConstructorOpts).resume();
}
