/**
 * The addresses one path knows for a remote, and in which order they are to be tried: answers come in one record type
 * at a time, and nothing waits longer than it must (draft-ietf-happy-happyeyeballs-v3 §4.2, §5; RFC 8305 §3, §4).
 */

import type { IpAddress } from '../../base/address.ts';
import { formatSocketAddress, isUnix, type SocketAddress } from '../../base/socket-address.ts';
import type { Answer, RecordType } from '../../stack/resolver.ts';

/** One equivalent way to reach the service: a name to ask for, or addresses that need no asking. */
export interface EndpointSource {
	/** What is asked for; empty for addresses that have no name. */
	readonly name: string;
	/** The name that a certificate must carry, where one is verified: sources that differ in it share no attempt. */
	readonly identity?: string | undefined;
	readonly port: number;
	/** Known addresses: then nothing is asked (RFC 9622 §6.1, an IP address beats the name). */
	readonly addresses?: readonly IpAddress[] | undefined;
	/** A Unix socket: then neither port nor addresses count. */
	readonly path?: string | undefined;
	/** The protocols this source is for, by name (RFC 9622 §6.1.3). */
	readonly protocols: readonly string[];
}

export interface Endpoint {
	readonly source: EndpointSource;
	readonly address: SocketAddress;
	readonly key: string;
}

export interface Query {
	readonly source: number;
	readonly name: string;
	readonly type: RecordType;
}

interface Name {
	readonly source: EndpointSource;
	readonly answers: Map<RecordType, Answer>;
	/** It counts, and what there is to ask was returned. */
	begun: boolean;
	/** When the resolution delay ends: set by the first address. */
	usableAt: number;
	usable: boolean;
}

export class EndpointSet {
	readonly #names: Name[] = [];
	readonly #families: readonly (4 | 6)[];
	readonly #types: readonly RecordType[];
	readonly #resolutionDelay: number;
	readonly #addressLimit: number;

	/** `families`: those the path has, the preferred one first; its answer ends the wait for the other's. */
	constructor(
		sources: readonly EndpointSource[],
		families: readonly (4 | 6)[],
		resolutionDelay: number,
		addressLimit: number,
	) {
		this.#families = families;
		this.#types = families.map((family) => (family === 6 ? 'AAAA' : 'A'));
		this.#resolutionDelay = resolutionDelay;
		this.#addressLimit = addressLimit;
		for (const source of sources) this.add(source);
	}

	/** One more, after those there are. */
	add(source: EndpointSource): void {
		this.#names.push({ source, answers: new Map(), begun: false, usableAt: Number.POSITIVE_INFINITY, usable: false });
	}

	/** Counts what is known from now on, and returns what was not asked yet, in this order, back to back (§4.1). */
	begin(now: number): Query[] {
		const fresh = this.#names.flatMap((name, index) => (name.begun ? [] : [{ name, index }]));
		for (const { name } of fresh) {
			name.begun = true;
			if (isLiteral(name.source)) name.usableAt = now + this.#resolutionDelay;
		}
		this.wake(now);
		return fresh.flatMap(({ name: { source }, index }) =>
			isLiteral(source) ? [] : this.#types.map((type) => ({ source: index, name: source.name, type })),
		);
	}

	/** Takes an answer, positive or not; it satisfies the wait for its type either way (§4.2). */
	answer(source: number, answer: Answer, now: number): void {
		const name = this.#names[source]!;
		name.answers.set(answer.type, answer);
		if (answer.records.length > 0 && name.usableAt === Number.POSITIVE_INFINITY) {
			name.usableAt = now + this.#resolutionDelay;
		}
		this.wake(now);
	}

	/**
	 * Addresses wait for the preferred family of their name (§4.2), and likewise for the sources before theirs, but for
	 * neither longer than the resolution delay.
	 */
	wake(now: number): void {
		this.#names.forEach((name, index) => {
			const known = name.usableAt !== Number.POSITIVE_INFINITY;
			const answered = isLiteral(name.source) || name.answers.has(this.#types[0]!);
			name.usable ||= now >= name.usableAt || (known && answered && !this.#awaited(index));
		});
	}

