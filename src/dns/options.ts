import type { IpAddress } from '../base/address.ts';
import { badArgument, type PostSocketsError } from '../base/errors.ts';
import { type Random, systemRandom } from '../base/random.ts';
import type { IpEndpoint } from '../base/socket-address.ts';
import type { Stack } from '../stack/stack.ts';
import { canonicalName } from '../wire/dns/name.ts';
import { type CacheLimits, cacheLimits } from './cache.ts';
import { DatagramTransport } from './datagram.ts';
import { mostSearch, mostServers, parseServer } from './resolv-conf.ts';
import { Server } from './server.ts';
import { StreamTransport } from './stream.ts';
import type { Transports } from './transport.ts';

/** Rounds over the servers. */
const mostAttempts = 10;

export interface StubResolverOptions {
	/** Where the servers are reached, by UDP if it has `bind` and by TCP if it has `connect`; whose time it waits in. */
	readonly stack: Pick<Stack, 'clock' | 'bind' | 'connect'>;
	/** At least one, of at most 64; text as `parseServer` reads it. Recursive ones. */
	readonly servers: readonly (string | IpEndpoint)[];
	/** Domains, at most 32, in which a name with few dots is looked for. Default none. */
	readonly search?: readonly string[] | undefined;
	/** Dots from which a name is first tried as it is. Default 1. */
	readonly ndots?: number | undefined;
	/** Milliseconds a silent server has in the first round; each further one adds twice as many. Default 2000. */
	readonly timeout?: number | undefined;
	/** Rounds over the servers, 1 to 10. Default 3: silence is `timed-out` after 14 s. */
	readonly attempts?: number | undefined;
	/** The addresses of a name in lower case, asked each time; they have the last word (`parseHosts`). Default none. */
	readonly hosts?: ((name: string) => readonly IpAddress[] | undefined) | undefined;
	readonly cache?: Partial<CacheLimits> | undefined;
	/** Answer with what has expired when the servers do not. Default: no. */
	readonly stale?: Partial<StaleLimits> | undefined;
	readonly limits?: Partial<StubLimits> | undefined;
	/** Default `systemRandom`; ids, ports and case must be hard to guess. */
	readonly random?: Random | undefined;
	/** In place of UDP and TCP, at least one of them; the resolver closes them. */
	readonly transports?: Transports | undefined;
}

/** RFC 8767 §5. */
export interface StaleLimits {
	/** Seconds that an answer may be used beyond its time. Default 86 400. */
	readonly longest: number;
	/** Milliseconds to wait for a fresh one first. Default 1800. */
	readonly after: number;
	/** Milliseconds until the servers are asked again. Default 30 000. */
	readonly rest: number;
	/** Seconds that a stale record may be kept. Default 30. */
	readonly ttl: number;
}

export interface StubLimits {
	/** Questions under way at once; further ones wait. Default 128. */
	readonly concurrent: number;
	/** Questions that wait; one more is refused with `queue-full`. Default 4096. */
	readonly waiting: number;
	/** Records of one answer; the rest is ignored. Default 256. */
	readonly records: number;
}

const staleLimits: StaleLimits = { longest: 86_400, after: 1_800, rest: 30_000, ttl: 30 };
const stubLimits: StubLimits = { concurrent: 128, waiting: 4_096, records: 256 };

/** Options that were checked, with their defaults. */
export interface Settled {
	readonly servers: readonly Server[];
	/** Canonical. */
	readonly search: readonly string[];
	readonly ndots: number;
	readonly timeout: number;
	readonly attempts: number;
	readonly hosts: NonNullable<StubResolverOptions['hosts']>;
	readonly cache: CacheLimits;
	readonly stale: StaleLimits | undefined;
	readonly limits: StubLimits;
	readonly random: Random;
	readonly transports: Transports;
}

/** Throws `bad-argument`. */
export function settle(options: StubResolverOptions): Settled {
	const { stack, servers, search = [], ndots = 1, timeout = 2_000, attempts = 3, random = systemRandom } = options;
	if (servers.length < 1 || servers.length > mostServers) throw mistake(`give 1 to ${mostServers} DNS servers`);
	if (search.length > mostSearch) throw mistake(`give at most ${mostSearch} search domains`);
	if (!(timeout > 0) || timeout === Number.POSITIVE_INFINITY)
		throw mistake('timeout is a number of milliseconds above 0');
	if (!Number.isInteger(attempts) || attempts < 1 || attempts > mostAttempts) {
		throw mistake(`attempts is a whole number from 1 to ${mostAttempts}`);
	}
	const cache = { ...cacheLimits, ...options.cache };
	const stale = options.stale && { ...staleLimits, ...options.stale };
	const limits = { ...stubLimits, ...options.limits };
	for (const [name, value] of Object.entries({ ndots, ...cache, ...stale, ...limits })) {
		if (!(value >= 0)) throw mistake(`${name} is a number from 0, not ${value}`);
	}
	if (limits.concurrent < 1 || limits.records < 1) throw mistake('concurrent and records are at least 1');
	const transports = options.transports ?? {
		datagram: stack.bind && new DatagramTransport(stack as Required<typeof stack>, random),
		stream: stack.connect && new StreamTransport(stack as Required<typeof stack>, stack.clock, random),
	};
	if (!transports.datagram && !transports.stream) throw mistake('the stack has neither UDP nor TCP; give transports');
	return {
		servers: servers.map((server) => new Server(typeof server === 'string' ? parseServer(server) : server)),
		search: search.map((domain) => {
			const name = canonicalName(domain);
			if (name === undefined) throw mistake(`"${domain}" is no domain to search`);
			return name;
		}),
		ndots,
		timeout,
		attempts,
		hosts: options.hosts ?? (() => undefined),
		cache,
		stale,
		limits,
		random,
		transports,
	};
}

function mistake(message: string): PostSocketsError {
	return badArgument(message, 'stubResolver');
}
