/**
 * A connection group (RFC 9622 §7.4): a carrier and its forks. They share one association's memory and every connection
 * property but `connPriority`. A carrier that was never forked is a group of one.
 */

import { change } from '../policy/cascade.ts';
import type { SettledPolicy } from '../policy/settled.ts';

export interface GroupMember {
	/** A connection property of the group, or its own `connPriority`, has changed. */
	onPolicy(): void;
}

/** As far as its members do not matter. */
export type AnyGroup = Pick<Group<GroupMember>, 'policy' | 'set'>;

export class Group<Member extends GroupMember> {
	readonly #members = new Set<Member>();
	readonly #onEmpty: () => void;
	#policy: SettledPolicy;

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
	}

	leave(member: Member): void {
		if (this.#members.delete(member) && this.#members.size === 0) this.#onEmpty();
	}

	/** Sets a connection property for all (RFC 9622 §7.4: entanglement). Throws `bad-argument`, and then changes nothing. */
	set(name: string, value: unknown): void {
		this.#policy = change(this.#policy, name, value);
		for (const member of this.members) member.onPolicy();
	}
}
