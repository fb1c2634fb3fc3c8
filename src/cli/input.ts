/** stdin, taken chunk by chunk and only when somebody wants one: whoever waits may give up, and another goes on. */

import { ReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

export class Input {
	readonly #open: () => Readable & { readonly isTTY?: boolean };
	#stream: (Readable & { readonly isTTY?: boolean }) | undefined;
	#ended = false;
	#error: Error | undefined;
	#wake: () => void = () => {};

	/** Nothing is read, and nothing keeps the process, before the first `next`. */
	constructor(open: () => Readable & { readonly isTTY?: boolean }) {
		this.#open = open;
	}

	/** There is nothing more. */
	get ended(): boolean {
		return this.#ended;
	}

	/**
	 * Milliseconds of silence after which a peer that has ended is not kept any more: a person at a terminal is not
	 * waited for, a file always is.
	 */
	patience(forPrograms: number): number {
		if (this.#stream?.isTTY) return 0;
		return this.#stream instanceof ReadStream ? Number.POSITIVE_INFINITY : forPrograms;
	}

	/** The next bytes; undefined at the end, or when the signal fires. Rejects if stdin cannot be read. */
	async next(signal: AbortSignal): Promise<Uint8Array | undefined> {
		const stream = (this.#stream ??= this.#begin());
		for (;;) {
			const chunk: Uint8Array | null = stream.read();
			if (chunk) return chunk;
			if (this.#error) throw this.#error;
			if (this.#ended || signal.aborted) return undefined;
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
				signal.addEventListener('abort', () => resolve(), { once: true });
			});
		}
	}

	#begin(): Readable & { readonly isTTY?: boolean } {
		const stream = this.#open();
		stream.on('readable', () => this.#wake());
		stream.on('end', () => {
			this.#ended = true;
			this.#wake();
		});
		stream.on('error', (error) => {
			this.#error = new Error(`cannot read stdin: ${error.message}`, { cause: error });
			this.#wake();
		});
		return stream;
	}
}
