/** What became of one message that was sent (RFC 9622 §9.2.2). */

import type { PostSocketsError } from '../../base/errors.ts';

/** `sent`: every byte was handed to the layer below. */
export type SendOutcome = 'sent';

/**
 * The fate of a sent message: await it, or let it go. It rejects only if the carrier failed first (`send-failed`,
 * `queue-full`, `closed`); un-awaited it never disturbs the process.
 */
export class Sending implements Promise<SendOutcome> {
	/** Counts the messages of its carrier from 1. */
	readonly id: number;
	readonly [Symbol.toStringTag] = 'Sending';
	#outcome: SendOutcome | undefined;
	#error: PostSocketsError | undefined;
	/** Made only when somebody asks: most sendings are never awaited. */
	#promise: PromiseWithResolvers<SendOutcome> | undefined;

	constructor(id: number) {
		this.id = id;
	}

	/** @internal */
	settle(outcome: SendOutcome): void {
		this.#outcome = outcome;
		this.#promise?.resolve(outcome);
	}

	/** @internal */
	fail(error: PostSocketsError): void {
		this.#error = error;
		this.#promise?.reject(error);
	}

	// biome-ignore lint/suspicious/noThenProperty: awaiting it is its purpose
	then<A = SendOutcome, B = never>(
		onSent?: ((outcome: SendOutcome) => A | PromiseLike<A>) | null,
		onFailed?: ((error: PostSocketsError) => B | PromiseLike<B>) | null,
	): Promise<A | B> {
		return this.#settled().then(onSent, onFailed);
	}

	catch<B = never>(onFailed?: ((error: PostSocketsError) => B | PromiseLike<B>) | null): Promise<SendOutcome | B> {
		return this.#settled().catch(onFailed);
	}

	finally(onSettled?: (() => void) | null): Promise<SendOutcome> {
		return this.#settled().finally(onSettled);
	}

	#settled(): Promise<SendOutcome> {
		if (!this.#promise) {
			this.#promise = Promise.withResolvers();
			if (this.#outcome) this.#promise.resolve(this.#outcome);
			else if (this.#error) this.#promise.reject(this.#error);
		}
		return this.#promise.promise;
	}
}
