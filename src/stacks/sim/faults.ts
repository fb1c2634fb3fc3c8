/** What goes wrong in a network, as it is told: partitions, holds, and rules that judge every packet. */

import { PostSocketsError } from '../../base/errors.ts';
import { mostRules } from './limits.ts';
import type { SimPacket } from './packet.ts';

/**
 * What becomes of a packet. `corrupt` turns the bit of that number (counted from the start of the IP packet), or the
 * last one with `true`; of a stream, it is a loss. Nothing is `pass`.
 */
export type Verdict =
	| 'pass'
	| 'drop'
	| { readonly delay: number }
	| { readonly corrupt: true | number }
	| { readonly duplicate: number };

export type Rule = (packet: SimPacket) => Verdict | undefined;

/** Ends it; harmless when repeated. */
export interface Fault extends Disposable {
	/** The network is whole again, as far as this goes. The same as leaving the `using` block. */
	heal(): void;
}

export interface Hold extends Disposable {
	/** What was held arrives now, in order, and nothing is held any more. */
	release(): void;
}

interface Split {
	readonly from: (host: string) => boolean;
	readonly to: (host: string) => boolean;
	/** Of a hold: what waits for its release. Of a partition: undefined. */
	readonly waiting: (() => void)[] | undefined;
}

export class Faults {
	readonly #splits = new Set<Split>();
	readonly #rules = new Set<Rule>();

	/** Whether anything is wrong at all: else nobody need look. */
	get any(): boolean {
		return this.#splits.size > 0 || this.#rules.size > 0;
	}

	/** Nothing passes from `a` to `b`, nor back unless `oneWay`. */
	partition(a: readonly string[], b: readonly string[] | undefined, oneWay: boolean): Fault {
		const splits = this.#split(a, b, oneWay, false);
		const heal = () => {
			for (const split of splits) this.#splits.delete(split);
		};
		return { heal, [Symbol.dispose]: heal };
	}

	hold(a: readonly string[], b: readonly string[] | undefined, oneWay: boolean): Hold {
		const splits = this.#split(a, b, oneWay, true);
		const release = () => {
			for (const split of splits) {
				if (!this.#splits.delete(split)) continue;
				for (const deliver of split.waiting ?? []) deliver();
			}
		};
		return { release, [Symbol.dispose]: release };
	}

	/** Throws `resource-limit` when there are too many: somebody forgets to dispose of them. */
	rule(rule: Rule): Disposable {
		if (this.#rules.size >= mostRules) {
			throw new PostSocketsError('resource-limit', `${mostRules} rules are in force; dispose of some`);
		}
		const own: Rule = (packet) => rule(packet);
		this.#rules.add(own);
		return { [Symbol.dispose]: () => void this.#rules.delete(own) };
	}

	/** `held` gives the list in which to wait. */
	between(from: string, to: string): 'open' | 'cut' | { readonly held: (() => void)[] } {
		for (const { from: isFrom, to: isTo, waiting } of this.#splits) {
			if (from === to || !isFrom(from) || !isTo(to)) continue;
			return waiting ? { held: waiting } : 'cut';
		}
		return 'open';
	}

	/** The first verdict that is not `pass`, in the order of the rules. */
	judge(packet: SimPacket): Verdict {
		for (const rule of this.#rules) {
			const verdict = rule(packet) ?? 'pass';
			if (verdict !== 'pass') return verdict;
		}
		return 'pass';
	}

	#split(a: readonly string[], b: readonly string[] | undefined, oneWay: boolean, holds: boolean): Split[] {
		const [left, right] = [new Set(a), b && new Set(b)];
		const inA = (host: string) => left.has(host);
		const inB = right ? (host: string) => right.has(host) : (host: string) => !left.has(host);
		const make = (from: Split['from'], to: Split['to']) => ({ from, to, waiting: holds ? [] : undefined });
		const splits = oneWay ? [make(inA, inB)] : [make(inA, inB), make(inB, inA)];
		for (const split of splits) this.#splits.add(split);
		return splits;
	}
}
