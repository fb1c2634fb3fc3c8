/**
 * An Association: what is known of one Remote from one Local under one Policy (P-50 to P-54). It lives without any
 * carrier, and what its carriers learn (who answered, how fast, TLS sessions) is used for the next.
 */

import { badArgument } from '../../base/errors.ts';
import { Attachment } from '../association/attachment.ts';
import type { Winner } from '../association/hints.ts';
import { Memory } from '../association/memory.ts';
import { memoryStore } from '../association/memory-store.ts';
import type { AssociationStore } from '../association/store.ts';
import { Local, type LocalLike } from '../endpoint/local.ts';
import { Remote, type RemoteLike } from '../endpoint/remote.ts';
import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import { ownSecurity, type Security, withIdentity } from '../policy/security.ts';
import { AttachedMemory, Place } from './attached-memory.ts';
import type { AnyCarrier, Carrier, CarrierAssociation } from './carrier.ts';
import { type Belonging, open } from './establish.ts';
import type { CarrierEvents } from './events.ts';
import { Group } from './group.ts';
import { Observers } from './observers.ts';
import type { CarrierMaking } from './options.ts';
import type { Path } from './path.ts';

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

export class Association implements CarrierAssociation {
	readonly remote: Remote;
	/** Where its carriers come from, the preferred first. */
	readonly locals: readonly Local[];
	readonly policy: Policy;
	readonly #belonging: Belonging;
	readonly #memory: AttachedMemory;
	readonly #carriers = new Set<AnyCarrier>();

	/**
	 * Nothing is asked or opened. Throws `bad-argument` and `policy-contradiction`.
	 *
	 * @param memory @internal That of another.
	 */
	constructor(options: AssociationOptions, memory?: AttachedMemory) {
		const { store = memoryStore(), partition } = options;
		this.remote = Remote.from(options.remote);
		this.policy = settle('initiate', options.policy).asked;
		this.locals = [options.local ?? {}].flat().map((local) => Local.from(local as LocalLike));
		const [local] = this.locals;
		if (!local) throw badArgument('`local` is an empty list: leave it out, or name a path');
		const security = withIdentity(
			ownSecurity(options.security),
			this.locals.map(({ identity }) => identity),
		);
		const { maxCachedSessions } = security;
		this.#memory =
			memory ??
			new AttachedMemory(
				new Memory({ store, partition, maxCachedSessions }),
				new Place(new Attachment(store), local.stack),
			);
		this.#belonging = {
			association: this,
			remote: this.remote,
			locals: this.locals,
			security,
			observers: new Observers(local.stack.clock, () => {
				for (const carrier of this.#carriers) carrier.onObserved();
			}),
			joined: (carrier) => {
				this.#carriers.add(carrier);
				void carrier.closed.then(() => this.#carriers.delete(carrier));
			},
		};
	}

	/** Its carriers that are not closed. */
	get carriers(): ReadonlySet<AnyCarrier> {
		return this.#carriers;
	}

	/** The paths that its carriers use. */
	get paths(): readonly Path[] {
		return [...this.#carriers].flatMap(({ paths }) => paths);
	}

	/** What won the last race on this network, if that was not long ago. */
	get winner(): Winner | undefined {
		return this.#memory.winner(String(this.remote));
	}

	/** A new carrier to the remote, as `initiate` makes it, in a group of its own. */
	async initiate<In = Uint8Array, Out = Uint8Array>(options: CarrierMaking<In, Out> = {}): Promise<Carrier<In, Out>> {
		const policy = settle('initiate', this.policy, options.policy);
		const isolated = policy.connection.isolateSession;
		const memory = isolated ? this.#memory.isolated() : this.#memory;
		const group = new Group<AnyCarrier>(policy, isolated ? () => memory.forget() : undefined);
		return open(this.#belonging, { group, memory, policy }, options);
	}

	/** Calls `listener` at every event of that name of each of its carriers (P-43). */
	observe<Name extends keyof CarrierEvents>(
		name: Name,
		listener: (event: CarrierEvents[Name], carrier: AnyCarrier) => void,
	): Disposable {
		return this.#belonging.observers.add(name, listener);
	}

	/** Forgets everything that was learnt. */
	forget(): void {
		this.#memory.forget();
	}
}
