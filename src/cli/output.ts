/** stdout and stderr: what is written waits for a slow reader, and a reader that has gone is no error. */

import type { Writable } from 'node:stream';
import type { TextLook } from './race-text.ts';

/** A stream of the process; `isTTY` and `columns` are there on a terminal. */
export type Sink = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Nobody reads what we write (EPIPE): a reason to stop, not a failure. */
export class NobodyReads extends Error {
	override readonly name = 'NobodyReads';
}

export class Output {
	readonly #out: Sink;
	readonly #errors: Sink;
	readonly #environment: NodeJS.ProcessEnv;
	readonly #interrupted: AbortSignal;
	#broken: Error | undefined;
	#waiting: (() => void)[] = [];

	/** Once `interrupted` has fired, no reader is waited for. */
	constructor(out: Sink, errors: Sink, environment: NodeJS.ProcessEnv, interrupted: AbortSignal) {
		this.#out = out;
		this.#errors = errors;
		this.#environment = environment;
		this.#interrupted = interrupted;
		interrupted.addEventListener('abort', () => this.#wake(), { once: true });
		out.on('drain', () => this.#wake());
		out.on('error', (error: NodeJS.ErrnoException) => {
			const gone = error.code === 'EPIPE' || error.code === 'ECONNRESET';
			this.#broken ??= gone
				? new NobodyReads()
				: new Error(`cannot write to stdout: ${error.message}`, { cause: error });
			this.#wake();
		});
		errors.on('error', () => {});
	}

	/** Progress is told to a person at a terminal only. */
	get watched(): boolean {
		return this.#errors.isTTY === true;
	}

	/** How a timeline may look on stdout. */
	get look(): TextLook {
		const { COLUMNS, LC_ALL, LC_CTYPE, LANG, NO_COLOR, TERM } = this.#environment;
		const terminal = this.#out.isTTY === true;
		const width = this.#out.columns ?? Number(COLUMNS);
		return {
			width: width >= 1 ? width : 80,
			unicode: terminal || /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || ''),
			colour: terminal && !NO_COLOR && TERM !== 'dumb',
		};
	}

	/** Resolves when more is welcome. Rejects with `NobodyReads`, or with what happened to stdout. */
	async write(content: Uint8Array | string): Promise<void> {
		if (this.#broken) throw this.#broken;
		if (!this.#out.write(content) && !this.#interrupted.aborted)
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		if (this.#broken) throw this.#broken;
	}

	/** One line of JSON, without characters that a terminal would obey. */
	object(value: unknown): Promise<void> {
		const text = JSON.stringify(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
			character
				.split('')
				.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
				.join(''),
		);
		return this.write(`${text}\n`);
	}

	/** One line for people, on stderr. */
	note(line: string): void {
		this.#errors.write(`${line}\n`);
	}

	/** Resolves when everything is with the system. */
	async flush(): Promise<void> {
		if (this.#interrupted.aborted) return;
		const flushed = (stream: Sink) => new Promise<void>((resolve) => stream.write('', () => resolve()));
		const interrupted = new Promise<void>((resolve) => this.#waiting.push(resolve));
		await Promise.race([Promise.all([flushed(this.#out), flushed(this.#errors)]), interrupted]);
	}

	#wake(): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const resolve of waiting) resolve();
	}
}
