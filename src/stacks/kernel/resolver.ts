import { promises as dns } from 'node:dns';
import { domainToASCII } from 'node:url';
import { IpAddress } from '../../base/address.ts';
import { abortedBy, badArgument, type PostSocketsError } from '../../base/errors.ts';
import type { AddressRecord, Answer, AnswerStatus, RecordType, Resolver } from '../../stack/resolver.ts';
import { HostsFile, systemHostsFile } from './hosts.ts';
import type { OpenThings } from './open-things.ts';

export interface KernelResolverOptions {
	/** Default: that of the system. */
	readonly hostsFile?: string | undefined;
	/** DNS servers as `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`. Default: those of the system. */
	readonly servers?: readonly string[] | undefined;
	/** Milliseconds until a server is asked again; each round waits twice as long. Default 2000. */
	readonly timeout?: number | undefined;
	/** Rounds over all servers. Default 3: one server that is silent is given up after 14 seconds. */
	readonly tries?: number | undefined;
}

/**
 * Names as this machine knows them: `localhost`, then the hosts file, then its DNS servers, by c-ares. Never by
 * getaddrinfo, which answers for both families at once, cannot be stopped, and waits in a pool of four threads.
 *
 * Search domains are not applied: a name is what it says. A hosts file that has the name has the last word on both
 * types. Answers of both have the TTL 0, for they are looked up again at no cost.
 */
export class KernelResolver implements Resolver {
	readonly #hosts: HostsFile;
	readonly #options: KernelResolverOptions;
	readonly #things: OpenThings;

	/** Throws `bad-argument` for a server that is not one. */
	constructor(options: KernelResolverOptions, things: OpenThings) {
		this.#hosts = new HostsFile(options.hostsFile ?? systemHostsFile());
		this.#options = options;
		this.#things = things;
		if (options.servers) this.#channel();
	}

	async resolve(name: string, type: RecordType, signal: AbortSignal): Promise<Answer> {
		if (signal.aborted) throw abortedBy(signal, 'resolve');
		const key = toAscii(name).toLowerCase().replace(/\.$/, '');
		return this.#special(key, type) ?? this.#fromHosts(key, type) ?? (await this.#fromDns(key, type, signal));
	}

	/** RFC 6761 §6.3 and §6.4: names that no server is asked about. */
	#special(name: string, type: RecordType): Answer | undefined {
		const top = name.slice(name.lastIndexOf('.') + 1);
		if (top === 'invalid') return { type, status: 'not-found', records: [], source: 'RFC 6761' };
		if (top !== 'localhost') return undefined;
		const address = type === 'A' ? IpAddress.loopback4 : IpAddress.loopback6;
		return { type, status: 'found', records: [{ address, ttl: 0 }], source: 'localhost' };
	}

	#fromHosts(name: string, type: RecordType): Answer | undefined {
		const addresses = this.#hosts.addressesOf(name);
		if (addresses === undefined) return undefined;
		const family = type === 'A' ? 4 : 6;
		const records = addresses.filter((address) => address.family === family).map((address) => ({ address, ttl: 0 }));
		return { type, status: records.length > 0 ? 'found' : 'empty', records, source: 'hosts file' };
	}

	async #fromDns(name: string, type: RecordType, signal: AbortSignal): Promise<Answer> {
		const channel = this.#channel();
		const source = `dns ${channel.getServers().join(', ')}`;
		let stopped: PostSocketsError | undefined;
		const stop = (reason: PostSocketsError) => {
			stopped ??= reason;
			channel.cancel();
		};
		const onAbort = () => stop(abortedBy(signal, 'resolve'));
		const gone = this.#things.add(stop);
		signal.addEventListener('abort', onAbort);
		try {
			const query = type === 'A' ? channel.resolve4(name, { ttl: true }) : channel.resolve6(name, { ttl: true });
			const records = (await query).map(
				({ address, ttl }): AddressRecord => ({ address: IpAddress.parse(address), ttl }),
			);
			return { type, status: 'found', records, source };
		} catch (error) {
			if (stopped) throw stopped;
			return { type, status: statusOf(error), records: [], source };
		} finally {
			signal.removeEventListener('abort', onAbort);
			gone();
		}
	}

	/** One for each question: `cancel` ends all questions of a channel. It has read the system's servers afresh. */
	#channel(): dns.Resolver {
		const { servers, timeout = 2_000, tries = 3 } = this.#options;
		const channel = new dns.Resolver({ timeout, tries });
		try {
			if (servers) channel.setServers(servers);
		} catch {
			throw badArgument(
				`${servers?.join(', ')}: a DNS server is written 192.0.2.53, 192.0.2.53:53 or [2001:db8::53]:53`,
			);
		}
		return channel;
	}
}

/** A name in other letters as DNS has it (RFC 5891). A name in ASCII is left as it is. */
function toAscii(name: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
	return /^[\x00-\x7f]*$/.test(name) ? name : domainToASCII(name);
}

function statusOf(error: unknown): AnswerStatus {
	switch (error instanceof Error && 'code' in error ? error.code : undefined) {
		case dns.NODATA:
			return 'empty';
		case dns.NOTFOUND:
		case dns.BADNAME: // No name in DNS can be like this.
			return 'not-found';
		case dns.TIMEOUT:
			return 'timed-out';
		default:
			return 'failed';
	}
}
