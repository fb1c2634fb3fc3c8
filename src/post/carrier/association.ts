/**
 * An Association: what is known of one Remote from one Local under one Policy (P-50 to P-54). It lives without any
 * carrier, and what its carriers learn (who answered, how fast, TLS sessions) is used for the next.
 */

import { Attachment } from '../association/attachment.ts';
import { Memory } from '../association/memory.ts';
import { memoryStore } from '../association/memory-store.ts';
import type { AssociationStore } from '../association/store.ts';
import { securityHash } from '../association/tickets.ts';
import type { LocalLike } from '../endpoint/local.ts';
import { Remote, type RemoteLike } from '../endpoint/remote.ts';
import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import type { Security } from '../policy/security.ts';
import type { Carrier } from './carrier.ts';
import { type InitiateOptions, initiateWith, type RaceMemory } from './initiate.ts';

export interface AssociationOptions {
	readonly remote: RemoteLike;
	readonly local?: LocalLike | readonly LocalLike[] | undefined;
	/** Under that of each carrier. */
	readonly policy?: Policy | undefined;
	readonly security?: Security | undefined;
	/** Where it remembers. Default: in memory, alone; `fileStore(path)` outlives the process. */
	readonly store?: AssociationStore | undefined;
	/** Memory that no other partition sees: a tenant, a tab. Default: one for all. */
	readonly partition?: string | undefined;
}

/** What belongs to the association cannot be said again for a carrier. */
export type AssociatedOptions<In, Out> = Omit<InitiateOptions<In, Out>, 'local' | 'security'>;

export class Association {
	readonly remote: Remote;
	readonly policy: Policy;
	readonly #options: AssociationOptions;
	readonly #memory: Memory;
	readonly #attachment: Attachment;
	readonly #carriers = new Set<Carrier<never, never>>();

	/** Nothing is asked or opened. Throws `bad-argument` and `policy-contradiction`. */
	constructor(options: AssociationOptions) {
		const { store = memoryStore(), partition } = options;
		this.remote = Remote.from(options.remote);
		this.policy = settle('initiate', options.policy).asked;
		this.#options = { ...options, security: { ...options.security } };
		this.#memory = new Memory({ store, partition });
		this.#attachment = new Attachment(store);
	}

	/** Its carriers that are not closed. */
	get carriers(): ReadonlySet<Carrier<never, never>> {
		return this.#carriers;
	}

	/** A new carrier to the remote, as `initiate` makes it. */
	async initiate<In = Uint8Array, Out = Uint8Array>(
		options: AssociatedOptions<In, Out> = {},
	): Promise<Carrier<In, Out>> {
		const { local, security } = this.#options;
		const policy = { ...this.policy, ...options.policy };
		const carrier = await initiateWith(this.remote, { ...options, policy, local, security }, this.#recollection);
		const kept = carrier as unknown as Carrier<never, never>;
		this.#carriers.add(kept);
		void carrier.closed.then(() => this.#carriers.delete(kept));
		return carrier;
	}

	/** Forgets everything, for example because the network changed. */
	forget(): void {
		this.#memory.forget();
	}

	get #recollection(): RaceMemory {
		const { network } = this.#attachment;
		return {
			hints: (target) => this.#memory.hints(target, network),
			sessions: (security) => {
				const common = { alpn: security.alpn ?? [], security: securityHash(security) };
				return (name, port) => {
					const owner = { ...common, name: security.serverName ?? name, port };
					return {
						take: () => this.#memory.tickets.take(owner),
						put: (session) => this.#memory.tickets.put(owner, session),
					};
				};
			},
			learn: (report) => this.#memory.recordRace(report, network),
		};
	}
}
