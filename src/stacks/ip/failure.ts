/** The errors a system would give, with its errno names as their cause, and what ICMP says as such. */

import type { PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type IpEndpoint } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';
import type { ProblemKind } from './packet.ts';

export type Errno =
	| 'EACCES'
	| 'EADDRINUSE'
	| 'EADDRNOTAVAIL'
	| 'EAFNOSUPPORT'
	| 'ECONNREFUSED'
	| 'ECONNRESET'
	| 'EHOSTUNREACH'
	| 'EINVAL'
	| 'EMSGSIZE'
	| 'ENETUNREACH'
	| 'ENOBUFS'
	| 'ETIMEDOUT';

export function failure(
	errno: Errno,
	operation: string,
	local: IpEndpoint | undefined,
	remote: IpEndpoint | undefined,
): PostSocketsError {
	return fromSystem(Object.assign(new Error(`${operation} ${errno}`), { code: errno }), {
		operation,
		local: local && formatSocketAddress(local),
		remote: remote && formatSocketAddress(remote),
	});
}

/** RFC 1122 §4.1.3.3, §4.2.3.9. `too-big` is none: what is sent next is made to fit. */
export function errnoOf(kind: ProblemKind): Errno | undefined {
	switch (kind) {
		case 'port':
		case 'protocol':
			return 'ECONNREFUSED';
		case 'net':
			return 'ENETUNREACH';
		case 'too-big':
			return undefined;
		default:
			return 'EHOSTUNREACH';
	}
}
