/** TLS sessions to resume: several for each peer, each used for one connection only (RFC 8446 §C.4, RFC 9623 §5.3). */

import { hash, randomUUID } from 'node:crypto';
import { badArgument } from '../../base/errors.ts';
import type { Security } from '../policy/security.ts';
import type { Note } from './kinds.ts';
import type { Notes } from './notes.ts';

/**
 * What a ticket is good for: a resumed session is not verified again, so all that the verification depended on must be
 * the same. Never an address that a name was resolved to.
 */
export interface TicketOwner {
	/** The name that was verified. */
	readonly name: string;
	readonly port: number;
	/** What was offered, in order. */
	readonly alpn: readonly string[];
	/** `securityHash` of the policy. */
	readonly security: string;
	/**
	 * The local address, where it is a temporary one that the application required: a ticket used from two addresses
	 * would link them. Default: tickets are good from everywhere.
	 */
	readonly local?: string | undefined;
}

export interface TicketLimits {
	/** Tickets in all; 0 for none (RFC 9622 §6.3.6). Default: as the store is bounded. */
	readonly maxCachedSessions?: number | undefined;
	/** Seconds after which a ticket is not used any more, however long it is good for. Default: no such limit. */
	readonly cachedSessionLifetimeSeconds?: number | undefined;
}

/** Tickets kept for one owner; a new one takes the place of the oldest. */
export const ticketsPerOwner = 8;

/** A ticket is at most 64 KiB (RFC 8446 §4.6.1); with the peer's certificate a session is hardly ever larger either. */
const largestSession = 65_536;

/** What servers commonly keep their keys for, where nothing is said. */
const usualLifetime = 7_200;

export class Tickets {
	readonly #notes: Notes;
	readonly #most: number;
	readonly #longest: number;

	/** Throws `bad-argument` for a limit below 0. */
	constructor(notes: Notes, { maxCachedSessions, cachedSessionLifetimeSeconds }: TicketLimits = {}) {
		this.#notes = notes;
		this.#most = limit('maxCachedSessions', maxCachedSessions);
		this.#longest = 1_000 * limit('cachedSessionLifetimeSeconds', cachedSessionLifetimeSeconds);
	}

	/**
	 * Keeps a session, copied; `lifetimeSeconds` is what the server said. Default 7200, at most 604800 (RFC 8446 §4.6.1).
	 * One of more than 64 KiB is not kept.
	 */
	put(owner: TicketOwner, session: Uint8Array, lifetimeSeconds: number = usualLifetime): void {
		if (this.#most === 0 || session.length > largestSession) return;
		const slots = this.#slots(owner);
		const free = slots.find(({ note }) => note === undefined);
		const { key } = free ?? slots.reduce((oldest, slot) => (slot.note!.at < oldest.note!.at ? slot : oldest));
		this.#notes.write('ticket', '', key, { session }, Math.min(1_000 * lifetimeSeconds, this.#longest));
		if (this.#most !== Number.POSITIVE_INFINITY) this.#trim();
	}

	/** The newest session, which nobody else will get; undefined if there is none. */
	take(owner: TicketOwner): Uint8Array | undefined {
		const held = this.#slots(owner).filter(({ note }) => note !== undefined);
		if (held.length === 0) return undefined;
		const { key } = held.reduce((newest, slot) => (slot.note!.at > newest.note!.at ? slot : newest));
		return this.#notes.take('ticket', '', key)?.session;
	}

	/** How many there are: among equal candidates, one with a ticket is the better (RFC 9623 §9.1). */
	count(owner: TicketOwner): number {
		return this.#slots(owner).filter(({ note }) => note !== undefined).length;
	}

	#slots(owner: TicketOwner): { key: string; note: Note<'ticket'> | undefined }[] {
		const owned = keyOf(owner);
		return Array.from({ length: ticketsPerOwner }, (_, slot) => {
			const key = `${owned}#${slot}`;
			const note = this.#notes.read('ticket', '', key);
			return { key, note: note && this.#notes.age(note) < this.#longest ? note : undefined };
		});
	}

	/** Those used longest ago go first. */
	#trim(): void {
		const all = this.#notes.entries('ticket');
		for (const { network, key } of all.slice(0, Math.max(0, all.length - this.#most))) {
			this.#notes.delete('ticket', network, key);
		}
	}
}

/**
 * One text for all that makes connections what they are: how a peer is verified, what is offered and shown to it. Not the
 * private key, which the certificate stands for, nor the ALPN, which an owner has apart. A function is like no other, in
 * no other process either.
 */
export function securityHash(security: Security): string {
	const { ca, cert, pin, serverName, allowedSecurityProtocols, groups, ciphers, signatureAlgorithms, ...more } =
		security;
	const { trust, keyLog, preSharedKey, maxCachedSessions, cachedSessionLifetimeSeconds, key, alpn, ...rest } = more;
	const { identities, clientCertificates, ...others } = rest; // of listeners
	// Does not compile when Security gets a field that nobody has sorted into the ones above.
	others satisfies Record<keyof typeof others, never>;
	const shared =
		typeof preSharedKey === 'object' && preSharedKey ? [preSharedKey.identity, preSharedKey.key] : undefined;
	const lists = [ca, cert, pin, serverName, allowedSecurityProtocols, groups, ciphers, signatureAlgorithms, shared];
	const parts = lists.map((part) =>
		part === undefined
			? []
			: [part].flat().map((item) => Buffer.from(item instanceof Uint8Array ? item : String(item)).toString('base64')),
	);
	const callbacks = [trust, keyLog, preSharedKey].map(numberOf);
	const cache = [maxCachedSessions, cachedSessionLifetimeSeconds];
	return hash('sha256', JSON.stringify([parts, callbacks, cache]), 'hex').slice(0, 32);
}

const numbers = new WeakMap<WeakKey, string>();

function numberOf(callback: unknown): string {
	if (typeof callback !== 'function') return '';
	const number = numbers.get(callback) ?? randomUUID();
	numbers.set(callback, number);
	return number;
}

function keyOf({ name, port, alpn, security, local = '' }: TicketOwner): string {
	return JSON.stringify([name.toLowerCase(), port, alpn, security, local]);
}

function limit(name: string, value = Number.POSITIVE_INFINITY): number {
	if (value >= 0) return value;
	throw badArgument(`${name} is ${value}; it is a number from 0`);
}
