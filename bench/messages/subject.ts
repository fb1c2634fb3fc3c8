/** What every subject can do, so that the same load runs over all of them. */

import type { Load } from './cases.ts';

/** Bytes, or a value that is JSON on the wire. */
export type Message = Uint8Array | JsonMessage;

export interface JsonMessage {
	readonly last?: boolean;
	readonly count?: number;
	readonly [name: string]: unknown;
}

/** The client's end. */
export interface Link {
	/** Sends one message; false when the sender should await `drained` before the next. */
	send(message: Message): boolean;
	drained(): Promise<void>;
	/** Sends one message and gives the reply, which is the asker's to keep. Replies come in order. */
	ask(message: Message): Promise<Message>;
	/** Sends one message and resolves when it was written, where the subject can tell. */
	written?(message: Message): PromiseLike<unknown>;
}

export interface Subject {
	/** Serves one client as `load` says (see service.ts); resolves with what `connect` is to be given. */
	listen(load: Load): Promise<unknown>;
	connect(address: unknown, load: Load): Promise<Link>;
}

/** Joins replies to askers in a subject that has no requests of its own. */
export class Askers {
	readonly #waiting: ((reply: Message) => void)[] = [];
	#next = 0;

	/** The next reply. */
	wait(): Promise<Message> {
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	reply(message: Message): void {
		this.#waiting[this.#next++]!(message);
		if (this.#next < this.#waiting.length) return;
		this.#waiting.length = this.#next = 0;
	}
}
