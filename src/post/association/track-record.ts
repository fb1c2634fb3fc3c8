/** How addresses have done, each by itself and its prefix with it, on one network (RFC 9623 §9.2, H-73). */

import type { IpAddress } from '../../base/address.ts';
import { Prefix } from '../../base/prefix.ts';
import { countFailure, fade, penalty } from './decay.ts';
import { hour } from './kinds.ts';
import type { Notes } from './notes.ts';
import { clampDelay, isSample, measured, type RoundTrip, timeout } from './round-trip.ts';

/** What is known of one address; times in ms. */
export interface Performance {
	/** The smoothed round trip of the address, else of its prefix. */
	readonly srtt: number | undefined;
	readonly rttvar: number | undefined;
	/** Attempts given up have shown that the round trip is longer than this; 0 if none has. */
	readonly over: number;
	/** Smoothed, from the start of an attempt to its being ready. */
	readonly latency: number | undefined;
	/** From 0 to 1, a half where nothing is known. */
	readonly successRate: number;
	/** How bad its failures in a row are now; 0 for none. */
	readonly penalty: number;
}

/** Success ages slowly. */
const successHalfLife = 6 * hour;

/** All addresses of a network, for those of which not even the prefix is known (H-33: "else per path"). */
const everywhere = '*';

/** Without a measurement, an attempt of a second has been repeated once and is silent (RFC 6298 §2.1). */
const presumedTimeout = 1_000;

export class TrackRecord {
	readonly #notes: Notes;

	constructor(notes: Notes) {
		this.#notes = notes;
	}

	/** A round trip took so many ms; a second and more is no sample, for nobody knows which packet was answered. */
	measured(address: IpAddress, milliseconds: number, network: string): void {
		if (!isSample(milliseconds)) return;
		const { host, prefix, isLoopback } = keysOf(address);
		for (const key of isLoopback ? [host, prefix] : [host, prefix, everywhere])
			this.#measured(key, milliseconds, network);
		this.#notes.delete('censored', network, host);
	}

	/** The same of a path, whichever address of the remote it was. */
	measuredPath(path: string, milliseconds: number, network: string): void {
		if (isSample(milliseconds)) this.#measured(path, milliseconds, network);
	}

	/** Its smoothed round trip in ms; undefined if it was not measured lately. */
	pathRoundTrip(path: string, network: string): number | undefined {
		return this.#notes.read('rtt', network, path)?.srtt;
	}

	/** An attempt was ready after so many ms: its failures are forgotten. */
	worked(address: IpAddress, protocol: string, milliseconds: number, network: string): void {
		const { host, prefix } = keysOf(address);
		for (const key of [host, prefix]) {
			this.#count(`${protocol} ${key}`, true, milliseconds, network);
			this.#notes.delete('failure', network, `${protocol} ${key}`);
		}
	}

	/** An attempt failed. With an error that is the fault of this address; in silence perhaps that of its prefix. */
	failed(address: IpAddress, protocol: string, network: string, silent: boolean): void {
		const { host, prefix } = keysOf(address);
		for (const key of [host, prefix]) this.#count(`${protocol} ${key}`, false, 0, network);
		for (const key of silent ? [host, prefix] : [host]) this.#countFailure(`${protocol} ${key}`, network);
	}

	/**
	 * An attempt was given up after so many ms without an answer. That is a silent loss only if the answer was overdue;
	 * else it has shown no more than that the round trip is longer (H-75).
	 */
	unanswered(address: IpAddress, protocol: string, milliseconds: number, network: string): void {
		const { host, prefix } = keysOf(address);
		const over = Math.max(milliseconds, this.#over(host, network));
		this.#notes.write('censored', network, host, { over });
		const known = this.#roundTrip(network, host, prefix);
		if (milliseconds < (known === undefined ? presumedTimeout : clampDelay(timeout(known)))) return;
		for (const key of [host, prefix]) this.#countFailure(`${protocol} ${key}`, network);
	}

	/** When an answer of this address is overdue, 100 to 2000 ms (H-33); undefined if nothing was ever measured. */
	attemptDelay(address: IpAddress, network: string): number | undefined {
		const { host, prefix } = keysOf(address);
		const known = this.#roundTrip(network, host, prefix, everywhere);
		return known === undefined ? undefined : clampDelay(Math.max(timeout(known), this.#over(host, network)));
	}

	performance(address: IpAddress, protocol: string, network: string): Performance {
		const { host, prefix } = keysOf(address);
		const [own, wide] = [`${protocol} ${host}`, `${protocol} ${prefix}`];
		const roundTrip = this.#roundTrip(network, host, prefix);
		const ownSuccess = this.#notes.read('success', network, own);
		const success = ownSuccess ?? this.#notes.read('success', network, wide);
		// An address that is known by itself does not answer for its neighbours.
		const failure =
			this.#notes.read('failure', network, own) ??
			(ownSuccess ? undefined : this.#notes.read('failure', network, wide));
		const left = fade(this.#notes.age(success), successHalfLife);
		const { good, bad, latency } = success ?? { good: 0, bad: 0, latency: 0 };
		return {
			srtt: roundTrip?.srtt,
			rttvar: roundTrip?.rttvar,
			over: this.#over(host, network),
			latency: latency > 0 ? latency : undefined,
			successRate: (good * left + 1) / ((good + bad) * left + 2),
			penalty: failure === undefined ? 0 : penalty(failure.count, this.#notes.age(failure)),
		};
	}

	#measured(key: string, milliseconds: number, network: string): void {
		const before = this.#notes.read('rtt', network, key);
		this.#notes.write('rtt', network, key, measured(before, milliseconds, this.#notes.age(before)));
	}

	/** The first of these estimates that there is. */
	#roundTrip(network: string, ...keys: string[]): RoundTrip | undefined {
		for (const key of keys) {
			const note = this.#notes.read('rtt', network, key);
			if (note !== undefined) return note;
		}
		return undefined;
	}

	#over(host: string, network: string): number {
		return this.#notes.read('censored', network, host)?.over ?? 0;
	}

	#count(key: string, ok: boolean, milliseconds: number, network: string): void {
		const before = this.#notes.read('success', network, key);
		const left = fade(this.#notes.age(before), successHalfLife);
		const { good, bad, latency } = before ?? { good: 0, bad: 0, latency: 0 };
		const smoothed = latency === 0 ? milliseconds : (7 / 8) * latency + (1 / 8) * milliseconds;
		this.#notes.write('success', network, key, {
			good: good * left + (ok ? 1 : 0),
			bad: bad * left + (ok ? 0 : 1),
			latency: ok ? smoothed : latency,
		});
	}

	#countFailure(key: string, network: string): void {
		const before = this.#notes.read('failure', network, key);
		const count = countFailure(before?.count ?? 0, this.#notes.age(before));
		this.#notes.write('failure', network, key, { count });
	}
}

/** The way to a remote from an interface of a stack, or from where the stack chooses. */
export function pathKey(target: string, stack: string, bound: string | undefined): string {
	return `path ${JSON.stringify([target, stack, bound])}`;
}

/** An address and its /24 or /48 as text; IPv4 in the dress of IPv6 is IPv4. */
function keysOf(given: IpAddress): { host: string; prefix: string; isLoopback: boolean } {
	const address = given.unmapped();
	const length = address.family === 4 ? 24 : 48;
	return {
		host: `${address}`,
		prefix: `${Prefix.of(address, length).network}/${length}`,
		isLoopback: address.isLoopback,
	};
}
