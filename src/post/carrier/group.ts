/**
 * A connection group (RFC 9622 §7.4): a carrier and its forks. They share one association's memory and every connection
 * property but `connPriority`. A carrier that was never forked is a group of one.
 */

import { change } from '../policy/cascade.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import { GroupScheduler } from '../queue/scheduler.ts';

export interface GroupMember {
	/** A connection property of the group has changed. */
	onPolicy(): void;
	/** It is not alone any more, and sends as `scheduler` lets it. */
	onCompany(scheduler: GroupScheduler): void;
}

/** As far as its members do not matter. */
export type AnyGroup = Pick<Group<GroupMember>, 'policy' | 'set'>;

export class Group<Member extends GroupMember> {
	readonly #members = new Set<Member>();
	readonly #onEmpty: () => void;
	#policy: SettledPolicy;
	/** Once there were two. */
	#scheduler: GroupScheduler | undefined;

	/** `onEmpty` is called once the last member has left. */
	constructor(policy: SettledPolicy, onEmpty: () => void = () => {}) {
		this.#policy = policy;
		this.#onEmpty = onEmpty;
	}

	/** Those that are not closed, in the order of their making. */
	get members(): readonly Member[] {
		return [...this.#members];
	}

	get policy(): SettledPolicy {
		return this.#policy;
	}

	join(member: Member): void {
		this.#members.add(member);
		if (this.#scheduler) member.onCompany(this.#scheduler);
		else if (this.#members.size > 1) {
			this.#scheduler = new GroupScheduler(this.#policy.connection.connScheduler);
			for (const each of this.#members) each.onCompany(this.#scheduler);
		}
	}

	leave(member: Member): void {
		if (this.#members.delete(member) && this.#members.size === 0) this.#onEmpty();
	}

	/** Sets a connection property for all (RFC 9622 §7.4: entanglement). Throws `bad-argument`, and then changes nothing. */
	set(name: string, value: unknown): void {
		const before = this.#policy.connection.connScheduler;
		this.#policy = change(this.#policy, name, value);
		const { connScheduler } = this.#policy.connection;
		if (connScheduler !== before) this.#scheduler?.use(connScheduler);
		for (const member of this.members) member.onPolicy();
	}
}