	/** When a resolution delay ends that still holds addresses back. */
	get deadline(): number {
		return Math.min(...this.#names.map((name) => (name.usable ? Number.POSITIVE_INFINITY : name.usableAt)));
	}

	/** No further address can come for `protocol`, and none is held back. */
	settled(protocol: string): boolean {
		return this.#names
			.filter(({ source }) => source.protocols.includes(protocol))
			.every((name) => this.#complete(name) && (name.usable || name.usableAt === Number.POSITIVE_INFINITY));
	}

	/** What each name was answered, for the error of a race that found nothing to try. */
	get answers(): readonly { readonly name: string; readonly answers: readonly Answer[] }[] {
		return this.#names.map(({ source, answers }) => ({ name: source.name, answers: [...answers.values()] }));
	}

	/**
	 * What may be tried now and was not, in order: one source after the other, within each the families alternating from
	 * the preferred one, which is that of the first address where we were given a list, or from the one that `lastFamily`
	 * did not have (§5.3: one continuing alternation).
	 */
	untried(protocol: string, tried: ReadonlySet<string>, lastFamily: 4 | 6 | undefined): Endpoint[] {
		const endpoints = new Map<string, Endpoint>();
		for (const name of this.#names) {
			if (!name.usable || !name.source.protocols.includes(protocol)) continue;
			const fresh = this.#known(name).filter(({ key }) => !tried.has(key) && !endpoints.has(key));
			for (const endpoint of this.#alternate(fresh, lastFamily)) endpoints.set(endpoint.key, endpoint);
		}
		return [...endpoints.values()];
	}

	/** A source before this one, for one of the same protocols, may still become usable. */
	#awaited(index: number): boolean {
		const { protocols } = this.#names[index]!.source;
		return this.#names
			.slice(0, index)
			.filter((name) => !name.usable && !this.#complete(name))
			.some(({ source }) => source.protocols.some((protocol) => protocols.includes(protocol)));
	}

	#complete({ source, answers, begun }: Name): boolean {
		return begun && (isLiteral(source) || answers.size === this.#types.length);
	}

	/** Each once, in the order of the answers. */
	#known({ source, answers }: Name): Endpoint[] {
		const { identity, path, port } = source;
		const found = this.#types.flatMap((type) => answers.get(type)?.records.slice(0, this.#addressLimit) ?? []);
		const ips = (source.addresses ?? found.map(({ address }) => address)).filter(({ family }) =>
			this.#families.includes(family),
		);
		const addresses: SocketAddress[] = path === undefined ? ips.map((address) => ({ address, port })) : [{ path }];
		const endpoints = new Map<string, Endpoint>();
		for (const address of addresses) {
			const where = formatSocketAddress(address);
			const key = identity === undefined ? where : `${identity} at ${where}`;
			endpoints.set(key, { source, address, key });
		}
		return [...endpoints.values()];
	}

	#alternate(endpoints: Endpoint[], lastFamily: 4 | 6 | undefined): Endpoint[] {
		const lanes = {
			4: endpoints.filter(({ address }) => familyOf(address) === 4),
			6: endpoints.filter(({ address }) => familyOf(address) === 6),
		};
		const sorted = endpoints.filter(({ address }) => isUnix(address));
		let family = lastFamily === undefined ? ((endpoints[0] && familyOf(endpoints[0].address)) ?? 6) : other(lastFamily);
		while (lanes[4].length + lanes[6].length > 0) {
			if (lanes[family].length > 0) sorted.push(lanes[family].shift()!);
			family = other(family);
		}
		return sorted;
	}
}

export function familyOf(address: SocketAddress): 4 | 6 | undefined {
	return isUnix(address) ? undefined : address.address.family;
}

function other(family: 4 | 6): 4 | 6 {
	return family === 4 ? 6 : 4;
}

function isLiteral(source: EndpointSource): boolean {
	return source.addresses !== undefined || source.path !== undefined;
}
