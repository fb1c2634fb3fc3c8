/** The errors a system would give, with its errno names as their cause. */

import type { PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress, type SocketAddress } from '../../base/socket-address.ts';
import { fromSystem } from '../../base/system-error.ts';

export type Errno =
	| 'EADDRINUSE'
	| 'EADDRNOTAVAIL'
	| 'EAFNOSUPPORT'
	| 'ECONNREFUSED'
	| 'EHOSTUNREACH'
	| 'ENETUNREACH'
	| 'ETIMEDOUT';

export function failure(
	errno: Errno,
	operation: string,
	local: SocketAddress | undefined,
	remote: SocketAddress | undefined,
): PostSocketsError {
	return fromSystem(Object.assign(new Error(`${operation} ${errno}`), { code: errno }), {
		operation,
		local: local && formatSocketAddress(local),
		remote: remote && formatSocketAddress(remote),
	});
}
