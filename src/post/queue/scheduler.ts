/**
 * Which member of a connection group gives the next batch to its flow, when several have messages waiting
 * (RFC 9622 §7.4, §8.1.5; the schedulers are those of RFC 8260 §3.1 to §3.6).
 *
 * It is pure. A member contends while it has messages waiting and its flow takes more; of those who contend, one has the
 * turn. It keeps it until it has started a batch and another goes before it, or until it says that it no longer contends.
 * Who is idle or blocked holds up nobody, and what it missed meanwhile is not made up for.
 *
 * - First come, first served: the message that was sent first, by its number in the group.
 * - Round robin: an equal number of messages for each. Round robin per packet: of batches.
 * - Priority: the lowest `connPriority`, for as long as it contends; of equals, who was served longest ago.
 * - Fair capacity: an equal number of bytes for each. Weighted fair queueing: bytes by weight, see `leastWeight`.
 *
 * All but the first and priority are start-time fair queueing. Each member has a tag, which grows by what it was given;
 * the lowest goes next, and nobody enters below what the others have come to. So nobody is more than one batch ahead of
 * its share, and nobody waits for ever. Who enters stands as if it had just sent one byte, and who joins while others
 * contend as if it had sent a batch: then carriers made for one message each cannot hold up the rest. Once nobody
 * contends all is forgotten, so that of those who enter together the lower `connPriority` is first by its weight.
 */

import type { Scheduler } from '../policy/tokens.ts';
import { Heap } from './heap.ts';
import { type Rule, rules, type Share } from './scheduler-rules.ts';

/** In bytes, what who joins is taken to have sent. */
const usualBatch = 2 ** 16;

/** Then tags are counted from 0 again: far enough below 2 ** 53 for the cost of a batch of 64 GiB. */
const highestLevel = 2 ** 52;

export class GroupScheduler {
	readonly #shares = new Set<Share>();
	#rule: Rule;
	/** Those that contend, but for the one whose turn it is. */
	#others: Heap<Share>;
	/** None of the others precedes it. */
	#turn: Share | undefined;
	/** Whoever has the turn knows. */
	#told = false;
	#telling = false;
	/** The tag that was lowest when a batch was last started. */
	#level = 0;
	#highestTag = 0;
	#served = 0;
	#lastNumber = 0;

	constructor(scheduler: Scheduler) {
		this.#rule = rules[scheduler];
		this.#others = new Heap(this.#rule.precedes);
	}

