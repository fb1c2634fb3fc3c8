/** What is open on one stack, and whether it holds the process: links do, while a socket wants them to. */

import { PostSocketsError } from '../../base/errors.ts';

/** For `inspect()`: plain data. */
export interface SocketInfo {
	readonly protocol: 'udp' | 'icmp' | 'tcp';
	readonly local: string;
	readonly remote: string | undefined;
	readonly state?: string | undefined;
}

export interface Socket {
	info(): SocketInfo;
	/** Its stack closes. */
	finish(error: PostSocketsError): void;
}

export class Sockets implements Iterable<Socket> {
	readonly #limit: number;
	readonly #onHold: (held: boolean) => void;
	readonly #open = new Set<Socket>();
	readonly #holding = new Set<Socket>();

	/** `onHold` is told when the first one holds, and when none does any more. */
	constructor(limit: number, onHold: (held: boolean) => void) {
		this.#limit = limit;
		this.#onHold = onHold;
	}

	get size(): number {
		return this.#open.size;
	}

	[Symbol.iterator](): Iterator<Socket> {
		return [...this.#open][Symbol.iterator]();
	}

	/** Throws `resource-limit`. */
	checkRoom(operation: string): void {
		if (this.#open.size < this.#limit) return;
		const message = `${this.#limit} sockets are open; close some, or raise limits.sockets`;
		throw new PostSocketsError('resource-limit', message, { operation });
	}

	/** It holds the process from now on. */
	add(socket: Socket): void {
		this.#open.add(socket);
		this.hold(socket, true);
	}

	delete(socket: Socket): void {
		this.hold(socket, false);
		this.#open.delete(socket);
	}

	hold(socket: Socket, holds: boolean): void {
		if (!this.#open.has(socket)) return;
		const before = this.#holding.size;
		if (holds) this.#holding.add(socket);
		else this.#holding.delete(socket);
		if (before === 0 || this.#holding.size === 0) {
			if (before !== this.#holding.size) this.#onHold(holds);
		}
	}
}
