import { aged, type Finding, isFailure } from './finding.ts';

export interface CacheLimits {
	/** Default 1024; 0 keeps nothing. */
	readonly entries: number;
	/** Octets of the messages that what is kept came in. Default 1 MiB. */
	readonly bytes: number;
	/** Seconds that an answer is kept at most. Default 86 400 (RFC 8767 §4 would allow a week). */
	readonly longest: number;
	/** Seconds that it is remembered at most that there is no such thing. Default 3600 (RFC 2308 §5). */
	readonly longestNegative: number;
}

export const cacheLimits: CacheLimits = { entries: 1_024, bytes: 2 ** 20, longest: 86_400, longestNegative: 3_600 };

/** What each entry costs besides its octets. */
const overhead = 128;

interface Entry {
	readonly finding: Finding;
	readonly expires: number;
	/** Until then nobody asks again, and what is stale is good enough. RFC 8767 §5 */
	asksAgain: number;
}

/** Findings by key, each for its time; the least recently used goes first. Times in milliseconds. */
export class Cache {
	readonly #limits: CacheLimits;
	/** Milliseconds that what was found is kept beyond its time. */
	readonly #grace: number;
	/** The least recently used first. */
	readonly #entries = new Map<string, Entry>();
	#bytes = 0;

	constructor(limits: CacheLimits, grace: number) {
		this.#limits = limits;
		this.#grace = grace;
	}

	/** What is known, with the seconds that are left of it. */
	fresh(key: string, now: number): Finding | undefined {
		const entry = this.#use(key, now);
		if (entry === undefined || now >= entry.expires) return undefined;
		return aged(entry.finding, Math.floor((entry.expires - now) / 1000), 'cache');
	}

	/** What was known not long ago; only what was found. */
	stale(key: string, now: number, ttl: number): Finding | undefined {
		const entry = this.#use(key, now);
		return entry && aged(entry.finding, ttl, 'stale');
	}

	/** Whether to do with what is stale for now. */
	resting(key: string, now: number): boolean {
		return now < (this.#entries.get(key)?.asksAgain ?? 0);
	}

	rest(key: string, until: number): void {
		const entry = this.#entries.get(key);
		if (entry) entry.asksAgain = until;
	}

	/** Keeps what the servers said, if that is allowed, and returns it with the life that it has. */
	set(key: string, finding: Finding, now: number): Finding {
		const { longest, longestNegative, entries, bytes } = this.#limits;
		const { status, size } = finding;
		if (isFailure(finding)) return finding;
		this.#delete(key);
		const ttl = Math.min(finding.ttl, status === 'found' ? longest : longestNegative);
		const kept = aged(finding, ttl);
		if (ttl <= 0 || size + overhead > bytes || entries <= 0) return kept;
		this.#entries.set(key, { finding: kept, expires: now + ttl * 1000, asksAgain: 0 });
		this.#bytes += size + overhead;
		for (const oldest of this.#entries.keys()) {
			if (this.#entries.size <= entries && this.#bytes <= bytes) break;
			this.#delete(oldest);
		}
		return kept;
	}

	#use(key: string, now: number): Entry | undefined {
		const entry = this.#entries.get(key);
		if (entry === undefined) return undefined;
		if (now >= entry.expires + (entry.finding.status === 'found' ? this.#grace : 0)) {
			this.#delete(key);
			return undefined;
		}
		this.#entries.delete(key);
		this.#entries.set(key, entry);
		return entry;
	}

	#delete(key: string): void {
		const entry = this.#entries.get(key);
		if (entry === undefined) return;
		this.#entries.delete(key);
		this.#bytes -= entry.finding.size + overhead;
	}
}
