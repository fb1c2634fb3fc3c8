/** The policy of one carrier: its group's, and what is its own: message properties and `connPriority` (RFC 9622 §7.4). */

import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import type { PropertyValue } from '../policy/properties.ts';
import { propertyOf } from '../policy/property-name.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import type { AnyGroup } from './group.ts';

export class OwnPolicy {
	readonly #group: AnyGroup;
	#own: Policy;
	/** Of which it was settled. */
	#of: SettledPolicy | undefined;
	#settled: SettledPolicy | undefined;

	constructor(group: AnyGroup, own: Policy) {
		this.#group = group;
		this.#own = own;
	}

	get settled(): SettledPolicy {
		const { policy } = this.#group;
		if (this.#of !== policy || !this.#settled) {
			this.#of = policy;
			const own = Object.keys(this.#own).length > 0;
			this.#settled = own ? settle(policy.action, policy.asked, this.#own) : policy;
		}
		return this.#settled;
	}

	/** Takes a value that `setProperty` found right. */
	set(name: string, value: unknown): void {
		const property = propertyOf(name);
		if (property.class === 'message' || property.name === 'connPriority') {
			this.#own = { ...this.#own, [property.name]: value as PropertyValue };
			this.#settled = undefined;
		} else this.#group.set(name, value);
	}
}
