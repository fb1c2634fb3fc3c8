/** The order of a rule that is not ours. It is asked when there is a choice it has not seen, and its answer stands until then. */

import type { PostSocketsError } from '../../base/errors.ts';
import type { Choice, Rule } from './plan.ts';

export class RuledOrder {
	readonly #rule: Rule;
	#places = new Map<string, number>();
	/** Why there is no order; from then on there are no choices either. */
	fault: PostSocketsError | undefined;

	constructor(rule: Rule) {
		this.#rule = rule;
	}

	order(choices: readonly Choice[]): Choice[] {
		if (choices.some((choice) => !this.#places.has(keyOf(choice)))) this.#ask(choices);
		if (this.fault) return [];
		const place = (choice: Choice) => this.#places.get(keyOf(choice))!;
		return choices.toSorted((one, other) => place(one) - place(other));
	}

	#ask(choices: readonly Choice[]): void {
		if (this.fault) return;
		const order = this.#rule(choices);
		if (order instanceof Error) this.fault = order;
		else this.#places = new Map(order.map((choice, place) => [keyOf(choice), place]));
	}
}

function keyOf({ path, protocol, endpoint }: Choice): string {
	return `${path} ${protocol} ${endpoint.key}`;
}
