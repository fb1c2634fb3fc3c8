/** Which transports may serve a remote or a local: a pure function of their features (RFC 9622 §6.2, RFC 9623 §4.1.3). */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import type { Framing } from '../message/framer.ts';
import { noCandidates, select } from '../policy/selection.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import { tcp, unix } from './plain.ts';
import { tls } from './tls.ts';
import type { Transport } from './transport.ts';
import { udp } from './udp.ts';

/** In order of preference. */
export const transports: readonly Transport[] = [tls, tcp, unix, udp];

/** Schemes of the design that this version does not have. */
const planned = ['quic', 'ws', 'wss', 'mptcp'];

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

/** What secures a stream that stands already. */
export function securing(): Transport {
	return tls;
}

/** The plain counterparts of secure transports, which `allowPlaintext` may fall back to. */
export function plainTransports(): readonly Transport[] {
	return [tcp];
}

/**
 * Those that the policy allows, the preferred first. Throws `no-candidates`, with what speaks against each, before
 * anything is asked or opened (RFC 9623 §3.1).
 */
export function eligible(offered: readonly Transport[], policy: SettledPolicy, framing: Framing): readonly Transport[] {
	const { candidates, dropped } = select(offered, policy, { framing });
	if (candidates.length > 0) return candidates;
	const error = noCandidates(dropped, policy.action);
	if (!offered.every(({ features }) => features.datagrams)) throw error;
	const advice = `${error.message}. Who can live with that says so: \`policy: profiles.unreliableDatagram\``;
	throw new PostSocketsError(error.code, advice, { operation: policy.action });
}
