import type { PostSocketsError } from '../../base/errors.ts';

/** Ends one thing. */
export type End = (reason: PostSocketsError) => void;

/** What a stack has opened or begun, so that closing the stack can end it and wait for it. */
export class OpenThings {
	readonly #ends = new Set<{ readonly end: End }>();
	#empty: (() => void) | undefined;
	/** Set by `end`: nothing may be begun any more. */
	ended: PostSocketsError | undefined;

	get size(): number {
		return this.#ends.size;
	}

	/** Returns what to call when the thing is gone; harmless when repeated. */
	add(end: End): () => void {
		const entry = { end };
		this.#ends.add(entry);
		return () => {
			this.#ends.delete(entry);
			if (this.#ends.size === 0) this.#empty?.();
		};
	}

	/** Ends everything; resolves when it is gone. */
	end(reason: PostSocketsError): Promise<void> {
		this.ended = reason;
		return new Promise((resolve) => {
			this.#empty = resolve;
			for (const { end } of this.#ends) end(reason);
			if (this.#ends.size === 0) resolve();
		});
	}
}
