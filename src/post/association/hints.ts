/** What memory says to one race: in which order to try, and how long to wait. It ranks; it never adds or removes. */

import { IpAddress } from '../../base/address.ts';
import { formatSocketAddress, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import type { Remembered } from '../race/plan.ts';
import type { Note } from './kinds.ts';
import { pathKey, type TrackRecord } from './track-record.ts';

export interface Candidate {
	readonly address: SocketAddress;
}

/** What worked last for a remote on this network, less than 10 minutes ago (RFC 6555 §4.2). */
export interface Winner {
	readonly protocol: string;
	/** The IP address as text. */
	readonly address: string;
	readonly port: number;
	readonly family: 4 | 6;
	/** From the start of the race until it was ready. */
	readonly milliseconds: number;
}

/** One candidate is significantly better than another (RFC 9623 §9.2) at half its cost, and by no less than this (ms). */
const significant = 10;

export class Hints {
	/** History is ignored for the order this time, so that what has been repaired is found again (H-71, H-73). */
	readonly exploring: boolean;
	readonly winner: Winner | undefined;
	readonly #record: TrackRecord;
	readonly #network: string;
	readonly #target: string;

	constructor(
		record: TrackRecord,
		network: string,
		target: string,
		winner: Note<'winner'> | undefined,
		exploring: boolean,
	) {
		this.exploring = exploring;
		this.winner = winner && winnerOf(winner);
		this.#record = record;
		this.#network = network;
		this.#target = target;
	}

	/** The family of the winner, which a race then need not wait to be told of by the other. */
	get family(): 4 | 6 | undefined {
		return this.exploring ? undefined : this.winner?.family;
	}

	/**
	 * The same candidates of one protocol: first the one that won last, then those without failures in the given order,
	 * but for those known to be significantly better than one before them, then those that failed, the least bad first.
	 */
	order<C extends Candidate>(candidates: readonly C[], protocol: string): C[] {
		if (this.exploring || candidates.length < 2) return [...candidates];
		const rated = candidates.map((candidate) => ({ candidate, ...this.#rate(candidate.address, protocol) }));
		const failing = rated.filter(({ penalty }) => penalty > 0).sort((one, other) => one.penalty - other.penalty);
		const healthy = rated.filter(({ penalty }) => penalty === 0);
		const first = healthy.filter(({ won }) => won);
		const rest = promote(healthy.filter(({ won }) => !won));
		return [...first, ...rest, ...failing].map(({ candidate }) => candidate);
	}

	/** Ms to wait after an attempt at this address before the next, 100 to 2000 (H-33); undefined if nothing is known. */
	attemptDelay(address: IpAddress): number | undefined {
		return this.#record.attemptDelay(address, this.#network);
	}

	/** Ms of a round trip from that interface, or from where the stack chooses; undefined if it was not measured lately. */
	pathRoundTrip(stack: string, bound: string | undefined): number | undefined {
		return this.exploring ? undefined : this.#record.pathRoundTrip(pathKey(this.#target, stack, bound), this.#network);
	}

	/** What a rule of the user's own may go by. It is told while exploring as well: history is ignored, not forgotten. */
	remembered(address: SocketAddress, protocol: string): Remembered {
		if (isUnix(address)) return { roundTrip: undefined, won: false };
		const { srtt } = this.#record.performance(address.address, protocol, this.#network);
		return { roundTrip: srtt, won: this.#won(address, protocol) };
	}

	/** `cost`: the expected ms until an attempt is answered, undefined if never measured. */
	#rate(address: SocketAddress, protocol: string): { won: boolean; penalty: number; cost: number | undefined } {
		if (isUnix(address)) return { won: false, penalty: 0, cost: undefined };
		const { srtt, over, successRate, penalty } = this.#record.performance(address.address, protocol, this.#network);
		return {
			won: this.#won(address, protocol),
			penalty,
			cost: srtt === undefined ? undefined : Math.max(srtt, over) / successRate,
		};
	}

	#won(address: SocketAddress, protocol: string): boolean {
		const { winner } = this;
		if (winner === undefined || winner.protocol !== protocol) return false;
		const known = IpAddress.tryParse(winner.address);
		return (
			known !== undefined && formatSocketAddress({ address: known, port: winner.port }) === formatSocketAddress(address)
		);
	}
}

function winnerOf({ protocol, address, port, family, milliseconds }: Note<'winner'>): Winner {
	return { protocol, address, port, family: family === 4 ? 4 : 6, milliseconds };
}

/** Those that were measured exchange places among themselves; the others keep theirs. */
function promote<R extends { readonly cost: number | undefined }>(rated: readonly R[]): R[] {
	const sorted: R[] = [];
	for (const item of rated) {
		if (item.cost === undefined) continue;
		let place = sorted.length;
		while (place > 0 && isSignificant(item.cost, sorted[place - 1]!.cost!)) place -= 1;
		sorted.splice(place, 0, item);
	}
	return rated.map((item) => (item.cost === undefined ? item : sorted.shift()!));
}

function isSignificant(cost: number, other: number): boolean {
	return 2 * cost <= other && cost + significant <= other;
}
