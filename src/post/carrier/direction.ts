/** A policy for what goes one way by its nature. */

import { PostSocketsError } from '../../base/errors.ts';
import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import type { Action } from '../policy/properties.ts';
import type { Direction } from '../policy/tokens.ts';

/** `policy` with that direction. Throws `policy-contradiction` if it asks for another, and as `settle` does. */
export function oneWay(action: Action, policy: Policy | undefined, direction: Direction): Policy {
	const { asked } = settle(action, policy);
	if (asked.direction === undefined || asked.direction === direction) return { ...asked, direction };
	const message = `direction is ${asked.direction}, and this is ${direction} by its nature; leave it out`;
	throw new PostSocketsError('policy-contradiction', message, { operation: action });
}
