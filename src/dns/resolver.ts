/**
 * A stub resolver of our own over any stack: each record type is a question of its own, over UDP and TCP, to servers
 * that are raced. It waits in the time of its stack and reads no file.
 *
 * ```ts
 * const resolver = stubResolver({ stack: kernel(), servers: ['192.0.2.53', '2001:db8::53'] });
 * const { records } = await resolver.records('example.com', 'HTTPS', signal);
 * ```
 *
 * Read first: RFC 1035 §4 and §7, RFC 2308, RFC 5452, RFC 7766, RFC 8767, RFC 9460 §3.
 */

import { IpAddress } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import { abortedBy, badArgument, PostSocketsError } from '../base/errors.ts';
import { Queue } from '../base/queue.ts';
import type { Answer, RecordAnswer, RecordResolver, RecordType } from '../stack/resolver.ts';
import { canonicalName, foldName } from '../wire/dns/name.ts';
import type { TypeName } from '../wire/dns/record.ts';
import { follow } from './alias.ts';
import { Cache } from './cache.ts';
import { type Finding, isFailure, nothing } from './finding.ts';
import { Lookup } from './lookup.ts';
import { type Settled, type StubResolverOptions, settle } from './options.ts';
import type { Outcome } from './query.ts';
import { runQuery } from './query-run.ts';
import { searchNames } from './search.ts';
import { ordered } from './server.ts';
import { localFinding, specialFinding } from './special.ts';

export interface StubResolver extends RecordResolver {
	/** Questions under way or waiting. */
	readonly pending: number;
	/** Forgets all answers, those under way too: for when the network has changed. */
	flush(): void;
	/** Ends questions and connections; who asks, now and later, is rejected with `closed`. */
	close(): void;
}

/** Throws `bad-argument`. */
export function stubResolver(options: StubResolverOptions): StubResolver {
	return new Stub(options.stack.clock, settle(options));
}

class Stub implements StubResolver {
	readonly #clock: Clock;
	readonly #options: Settled;
	#cache: Cache;
	readonly #lookups = new Map<string, Lookup>();
	/** Starts of lookups that wait for others to end. */
	readonly #waiting = new Queue<() => void>();
	#running = 0;
	#closed: PostSocketsError | undefined;

	constructor(clock: Clock, options: Settled) {
		this.#clock = clock;
		this.#options = options;
		this.#cache = emptyCache(options);
	}

	get pending(): number {
		return this.#lookups.size;
	}

	async resolve(name: string, type: RecordType, signal: AbortSignal): Promise<Answer> {
		const { status, records, source } = await this.records(name, type, signal);
		return { type, status, records: records.map(({ address, ttl }) => ({ address, ttl })), source };
	}

	async records<T extends TypeName>(text: string, type: T, signal: AbortSignal): Promise<RecordAnswer<T>> {
		const { status, records, name, source } = await this.#find(text, type, signal);
		// Of a finding for a type, all records are of that type.
		return { type, status, records: records as readonly never[], name, source };
	}

	flush(): void {
		this.#cache = emptyCache(this.#options);
	}

