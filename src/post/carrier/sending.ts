/** What became of one message that was sent (RFC 9622 §9.2.2). */

import { badArgument, type PostSocketsError } from '../../base/errors.ts';

/**
 * `sent`: every byte was handed to the layer below. `expired`: it would have come too late, and none was. `withdrawn`: it
 * was taken back, or what it was to follow was.
 */
export type SendOutcome = 'sent' | 'expired' | 'withdrawn';

/** How a message that waits can still be changed. */
export interface Withdrawable {
	withdraw(): boolean;
	extend(lifetime: number): boolean;
}

/** Who is told what became of a message, exactly once. */
export interface SendReport {
	settle(outcome: SendOutcome): void;
	fail(error: PostSocketsError): void;
}

/**
 * The fate of a sent message: await it, or let it go. It rejects only if the carrier failed first (`send-failed`,
 * `queue-full`, `closed`); un-awaited it never disturbs the process.
 */
export class Sending implements Promise<SendOutcome>, SendReport {
	/** Counts the messages of its carrier from 1. */
	readonly id: number;
	readonly [Symbol.toStringTag] = 'Sending';
	readonly #heard: ((sending: Sending, ending: SendOutcome | PostSocketsError) => void) | undefined;
	/** @internal Where it waits; antecedents are named by it. */
	waiting: Withdrawable | undefined;
	#outcome: SendOutcome | undefined;
	#error: PostSocketsError | undefined;
	/** Made only when somebody asks: most sendings are never awaited. */
	#promise: PromiseWithResolvers<SendOutcome> | undefined;

	/** @internal `heard` is told of its end as well. */
	constructor(id: number, heard?: (sending: Sending, ending: SendOutcome | PostSocketsError) => void) {
		this.id = id;
		this.#heard = heard;
	}

	/** Takes the message back, before its first byte. False if it is too late for that; else it ends as `withdrawn`. */
	withdraw(): boolean {
		return this.waiting?.withdraw() ?? false;
	}

	/** Gives a message that has a lifetime another one, in milliseconds from now. False if it is too late for that. */
	extend(lifetime: number): boolean {
		if (!(lifetime >= 0)) throw badArgument(`a lifetime is ${lifetime}; milliseconds from 0, or Infinity`, 'extend');
		return this.waiting?.extend(lifetime) ?? false;
	}

	/** @internal */
	settle(outcome: SendOutcome): void {
		this.#outcome = outcome;
		this.#promise?.resolve(outcome);
		this.#heard?.(this, outcome);
	}

	/** @internal */
	fail(error: PostSocketsError): void {
		this.#error = error;
		this.#promise?.reject(error);
		this.#heard?.(this, error);
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