	/**
	 * A new member, with its `connPriority`. `onTurn` tells it that it may send now, when that is not the answer to a call
	 * of its own; it must not throw, and either starts a batch or says why it does not.
	 */
	join(priority: number, onTurn: () => void): Share {
		const served = (this.#served += 1);
		const share = { priority, head: undefined, blocked: false, tag: 0, served, spot: undefined, onTurn };
		if (this.#turn) this.#charge(share, this.#level, usualBatch, 1);
		this.#shares.add(share);
		return share;
	}

	/** The member is gone, and what it still says is not heard. */
	leave(share: Share): void {
		this.#shares.delete(share);
		this.rests(share);
	}

	/** A number for the message that is sent now, above those of all before it in the group. */
	number(): number {
		return (this.#lastNumber += 1);
	}

	/** Whether it is its turn. To be asked before each batch, and after `waits`, `welcome` and `started`, which may give it. */
	maySend(share: Share): boolean {
		return share === this.#turn;
	}

	/** It has messages waiting, the first of which has that number. To be said again when that number changes. */
	waits(share: Share, head: number): void {
		if (share.head === head || !this.#shares.has(share)) return;
		const enters = share.head === undefined;
		this.#quit(share);
		share.head = head;
		if (share.blocked) return;
		if (enters) this.#enter(share);
		else this.#place(share);
		this.#tell(share);
	}

	/** It has no more messages waiting. */
	rests(share: Share): void {
		share.head = undefined;
		this.#quit(share);
		this.#tell();
	}

	/**
	 * Its flow takes no more. Who is full after each batch and empty a moment later would so give every turn away; to see
	 * first whether it is so, a member may keep silent, and keeps its turn meanwhile.
	 */
	blocked(share: Share): void {
		share.blocked = true;
		this.#quit(share);
		this.#tell();
	}

	/** Its flow takes more again. */
	welcome(share: Share): void {
		if (!share.blocked) return;
		share.blocked = false;
		if (share.head === undefined) return;
		this.#enter(share);
		this.#tell(share);
	}

	/** It gave a batch to its flow. Not heard from who may not send. */
	started(share: Share, bytes: number, messages: number): void {
		if (share !== this.#turn) return;
		if (share.tag >= highestLevel) this.#lower(share.tag);
		this.#level = share.tag;
		this.#charge(share, share.tag, Math.max(bytes, 1), Math.max(messages, 1));
		share.served = this.#served += 1;
		const first = this.#others.first;
		if (first && this.#rule.precedes(first, share)) {
			this.#quit(share);
			this.#place(share);
		}
		this.#tell(share);
	}

	/** Its `connPriority` is another from now on. */
	prioritize(share: Share, priority: number): void {
		this.#quit(share);
		share.priority = priority;
		if (contends(share)) this.#place(share);
		this.#tell();
	}

	/** Another scheduler from now on, to which all are as if they had been given nothing. */
	use(scheduler: Scheduler): void {
		this.#rule = rules[scheduler];
		this.#others = new Heap(this.#rule.precedes);
		this.#turn = undefined;
		this.#level = this.#highestTag = 0;
		for (const share of this.#shares) {
			share.tag = 0;
			share.spot = undefined;
			if (contends(share)) this.#place(share);
		}
		this.#tell();
	}

	/** Begins to contend. */
	#enter(share: Share): void {
		if (!this.#turn) this.#level = this.#highestTag;
		this.#charge(share, this.#level, 1, 1);
		this.#place(share);
	}

	/** Its tag is at least that of who had `tag` and was given so much. */
	#charge(share: Share, tag: number, bytes: number, messages: number): void {
		share.tag = Math.max(share.tag, tag + this.#rule.cost(share, bytes, messages));
		if (share.tag > this.#highestTag) this.#highestTag = share.tag;
	}

	/** Gives it its place among those that contend. */
	#place(share: Share): void {
		const turn = this.#turn;
		if (turn && !this.#rule.precedes(share, turn)) {
			share.spot = this.#others.push(share);
			return;
		}
		if (turn) turn.spot = this.#others.push(turn);
		this.#give(share);
	}

	/** It contends no longer, or from another place. */
	#quit(share: Share): void {
		const { spot } = share;
		share.spot = undefined;
		spot?.leave();
		if (share !== this.#turn) return;
		this.#turn = undefined;
		const next = this.#others.first;
		if (!next) return;
		this.#quit(next);
		this.#give(next);
	}

	#give(share: Share): void {
		this.#turn = share;
		this.#told = false;
	}

	/**
	 * Tells those whose turn it becomes, one after the other as they use it up. Not `caller`, who asks when its call
	 * returns; not from inside a telling, which goes on by itself.
	 */
	#tell(caller?: Share): void {
		if (this.#turn === caller) this.#told = true;
		if (this.#told || this.#telling) return;
		this.#telling = true;
		try {
			while (this.#turn && !this.#told) {
				this.#told = true;
				if (this.#turn !== caller) this.#turn.onTurn();
			}
		} finally {
			this.#telling = false;
		}
	}

	/** Counts from there, where the lowest tag is of all that contend. */
	#lower(by: number): void {
		for (const share of this.#shares) share.tag = Math.max(0, share.tag - by);
		this.#highestTag -= by;
	}
}

function contends({ head, blocked }: Share): boolean {
	return head !== undefined && !blocked;
}