	close(): void {
		this.#closed ??= new PostSocketsError('closed', 'the resolver is closed', { operation: 'resolve' });
		for (const lookup of [...this.#lookups.values()]) lookup.fail(this.#closed);
		this.#options.transports.datagram?.close();
		this.#options.transports.stream?.close();
	}

	/**
	 * What this host says, else what the search list leads to. That looks on only while the name does not exist: what
	 * exists without this type, or cannot be asked, is the answer, for else the types of a name could come from different
	 * domains. A hosts file speaks of addresses, and HTTPS and SVCB must not lead around it.
	 */
	async #find(text: string, type: TypeName, signal: AbortSignal): Promise<Finding> {
		this.#check(signal);
		const { hosts, search, ndots } = this.#options;
		const literal = IpAddress.tryParse(text);
		if (literal) return localFinding(text, type, [literal], 'literal');
		if (!isAscii(text)) {
			throw badArgument(`"${text}" has other letters than ASCII; write it with A-labels (xn--…)`, 'resolve');
		}
		const name = canonicalName(text);
		if (name === undefined) return nothing('not-found', text, 'RFC 1035');
		const special = specialFinding(name, type, search);
		if (special) return special;
		const addresses = ofHosts.includes(type) ? hosts(foldName(name)) : undefined;
		if (addresses) return localFinding(name, type, addresses, 'hosts file');
		const isAbsolute = text.endsWith('.') && canonicalName(text.slice(0, -1)) !== undefined;
		let last = nothing('not-found', name, 'search list');
		for (const candidate of searchNames(name, isAbsolute, search, ndots)) {
			if (canonicalName(candidate) === undefined) continue;
			last = specialFinding(candidate, type, search) ?? (await this.#lookUp(candidate, type, signal));
			if (last.status !== 'not-found') break;
		}
		return last;
	}

	async #lookUp(name: string, type: TypeName, signal: AbortSignal): Promise<Finding> {
		this.#check(signal);
		const key = keyOf(name, type);
		const now = this.#clock.now();
		const fresh = this.#cache.fresh(key, now);
		if (fresh) return fresh;
		const current = this.#lookups.get(key);
		if (current?.released.aborted || this.#cache.resting(key, now)) {
			const stale = this.#stale(key);
			if (stale) return stale;
		}
		return (current ?? this.#begin(key, name, type)).join(signal);
	}

	#check(signal: AbortSignal): void {
		if (this.#closed) throw this.#closed;
		if (signal.aborted) throw abortedBy(signal, 'resolve');
	}

	#stale(key: string): Finding | undefined {
		const { stale } = this.#options;
		return stale && this.#cache.stale(key, this.#clock.now(), stale.ttl);
	}

	/** Begins a lookup that others can join, now or when its turn comes. */
	#begin(key: string, name: string, type: TypeName): Lookup {
		const { concurrent, waiting } = this.#options.limits;
		if (this.#running >= concurrent && this.#waiting.length >= waiting) {
			throw new PostSocketsError('queue-full', `${waiting} questions wait already; ask fewer names at once`, {
				operation: 'resolve',
			});
		}
		const lookup = new Lookup();
		this.#lookups.set(key, lookup);
		const leave = () => {
			if (this.#lookups.get(key) === lookup) this.#lookups.delete(key);
		};
		lookup.signal.addEventListener('abort', () => {
			leave();
			this.#waiting.remove((each) => each === start);
		});
		const start = () => {
			this.#running += 1;
			void this.#work(lookup, key, name, type).finally(() => {
				leave();
				this.#running -= 1;
				while (this.#running < concurrent && this.#waiting.length > 0) this.#waiting.shift()!();
			});
		};
		if (this.#running < concurrent) start();
		else this.#waiting.push(start);
		return lookup;
	}

	/** Never rejects. */
	async #work(lookup: Lookup, key: string, name: string, type: TypeName): Promise<void> {
		const { stale, limits, random } = this.#options;
		const cache = this.#cache;
		const settleStale = (): boolean => {
			const finding = this.#stale(key);
			if (!stale || !finding) return false;
			this.#cache.rest(key, this.#clock.now() + stale.rest);
			lookup.settle(finding, 'for now');
			return true;
		};
		const timer = stale && this.#clock.after(stale.after, settleStale);
		timer?.unref?.();
		try {
			const finding = await follow(
				name,
				(next) => this.#ask(next, type, lookup, next !== name),
				limits.records,
				random,
			);
			if (isFailure(finding) && settleStale()) return;
			lookup.settle(cache.set(key, finding, this.#clock.now()));
		} catch (error) {
			lookup.fail(error);
		} finally {
			timer?.cancel();
		}
	}

	async #ask(name: string, type: TypeName, { signal, released }: Lookup, isAlias: boolean): Promise<Outcome> {
		const { servers, timeout, attempts, random, transports } = this.#options;
		const now = this.#clock.now();
		const kept = isAlias ? this.#cache.fresh(keyOf(name, type), now) : undefined;
		if (kept) return outcomeOf(kept);
		return runQuery(
			{ name, type, servers: ordered(servers, now, random), timeout, attempts, random },
			{ ...transports, clock: this.#clock, signal, release: released },
		);
	}
}

const ofHosts: readonly TypeName[] = ['A', 'AAAA', 'SVCB', 'HTTPS'];

function emptyCache({ cache, stale }: Settled): Cache {
	return new Cache(cache, (stale?.longest ?? 0) * 1000);
}

function outcomeOf({ status, ...rest }: Finding): Outcome {
	return { kind: status, ...rest };
}

function keyOf(name: string, type: TypeName): string {
	return `${type} ${foldName(name)}`;
}

function isAscii(text: string): boolean {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
	return /^[\x00-\x7f]*$/.test(text);
}
