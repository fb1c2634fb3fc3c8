/** Writing that follows changes: some time after the first of them, once for all, and never twice at the same time. */

import type { Clock, Timer } from '../../base/clock.ts';

/** Changes that no write has tried to cover yet: the process does not end by itself before that was tried. */
const uncovered = new Set<WriteBehind>();

export class WriteBehind {
	readonly #write: () => Promise<void>;
	readonly #clock: Clock;
	readonly #delay: number;
	#timer: Timer | undefined;
	/** Something changed since the last write began, or that write failed. */
	#dirty = false;
	#running: Promise<void> | undefined;
	/** Will run after `#running`. */
	#next: Promise<void> | undefined;

	/** `write` covers all changes made before it is called; a rejection is for `write` itself to report. */
	constructor(write: () => Promise<void>, clock: Clock, delay: number) {
		this.#write = write;
		this.#clock = clock;
		this.#delay = delay;
	}

	/** A write will begin `delay` ms after the first change that none has covered. */
	changed(): void {
		this.#dirty = true;
		watchExit();
		uncovered.add(this);
		// The timer runs from the first change and is not set back by others, so that no stream of changes puts it off.
		if (this.#timer !== undefined || this.#running !== undefined) return;
		this.#timer = this.#clock.after(this.#delay, () => void this.flush());
		// The watch on the exit sees to what is unwritten; a script that is done does not wait for the timer.
		this.#timer.unref?.();
	}

	/** Resolves once what has changed until now is written, at once if nothing has; rejects as `write` does. */
	flush(): Promise<void> {
		const done = this.#dirty ? (this.#next ??= this.#runNext()) : (this.#running ?? Promise.resolve());
		// Who does not await it has been told by `write`; the process goes on.
		done.catch(() => {});
		return done;
	}

	async #runNext(): Promise<void> {
		// What is being written now may lack the last change.
		await this.#running?.catch(() => {});
		this.#next = undefined;
		await (this.#running = this.#run());
	}

	async #run(): Promise<void> {
		this.#timer?.cancel();
		this.#timer = undefined;
		this.#dirty = false;
		uncovered.delete(this);
		const release = this.#clock.hold();
		let failed = true;
		try {
			await this.#write();
			failed = false;
		} finally {
			release();
			this.#running = undefined;
			// After a failure the next change, flush or close tries again; time alone does not.
			if (this.#dirty && this.#next === undefined) this.changed();
			this.#dirty ||= failed;
		}
	}
}

let watching = false;

/** One listener for all stores, and only in a process that has one. */
function watchExit(): void {
	if (watching) return;
	watching = true;
	process.on('beforeExit', () => {
		for (const behind of uncovered) void behind.flush();
	});
}
