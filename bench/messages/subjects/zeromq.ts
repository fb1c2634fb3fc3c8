/** ZeroMQ: a pair of sockets, which take one message after the other. */

import { peer } from '../../peers.ts';
import { service } from '../service.ts';
import { Askers, type Link, type Message, type Subject } from '../subject.ts';

interface Pair extends AsyncIterable<Buffer[]> {
	readonly lastEndpoint: string;
	bind(address: string): Promise<void>;
	connect(address: string): void;
	send(message: Uint8Array): Promise<void>;
}

const { Pair } = await peer<{ Pair: new (options: object) => Pair }>('zeromq');
const options = { sendHighWaterMark: 10_000, receiveHighWaterMark: 10_000 };
/** Messages waiting to be taken. */
const highWater = 512;

export const subject: Subject = {
	async listen(load) {
		const pair = new Pair(options);
		await pair.bind('tcp://127.0.0.1:*');
		const line = new Line(pair);
		void receive(
			pair,
			service(load, (message) => void line.send(message)),
		);
		return pair.lastEndpoint;
	},

	async connect(address): Promise<Link> {
		const pair = new Pair(options);
		pair.connect(address as string);
		const askers = new Askers();
		void receive(pair, (message) => askers.reply(message));
		const line = new Line(pair);
		return {
			send: (message) => line.send(message),
			drained: () => line.drained(),
			ask(message) {
				line.send(message);
				return askers.wait();
			},
		};
	},
};

/** Messages that wait for the one before them to be taken. */
class Line {
	readonly #pair: Pair;
	#waiting: Uint8Array[] = [];
	#pumping: Promise<void> | undefined;

	constructor(pair: Pair) {
		this.#pair = pair;
	}

	send(message: Message): boolean {
		this.#waiting.push(message as Uint8Array);
		this.#pumping ??= this.#pump();
		return this.#waiting.length < highWater;
	}

	async drained(): Promise<void> {
		await this.#pumping;
	}

	async #pump(): Promise<void> {
		while (this.#waiting.length > 0) {
			const messages = this.#waiting;
			this.#waiting = [];
			for (const message of messages) await this.#pair.send(message);
		}
		this.#pumping = undefined;
	}
}

async function receive(pair: Pair, take: (message: Message) => void): Promise<void> {
	for await (const [message] of pair) take(message!);
}
