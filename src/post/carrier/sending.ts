/** What became of one message that was sent (RFC 9622 §9.2.2). */

import { badArgument, PostSocketsError } from '../../base/errors.ts';

/**
 * `sent`: every byte was handed to the layer below. `expired`: it would have come too late, and none was. `withdrawn`: it
 * was taken back, or what it was to follow was.
 */
export type SendOutcome = 'sent' | 'expired' | 'withdrawn';

/** Who a sending tells of its end, and asks for more than that. */
export interface SendingOwner {
	/** Its end is to be told. */
	readonly heard: boolean;
	onEnd(sending: Sending, ending: SendOutcome | PostSocketsError): void;
	/** It was handed down, and somebody waits for the peer to acknowledge it. */
	onAckWanted(sending: Sending): void;
}

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
	readonly #owner: SendingOwner;
	/** @internal Where it waits; antecedents are named by it. */
	waiting: Withdrawable | undefined;
	#outcome: SendOutcome | undefined;
	#error: PostSocketsError | undefined;
	/** Made only when somebody asks: most sendings are never awaited. */
	#promise: PromiseWithResolvers<SendOutcome> | undefined;

	/** Made only when somebody asks. */
	#acked: PromiseWithResolvers<void> | undefined;

	/** @internal */
	constructor(id: number, owner: SendingOwner) {
		this.id = id;
		this.#owner = owner;
	}

	/**
	 * Resolves when the peer's system has acknowledged the whole message (P-42): its TCP, which says nothing of its
	 * application. Rejects with `not-supported` where nobody tells (`capabilities().abilities.acked`), with `send-failed`
	 * if the message was not sent or its connection was lost first. Costs nothing unless it is asked for.
	 */
	get acked(): Promise<void> {
		if (!this.#acked) {
			this.#acked = Promise.withResolvers();
			this.#acked.promise.catch(() => {});
			if (this.#outcome) this.#wantAck(this.#outcome);
			else if (this.#error) this.#acked.reject(this.#error);
		}
		return this.#acked.promise;
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
		if (this.#acked) this.#wantAck(outcome);
		if (this.#owner.heard) this.#owner.onEnd(this, outcome);
	}

	/** @internal */
	fail(error: PostSocketsError): void {
		this.#error = error;
		this.#promise?.reject(error);
		this.#acked?.reject(error);
		if (this.#owner.heard) this.#owner.onEnd(this, error);
	}

	/** @internal */
	acknowledged(): void {
		this.#acked?.resolve();
	}

	/** @internal Nobody will tell, by default because nobody can. */
	unknown(error: PostSocketsError | undefined): void {
		const message = 'nobody tells here when the peer has a message: see capabilities().abilities.acked';
		this.#acked?.reject(error ?? new PostSocketsError('not-supported', message, { operation: 'send' }));
	}

	#wantAck(outcome: SendOutcome): void {
		if (outcome === 'sent') this.#owner.onAckWanted(this);
		else this.unknown(new PostSocketsError('send-failed', `the message was ${outcome}`, { operation: 'send' }));
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
		if (this.#outcome) return Promise.resolve(this.#outcome);
		if (this.#error) return Promise.reject(this.#error);
		this.#promise ??= Promise.withResolvers();
		return this.#promise.promise;
	}
}
