/** What one message asks for: its own properties over those of its carrier. */

import { badArgument } from '../../base/errors.ts';
import type { SelectionFeatures } from '../policy/features.ts';
import { fitMessage, settleMessage } from '../policy/message-policy.ts';
import type { MessageOverrides } from '../policy/policy.ts';
import type { SettledMessage, SettledPolicy } from '../policy/settled.ts';
import { defaultPriority } from '../queue/entry.ts';
import type { Terms } from './sender.ts';
import { Sending } from './sending.ts';

/**
 * Of one message. What is left out is as the carrier's policy says, but that a message with a lifetime, a priority or
 * antecedents of its own may overtake others and be overtaken, unless it says `ordered: true`.
 */
export interface SendProperties extends MessageOverrides {
	/**
	 * Milliseconds for which the message is worth sending: it is dropped, as `expired`, before its first byte once it would
	 * come too late, and never in the middle. Default for ever. RFC 9622 §9.1.3.1.
	 */
	readonly lifetime?: number | 'infinite' | undefined;
	/** Rank among what waits on its carrier, lower goes first. Default 100. RFC 9622 §9.1.3.2. */
	readonly priority?: number | undefined;
	/** Not before these were handed down: sendings of this carrier, or numbers of messages yet to come (P-35). */
	readonly antecedents?: readonly (Sending | number)[] | undefined;
	/** Leaves now, instead of at the end of the turn in company (P-38). Default false. */
	readonly immediate?: boolean | undefined;
	/** Withdraws the message, if it still can be. */
	readonly signal?: AbortSignal | undefined;
}

/** As `Terms`, with the antecedents as the caller names them. */
export interface OwnTerms extends Omit<Terms, 'antecedents'> {
	readonly antecedents?: readonly (Sending | number)[] | undefined;
}

type PolicyTerms = Omit<Terms, 'antecedents' | 'immediate'>;

const settledTerms = new WeakMap<SettledPolicy, PolicyTerms>();

/** Of a message without any properties of its own. */
export function policyTerms(policy: SettledPolicy): Terms {
	const known = settledTerms.get(policy);
	if (known) return known;
	const made = termsOf(policy.message);
	settledTerms.set(policy, made);
	return made;
}

/**
 * Of a message with properties of its own. `features` are those of the connection, if there is one. Throws `bad-argument`
 * and `policy-contradiction`.
 */
export function ownTerms(
	policy: SettledPolicy,
	{ antecedents, immediate, signal: _, ...own }: SendProperties,
	features: SelectionFeatures | undefined,
): OwnTerms {
	for (const named of antecedents ?? []) {
		if (typeof named === 'number' || named instanceof Sending) continue;
		throw badArgument('antecedents are what send() returned, or numbers of messages yet to come', 'send');
	}
	const settled = settleMessage(policy, own);
	if (features) fitMessage(settled, policy, features);
	const { msgOrdered, msgPriority, msgLifetime } = policy.message;
	// A message that has its own rank, time or antecedents takes its own place, or they would be for nothing.
	const apart = settled.msgPriority !== msgPriority || settled.msgLifetime !== msgLifetime || antecedents !== undefined;
	const terms = termsOf({ ...settled, msgOrdered: settled.msgOrdered ?? (apart ? false : msgOrdered) });
	return { ...terms, antecedents, immediate };
}

function termsOf({
	msgLifetime,
	msgPriority,
	msgOrdered = true,
	safelyReplayable,
	final,
}: SettledMessage): PolicyTerms {
	return {
		...(msgLifetime !== 'infinite' && { lifetime: msgLifetime }),
		...(msgPriority !== defaultPriority && { priority: msgPriority }),
		ordered: msgOrdered,
		final,
		replayable: safelyReplayable,
	};
}
