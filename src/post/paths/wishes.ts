/** What a policy wishes of paths that the choice of a stack, which it does not tell, may not fulfil. */

import { isOfInterface } from '../policy/eligibility.ts';
import type { PathFacts } from '../policy/features.ts';
import { isAsked, type SettledPolicy } from '../policy/settled.ts';

export function wishesInterface({ selection }: SettledPolicy): boolean {
	return Object.values(selection.interface).some((wish) => wish !== 'none');
}

/** To prefer temporary addresses is what systems do by themselves (RFC 6724 §5, rule 7). */
export function wishesAddress(policy: SettledPolicy): boolean {
	const wish = policy.selection.useTemporaryLocalAddress;
	return isAsked(policy, 'useTemporaryLocalAddress') && wish !== 'none' && wish !== 'prefer';
}

/** Any path will do, if those that are preferred do not: then the stack's own choice comes next, whichever it is. */
export function isOnlyPreferred(policy: SettledPolicy): boolean {
	const wishes = Object.values(policy.selection.interface);
	return !wishesAddress(policy) && wishes.every((wish) => wish === 'prefer' || wish === 'none');
}

export function isPreferred(path: PathFacts, { selection }: SettledPolicy): boolean {
	return Object.entries(selection.interface).some(([name, wish]) => wish === 'prefer' && isOfInterface(path, name));
}
