/**
 * Names to addresses, one record type at a time: a race must not wait for one family because of the other.
 * `resolverSuite` of `post-sockets/testing` is its text as tests.
 */

import type { IpAddress } from '../base/address.ts';
import type { ResourceRecord, TypeName } from '../wire/dns/record.ts';

export type RecordType = 'A' | 'AAAA';

/**
 * `found`: records are there. `empty`: the name exists without this type. `not-found`: no such name (NXDOMAIN).
 * `timed-out`: no server answered. `failed`: a server answered with an error.
 */
export type AnswerStatus = 'found' | 'empty' | 'not-found' | 'timed-out' | 'failed';

export interface AddressRecord {
	readonly address: IpAddress;
	/** Seconds this record may be kept; 0 for not at all. */
	readonly ttl: number;
}

export interface Answer {
	readonly type: RecordType;
	readonly status: AnswerStatus;
	/** In the order of the source; empty unless `found`. */
	readonly records: readonly AddressRecord[];
	/** Who said so: `dns 192.0.2.53`, `hosts file`, `localhost`, `memory`. For people. */
	readonly source: string;
}

export interface Resolver {
	/**
	 * Asks for one type of one name. The promise never rejects for what the network does: that is the answer's `status`.
	 * It rejects with `aborted` when the signal fires, and leaves nothing running.
	 */
	resolve(name: string, type: RecordType, signal: AbortSignal): Promise<Answer>;
}

export interface RecordAnswer<T extends TypeName = TypeName> {
	readonly type: T;
	readonly status: AnswerStatus;
	/** In the order of the source; empty unless `found`. `ttl` as in `AddressRecord`. */
	readonly records: readonly ResourceRecord<T>[];
	/** Whose records they are, or are not: the name itself, or where its aliases lead. */
	readonly name: string;
	readonly source: string;
}

/** A resolver that answers all that DNS can say: what `resolve` is for addresses, `records` is for every type. */
export interface RecordResolver extends Resolver {
	/**
	 * Asks for one type of one name, under the rules of `resolve`. Records of SVCB and HTTPS in alias mode are followed
	 * (RFC 9460 §3): `found` has those of service mode only, `empty` has in `name` where the aliases led.
	 */
	records<T extends TypeName>(name: string, type: T, signal: AbortSignal): Promise<RecordAnswer<T>>;
}
