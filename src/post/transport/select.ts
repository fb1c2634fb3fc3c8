/** Which transports may serve a remote or a local: a pure function of their features (RFC 9622 §6.2, RFC 9623 §4.1.3). */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { tcp, unix } from './plain.ts';
import { tls } from './tls.ts';
import type { Transport } from './transport.ts';

/** In order of preference. */
export const transports: readonly Transport[] = [tls, tcp, unix];

/** Schemes of the design that this version does not have. */
const planned = ['quic', 'udp', 'ws', 'wss', 'mptcp'];

/**
 * A scheme names one transport. Without one the name is secure: every transport that is, and never a plain one beside
 * it (RFC 9621 §3.3). Throws `not-supported` or `bad-argument` for other schemes.
 */
export function selectTransports(scheme: string | undefined): readonly Transport[] {
	if (scheme === undefined) return transports.filter(({ features }) => features.secure);
	const named = transports.filter(({ name }) => name === scheme);
	if (named.length > 0) return named;
	const known = transports.map(({ name }) => name).join(', ');
	if (planned.includes(scheme)) {
		throw new PostSocketsError('not-supported', `there is no ${scheme} yet; this version has ${known}`);
	}
	throw badArgument(`"${scheme}:" names no transport; this version has ${known}. A bare host:port is secure`);
}

/** The plain counterparts that `allowPlaintext` may fall back to. */
export function plainTransports(): readonly Transport[] {
	return transports.filter(({ features }) => !features.secure && features.addressing === 'ip');
}
