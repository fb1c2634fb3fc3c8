/** One carrier's part in its group's schedule (RFC 9622 §8.1.5): when it may give a batch to its connection. */

import type { Clock, Timer } from '../../base/clock.ts';
import type { GroupScheduler } from '../queue/scheduler.ts';
import type { Share } from '../queue/scheduler-rules.ts';

/**
 * Milliseconds for which a connection that takes no more keeps its turn. The members of a group mostly share the narrowest
 * part of their way, so whoever waits for the network is why the others should wait too; but not for ever.
 */
const patience = 100;

export class Turn {
	readonly #scheduler: GroupScheduler;
	readonly #share: Share;
	readonly #clock: Clock;
	#stalled: Timer | undefined;

	/** `onTurn` is called when it may go, other than by its own asking. */
	constructor(scheduler: GroupScheduler, clock: Clock, priority: number, onTurn: () => void) {
		this.#scheduler = scheduler;
		this.#clock = clock;
		this.#share = scheduler.join(priority, onTurn);
	}

	/** For a message that is sent now: its place among those of the group. */
	number(): number {
		return this.#scheduler.number();
	}

	/** Whether it may go. `head` is the number of its first message; undefined if it has none. */
	mayGo(head: number | undefined): boolean {
		if (head === undefined) {
			this.#scheduler.rests(this.#share);
			return false;
		}
		this.#scheduler.waits(this.#share, head);
		return this.#scheduler.maySend(this.#share);
	}

	/** It gave a batch to its connection, which takes more, or does not. */
	went(bytes: number, messages: number, welcome: boolean): void {
		if (!welcome && !this.#stalled) {
			this.#stalled = this.#clock.after(patience, () => this.#scheduler.blocked(this.#share));
			this.#stalled.unref?.();
		}
		this.#scheduler.started(this.#share, bytes, messages);
	}

	/** The connection takes more. */
	welcome(): void {
		this.#stalled?.cancel();
		this.#stalled = undefined;
		this.#scheduler.welcome(this.#share);
	}

	prioritize(priority: number): void {
		this.#scheduler.prioritize(this.#share, priority);
	}

	leave(): void {
		this.#stalled?.cancel();
		this.#scheduler.leave(this.#share);
	}
}
