/** Policies for common needs (RFC 9622 §B.2): a layer for `settle`, or to spread into one's own. */

import type { Policy } from './policy.ts';

export const profiles = Object.freeze({
	/** Bytes in order, all of them: what TCP gives. RFC 9622 §B.2.1. */
	reliableInorderStream: Object.freeze({
		reliability: 'require',
		preserveOrder: 'require',
		congestionControl: 'require',
		preserveMsgBoundaries: 'none',
	}),
	/** Messages in order, all of them: what SCTP gives, or any stream with a framing. RFC 9622 §B.2.2. */
	reliableMessage: Object.freeze({
		reliability: 'require',
		preserveOrder: 'require',
		congestionControl: 'require',
		preserveMsgBoundaries: 'require',
	}),
	/** Messages that may be lost, overtake each other and come twice: what UDP gives. RFC 9622 §B.2.3. */
	unreliableDatagram: Object.freeze({
		reliability: 'avoid',
		preserveOrder: 'avoid',
		congestionControl: 'none',
		preserveMsgBoundaries: 'require',
		safelyReplayable: true,
	}),
} as const satisfies Record<string, Policy>);
