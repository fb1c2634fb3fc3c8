import type { PostSocketsError } from '../../base/errors.ts';

/** Ends one thing; `gone` is called when it has ended. */
export type End = (reason: PostSocketsError) => void;

/** What a stack has opened or begun, so that closing the stack can end it and wait for it. */
export class OpenThings {
	readonly #ends = new Set<{ readonly end: End }>();
	#empty: (() => void) | undefined;

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
		return new Promise((resolve) => {
			this.#empty = resolve;
			for (const { end } of this.#ends) end(reason);
			if (this.#ends.size === 0) resolve();
		});
	}
}
