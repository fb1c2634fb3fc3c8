/** What the server does with a message, and the messages themselves. */

import type { Load } from './cases.ts';
import type { JsonMessage, Message } from './subject.ts';

/** Echoes every message, or counts them and answers the last one with the count. */
export function service(load: Load, reply: (message: Message) => void): (message: Message) => void {
	if (load.pattern === 'echo') return reply;
	let count = 0;
	return (message) => {
		count += 1;
		const last = message instanceof Uint8Array ? message[0] === lastMark : message.last;
		if (!last) return;
		reply(message instanceof Uint8Array ? countMessage(count) : { count });
		count = 0;
	};
}

/** The first byte of a last message; others begin with 0. */
export const lastMark = 1;

export function countMessage(count: number): Uint8Array {
	const message = new Uint8Array(4);
	new DataView(message.buffer).setUint32(0, count);
	return message;
}

export function countIn(message: Message): number | undefined {
	if (!(message instanceof Uint8Array)) return message.count;
	return new DataView(message.buffer, message.byteOffset).getUint32(0);
}

/** A message of the size that `load` asks for. */
export function messageOf({ content, bytes }: Load, last: boolean): Message {
	if (content === 'json') return jsonMessage(bytes, last);
	const message = new Uint8Array(bytes);
	if (last) message[0] = lastMark;
	return message;
}

function jsonMessage(bytes: number, last: boolean): JsonMessage {
	const message = {
		last,
		id: 4711,
		at: '2026-01-01T00:00:00.000Z',
		name: 'temperature',
		values: Array.from({ length: 40 }, (_, index) => index * 1.25),
		tags: { room: 'kitchen', floor: 2, outdoor: false, unit: 'celsius' },
		note: '',
	};
	return { ...message, note: 'n'.repeat(bytes - JSON.stringify(message).length) };
}
