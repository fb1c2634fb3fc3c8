/** What a carrier is and gives, for those who ask by the names of RFC 9622. */

import { isUnix } from '../../base/socket-address.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Framing } from '../message/framer.ts';
import { type Ability, type Capabilities, capabilitiesOf } from '../policy/capabilities.ts';
import type { CarrierFacts } from '../policy/property-access.ts';
import type { SettledPolicy } from '../policy/settled.ts';
import type { ConnectionState } from '../policy/tokens.ts';
import type { CarrierState } from './events.ts';
import type { Connection, Life } from './life.ts';

const states: Readonly<Record<CarrierState, ConnectionState>> = {
	dormant: 'establishing',
	establishing: 'establishing',
	active: 'established',
	closing: 'closing',
	closed: 'closed',
};

/** Bytes of the largest UDP datagram over IPv4 and IPv6 (RFC 9622 §8.1.11.5). */
const largestDatagram = { 4: 65_507, 6: 65_527 };

/** Bytes of the IP and UDP headers. */
const datagramHeaders = { 4: 28, 6: 48 };

export interface Flags {
	readonly canSend: boolean;
	readonly canReceive: boolean;
}

export function factsOf(
	policy: SettledPolicy,
	framing: Framing,
	{ state, connection, tuned }: Life,
	{ canSend, canReceive }: Flags,
): CarrierFacts {
	const largest = largestMessage(connection, framing);
	return {
		policy,
		framing,
		established: connection && {
			transport: connection.transport.name,
			features: { ...connection.transport.features, keepAlive: tuned.has('keepAlive') },
		},
		readOnly: {
			connState: states[state],
			canSend,
			canReceive,
			singularTransmissionMsgMaxLen: inOnePacket(connection),
			sendMsgMaxLen: canSend ? largest : 0,
			recvMsgMaxLen: canReceive ? largest : 0,
		},
	};
}

/** `Infinity` where a message may be as long as one likes. */
function largestMessage(connection: Connection | undefined, { maxLength }: Framing): number {
	const family = datagramFamily(connection);
	return family ? largestDatagram[family] : (maxLength ?? Number.POSITIVE_INFINITY);
}

function inOnePacket(connection: Connection | undefined): number | 'not-applicable' {
	const family = datagramFamily(connection);
	const mtu = connection?.transient.paths[0]?.mtu;
	if (!family || mtu === undefined) return 'not-applicable';
	return Math.min(largestDatagram[family], mtu - datagramHeaders[family]);
}

function datagramFamily(connection: Connection | undefined): 4 | 6 | undefined {
	if (!connection?.datagrams || isUnix(connection.flow.remote)) return undefined;
	return connection.flow.remote.address.family;
}

export function abilitiesOf(facts: CarrierFacts, stack: Stack, { connection, tuned, acks }: Life): Capabilities {
	const found: Partial<Record<Ability, true | string>> = {};
	if (connection?.transient.paths[0]?.metrics) found.metrics = true;
	if (acks.available) found.acked = true;
	if (tuned.size > 0) found.nativeOptions = true;
	return capabilitiesOf(facts, stack, found);
}
