/**
 * What an association remembers of its peers and networks, in a store: typed, and never more than a hint. Memory ranks
 * what policy allows; it does not allow anything (RFC 9621 §4.2).
 *
 *     const memory = new Memory({ store: await fileStore(path) })
 *     const hints = memory.hints(String(remote), attachment.network)
 *     // … a race, in the order of the hints …
 *     memory.recordRace(winner.report, attachment.network)
 */

import { IpAddress } from '../../base/address.ts';
import { wallTime } from '../../base/clock.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import { Hints } from './hints.ts';
import { memoryStore } from './memory-store.ts';
import { Names } from './names.ts';
import { Notes } from './notes.ts';
import { type AttemptOutcome, hasAnswered, isFault, isSilent, type RaceOutcome, roundTripOf } from './race-outcome.ts';
import type { AssociationStore } from './store.ts';
import { type TicketLimits, Tickets } from './tickets.ts';
import { type Performance, pathKey, TrackRecord } from './track-record.ts';
import { Verdicts } from './verdicts.ts';

export interface MemoryOptions extends TicketLimits {
	/** Default: a `memoryStore()` of its own. */
	readonly store?: AssociationStore | undefined;
	/** A context of the application (a tenant, a tab) that shares memory with no other (RFC 9621 §4.2.3). Default: `''`. */
	readonly partition?: string | undefined;
	/** The calendar; the store must have the same. Default the machine's. */
	readonly now?: (() => Date) | undefined;
	readonly random?: Random | undefined;
}

/** The network of each path of a race: one for all, or by the name of the stack. */
export type NetworkOf = string | ((stack: string) => string);

/** One in so many races ignores what is known (H-71, H-73). */
const exploreOneIn = 20;

/** Before the names of partitions that end with their session. */
const isolation = 'isolated:';

export class Memory {
	readonly names: Names;
	readonly tickets: Tickets;
	/** Whether paths let something through: `udp`. */
	readonly paths: Verdicts;
	readonly #options: MemoryOptions & { readonly store: AssociationStore };
	readonly #random: Random;
	readonly #notes: Notes;
	readonly #record: TrackRecord;

	constructor(options: MemoryOptions = {}) {
		const { now = wallTime, store = memoryStore({ now }), partition = '', random = systemRandom } = options;
		this.#options = { ...options, store };
		this.#random = random;
		this.#notes = new Notes({ store, partition, passing: partition.startsWith(isolation), now });
		this.#record = new TrackRecord(this.#notes);
		this.names = new Names(this.#notes);
		this.tickets = new Tickets(this.#notes, options);
		this.paths = new Verdicts(this.#notes);
	}

	/**
	 * Memory of the same kind that is empty, sees nothing of this one and shows it nothing, for a group of connections
	 * with `isolateSession` (RFC 9622 §8.1.10): they share it, and call `forget` when the last of them is closed. It is
	 * never written to a disk.
	 */
	isolated(): Memory {
		const bytes = this.#random.fill(new Uint8Array(16));
		return new Memory({ ...this.#options, partition: isolation + Buffer.from(bytes).toString('hex') });
	}

	/** Forgets all of this partition, or what holds on one network. */
	forget(network?: string): void {
		this.#notes.clear(network);
	}

	/** For one race for `target`, as its report will name it. Each call draws anew whether history is ignored. */
	hints(target: string, network: string): Hints {
		const exploring = this.#random.below(exploreOneIn) === 0;
		return new Hints(this.#record, network, target, this.#notes.read('winner', network, target), exploring);
	}

	/** See `Hints.attemptDelay`. */
	attemptDelay(address: IpAddress, network: string): number | undefined {
		return this.#record.attemptDelay(address, network);
	}

	performance(address: IpAddress, protocol: string, network: string): Performance {
		return this.#record.performance(address, protocol, network);
	}

	/** Learns from a race that is over, won or lost (P-56). Unix sockets are not remembered: they have no network. */
	recordRace({ attempts, target, milliseconds, plaintextFallback }: RaceOutcome, network: NetworkOf): void {
		const known = attempts.flatMap((attempt) => {
			const address = attempt.family === 'unix' ? undefined : IpAddress.tryParse(attempt.address);
			const on = typeof network === 'string' ? network : network(attempt.stack);
			return address === undefined ? [] : [{ attempt, address, on }];
		});
		// Where nothing at all has answered, the network is at fault and no address.
		const alive = new Set(known.filter(({ attempt }) => hasAnswered(attempt)).map(({ on }) => on));
		// The winner last: its success is newer than the failure of a neighbour.
		known.sort((one, other) => Number(one.attempt.outcome === 'won') - Number(other.attempt.outcome === 'won'));
		for (const { attempt, address, on } of known) {
			this.#learn(attempt, address, on, alive.has(on));
			const roundTrip = roundTripOf(attempt);
			const path = pathKey(target, attempt.stack, attempt.interface);
			if (roundTrip !== undefined) this.#record.measuredPath(path, roundTrip, on);
			const { outcome, protocol, port, family } = attempt;
			// Plaintext that was fallen back to is no reason to prefer it.
			if (outcome !== 'won' || plaintextFallback || family === 'unix' || port === null) continue;
			this.#notes.write('winner', on, target, { protocol, address: attempt.address, port, family, milliseconds });
		}
	}

	#learn(attempt: AttemptOutcome, address: IpAddress, network: string, alive: boolean): void {
		const { outcome, protocol, start, end, phase } = attempt;
		const roundTrip = roundTripOf(attempt);
		if (roundTrip !== undefined) this.#record.measured(address, roundTrip, network);
		if (end === null) return;
		if (outcome === 'won') {
			this.#record.worked(address, protocol, end - start, network);
		} else if (outcome === 'cancelled' && phase === 'connect') {
			if (alive) this.#record.unanswered(address, protocol, end - start, network);
		} else if (isFault(attempt)) {
			const silent = isSilent(attempt);
			if (alive || !silent) this.#record.failed(address, protocol, network, silent);
		}
	}
}
