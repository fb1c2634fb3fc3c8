/** For tests: the schedulers of a group again, slow and plainly right. Whose turn it is, is looked for among all. */

import type { Scheduler } from '../policy/tokens.ts';

export interface TwinShare {
	priority: number;
	head: number | undefined;
	blocked: boolean;
	/** Exact, and never counted anew. */
	tag: bigint;
	served: number;
}

export class SchedulerTwin {
	scheduler: Scheduler;
	readonly shares = new Set<TwinShare>();
	#level = 0n;
	#highest = 0n;
	#served = 0;

	constructor(scheduler: Scheduler) {
		this.scheduler = scheduler;
	}

	get turn(): TwinShare | undefined {
		const contending = [...this.shares].filter(({ head, blocked }) => head !== undefined && !blocked);
		return contending.sort((one, other) => {
			const [a, b] = [this.#key(one), this.#key(other)];
			return a < b ? -1 : a > b ? 1 : one.served - other.served;
		})[0];
	}

	join(priority: number): TwinShare {
		const share = { priority, head: undefined, blocked: false, tag: 0n, served: (this.#served += 1) };
		if (this.turn) this.#raise(share, this.#level + this.#cost(share, 65_536, 1));
		this.shares.add(share);
		return share;
	}

	/** Whether it has messages and whether its flow takes more, from now on. */
	set(share: TwinShare, head: number | undefined, blocked: boolean): void {
		if (!this.shares.has(share)) return;
		const wasOut = share.head === undefined || share.blocked;
		const idle = !this.turn;
		Object.assign(share, { head, blocked });
		if (!wasOut || head === undefined || blocked) return;
		if (idle) this.#level = this.#highest;
		this.#raise(share, this.#level + this.#cost(share, 1, 1));
	}

	started(share: TwinShare, bytes: number, messages: number): void {
		if (share !== this.turn) return;
		this.#level = share.tag;
		this.#raise(share, share.tag + this.#cost(share, Math.max(bytes, 1), Math.max(messages, 1)));
		share.served = this.#served += 1;
	}

	use(scheduler: Scheduler): void {
		this.scheduler = scheduler;
		this.#level = this.#highest = 0n;
		for (const share of this.shares) share.tag = 0n;
	}

	#raise(share: TwinShare, tag: bigint): void {
		if (tag > share.tag) share.tag = tag;
		if (share.tag > this.#highest) this.#highest = share.tag;
	}

	#key({ head, priority, tag }: TwinShare): bigint {
		if (this.scheduler === 'first-come-first-served') return BigInt(head!);
		return this.scheduler === 'priority-based' ? BigInt(priority) : tag;
	}

	#cost({ priority }: TwinShare, bytes: number, messages: number): bigint {
		switch (this.scheduler) {
			case 'round-robin':
				return BigInt(messages);
			case 'round-robin-per-packet':
				return 1n;
			case 'fair-capacity':
				return BigInt(bytes);
			case 'weighted-fair-queueing':
				return BigInt(bytes) * (priority < 65_536 ? BigInt(priority) + 1n : 65_536n);
			default:
				return 0n;
		}
	}
}
