/** Memory as one association uses it: on the network where its stack is, which it notices when it asks. */

import { compareInterfaces } from '../../stack/interface-watch.ts';
import type { Resolver } from '../../stack/resolver.ts';
import type { Interface, Stack } from '../../stack/stack.ts';
import type { Attachment } from '../association/attachment.ts';
import type { Winner } from '../association/hints.ts';
import type { Memory } from '../association/memory.ts';
import { securityHash } from '../association/tickets.ts';
import type { Security } from '../policy/security.ts';
import type { RaceHints } from '../race/plan.ts';
import type { RaceReport } from '../race/report.ts';
import type { Sessions } from '../transport/transport.ts';

/** Milliseconds for which the interfaces that were seen are taken to be those there are. */
const lookInterval = 500;

/** Where memory is kept and looked up. */
export class Place {
	readonly stack: Stack;
	readonly #attachment: Attachment;
	#seen: readonly Interface[] | undefined;
	#looked = Number.NEGATIVE_INFINITY;

	constructor(attachment: Attachment, stack: Stack) {
		this.#attachment = attachment;
		this.stack = stack;
	}

	/** The key of the network the stack is on. Interfaces that came, went or changed make it another one (H-70). */
	get network(): string {
		const { clock } = this.stack;
		if (this.stack.interfaces && clock.now() - this.#looked >= lookInterval) {
			this.#looked = clock.now();
			this.#look(this.stack.interfaces());
		}
		return this.#attachment.network;
	}

	#look(now: readonly Interface[]): void {
		if (this.#seen && compareInterfaces(this.#seen, now)) this.#attachment.moved();
		this.#seen = now;
	}
}

export class AttachedMemory {
	readonly #memory: Memory;
	readonly #place: Place;

	constructor(memory: Memory, place: Place) {
		this.#memory = memory;
		this.#place = place;
	}

	/** Of a group with `isolateSession`: empty, and nobody else's. */
	isolated(): AttachedMemory {
		return new AttachedMemory(this.#memory.isolated(), this.#place);
	}

	hints(target: string): RaceHints {
		return this.#memory.hints(target, this.#place.network);
	}

	winner(target: string): Winner | undefined {
		return this.#memory.hints(target, this.#place.network).winner;
	}

	sessions(security: Security): (name: string, port: number) => Sessions {
		const common = { alpn: security.alpn ?? [], security: securityHash(security) };
		return (name, port) => {
			const owner = { ...common, name: security.serverName ?? name, port };
			return {
				take: () => this.#memory.tickets.take(owner),
				put: (session) => this.#memory.tickets.put(owner, session, security.cachedSessionLifetimeSeconds),
			};
		};
	}

	/** That of `stack`, asked only for what is not remembered, if it is the stack that memory is of. */
	resolver(stack: Stack): Resolver | undefined {
		const { resolver } = stack;
		if (resolver === undefined || stack !== this.#place.stack) return resolver;
		return this.#memory.names.before(resolver, () => this.#place.network);
	}

	learn(report: RaceReport): void {
		const { network } = this.#place;
		this.#memory.recordRace(report, network);
		if (report.winner !== null) return;
		for (const { name, type } of report.dns) this.#memory.names.forget(name, type, network);
	}

	forget(): void {
		this.#memory.forget();
	}
}
