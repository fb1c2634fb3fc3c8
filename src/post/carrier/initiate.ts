/** Active open: `initiate(remote, options)` gathers, races, and gives a carrier that is ready (P-01, P-90 to P-92). */

import type { RemoteLike } from '../endpoint/remote.ts';
import type { Carrier } from './carrier.ts';
import { implicitAssociation } from './implicit.ts';
import type { InitiateOptions } from './options.ts';

/**
 * Opens a carrier to `remote`: a bare `host:port` by verified TLS, `tcp://host:port` and `unix:/path` plain. Resolves
 * when messages can be sent: name resolved, addresses raced, handshake done, certificate trusted.
 *
 * Carriers of the same remote, local and security share what they learn: TLS sessions, winners, round trips, as long as
 * the process lives. `policy: { isolateSession: true }` shares nothing; an `Association` of one's own says with whom.
 *
 * Mistakes in the arguments throw `bad-argument`, `not-supported` or `policy-contradiction` before anything is asked or
 * opened. What the network does rejects with an `EstablishmentError`, whose `report` has every attempt.
 */
export async function initiate<In = Uint8Array, Out = Uint8Array>(
	remote: RemoteLike,
	options: InitiateOptions<In, Out> = {},
): Promise<Carrier<In, Out>> {
	const { local, security, policy, ...making } = options;
	const association = implicitAssociation({ remote, local, policy, security: await security });
	return association.initiate(making);
}
