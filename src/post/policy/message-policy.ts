/** What one message says of itself over what its carrier says of all: the last step of the cascade (RFC 9622 §9.1.3). */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { readLayer } from './cascade.ts';
import { messageContradictions } from './contradictions.ts';
import { gives, type SelectionFeatures } from './features.ts';
import type { MessageOverrides, MessageProperties } from './policy.ts';
import { findMessageProperty, type Property, propertyOf } from './property-name.ts';
import type { SettledMessage, SettledPolicy } from './settled.ts';

/** A message on the transport that carries it: nothing is left open. */
export type FittedMessage = SettledMessage & { readonly msgOrdered: boolean; readonly msgReliable: boolean };

/**
 * A message's properties: its own, under the short names of `send` or the RFC's, else the policy's. With none of its own
 * this is `policy.message` itself. Throws `bad-argument`, and `policy-contradiction` for what the policy rules out.
 */
export function settleMessage(policy: SettledPolicy, own?: MessageOverrides | MessageProperties): SettledMessage {
	if (own === undefined) return policy.message;
	const message: SettledMessage = Object.freeze({ ...policy.message, ...readLayer(own, messageProperty) });
	refuse(messageContradictions(policy, message));
	return message;
}

/**
 * The message as a transport of these features treats it. Throws `policy-contradiction` for what the transport cannot
 * do: order or reliability it does not have, another reliability than its own without `perMsgReliability`, a message
 * that must not arrive twice where one may (RFC 9622 §9.1.3.3, §9.1.3.4, §9.1.3.7).
 */
export function fitMessage(message: SettledMessage, policy: SettledPolicy, features: SelectionFeatures): FittedMessage {
	const { reliability, perMsgReliability } = policy.selection;
	const { msgOrdered, msgReliable } = message;
	const reliable = gives(features.reliability, reliability);
	const perMessage = gives(features.perMsgReliability, perMsgReliability);
	// RFC 9623 §5.1.1: where the choice was only preferred and the transport has none, the message is sent reliably.
	const indulged = reliable && perMsgReliability === 'prefer';
	const wrong = [
		msgOrdered && features.preserveOrder === false && 'msgOrdered is true, and the transport keeps no order',
		msgReliable && !reliable && !perMessage && 'msgReliable is true, and the transport is not reliable',
		msgReliable === false &&
			reliable &&
			!perMessage &&
			!indulged &&
			'msgReliable is false, and that needs perMsgReliability in the policy',
		!message.safelyReplayable &&
			!features.deliversOnce &&
			'safelyReplayable is false, and the transport may deliver a message twice',
	];
	refuse(wrong.filter((reason) => typeof reason === 'string'));
	return asSent(message, policy, features);
}

/** The message as that transport sends it, whatever was asked for: order and reliability are its own where unset. */
export function asSent(message: SettledMessage, policy: SettledPolicy, features: SelectionFeatures): FittedMessage {
	const { preserveOrder, reliability, perMsgReliability } = policy.selection;
	const reliable = gives(features.reliability, reliability);
	const perMessage = gives(features.perMsgReliability, perMsgReliability);
	return {
		...message,
		msgOrdered: message.msgOrdered ?? gives(features.preserveOrder, preserveOrder),
		msgReliable: perMessage ? (message.msgReliable ?? reliable) : reliable,
	};
}

function messageProperty(name: string): Property {
	const property = findMessageProperty(name) ?? propertyOf(name);
	if (property.class === 'message') return property;
	throw badArgument(`${property.name} is a ${property.class} property; it belongs in a policy, not on one message`);
}

function refuse(reasons: readonly string[]): void {
	if (reasons.length === 0) return;
	throw new PostSocketsError('policy-contradiction', reasons.join('; '), { operation: 'send' });
}
