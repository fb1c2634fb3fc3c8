/** Where a carrier may connect to and come from, which may change while it lives (RFC 9622 §7.5). */

import { badArgument } from '../../base/errors.ts';
import { Local, type LocalLike } from '../endpoint/local.ts';
import { Remote, type RemoteLike } from '../endpoint/remote.ts';
import { selectTransports } from '../transport/select.ts';

export class Candidates {
	#remotes: readonly Remote[];
	#locals: readonly Local[];
	readonly #joins = new Set<(remote: Remote) => void>();

	constructor(remote: Remote, locals: readonly Local[]) {
		this.#remotes = remote.all;
		this.#locals = locals;
	}

	/** All of them as one, the first with the others as its alternatives; undefined if none is left. */
	get remote(): Remote | undefined {
		return this.#remotes.length > 0 ? Remote.from(this.#remotes.map(alone)) : undefined;
	}

	get locals(): readonly Local[] {
		return this.#locals;
	}

	/** Adds those that are not there. Throws `bad-argument`, and `not-supported` for schemes that this version lacks. */
	addRemotes(likes: readonly RemoteLike[]): void {
		const added = without(likes.flatMap(remotesOf), this.#remotes, keyOfRemote);
		for (const { scheme } of added) selectTransports(scheme);
		this.#remotes = [...this.#remotes, ...added];
		for (const join of this.#joins) for (const remote of added) join(alone(remote));
	}

	/** Calls `join` with each remote that is added until it is disposed of: a race that is under way. */
	joining(join: (remote: Remote) => void): Disposable {
		this.#joins.add(join);
		return { [Symbol.dispose]: () => void this.#joins.delete(join) };
	}

	removeRemotes(likes: readonly RemoteLike[]): void {
		this.#remotes = without(this.#remotes, likes.flatMap(remotesOf), keyOfRemote);
	}

	addLocals(likes: readonly LocalLike[]): void {
		this.#locals = [
			...this.#locals,
			...without(
				likes.map((like) => Local.from(like)),
				this.#locals,
				keyOfLocal,
			),
		];
	}

	/** Throws `bad-argument` for the last one: there would be nowhere to come from. */
	removeLocals(likes: readonly LocalLike[]): void {
		const left = without(
			this.#locals,
			likes.map((like) => Local.from(like)),
			keyOfLocal,
		);
		if (left.length === 0)
			throw badArgument('a carrier needs a local to come from; add another one first', 'removeLocal');
		this.#locals = left;
	}

	hasRemote(remote: Remote): boolean {
		return this.#remotes.some((each) => keyOfRemote(each) === keyOfRemote(remote));
	}

	hasLocal(local: Local): boolean {
		return this.#locals.some((each) => keyOfLocal(each) === keyOfLocal(local));
	}
}

function remotesOf(like: RemoteLike): readonly Remote[] {
	return Remote.from(like).all;
}

function alone(remote: Remote): Remote {
	return remote.alternatives.length === 0 ? remote : new Remote({ ...remote, alternatives: undefined });
}

function without<T>(all: readonly T[], others: readonly T[], keyOf: (one: T) => string): T[] {
	const known = new Set(others.map(keyOf));
	return all.filter((one) => !known.has(keyOf(one)) && known.add(keyOf(one)));
}

function keyOfRemote({ scheme, hostName, addresses, port, path }: Remote): string {
	return JSON.stringify([scheme, hostName, addresses.map(String), port, path]);
}

function keyOfLocal({ stack, address, port, interface: via }: Local): string {
	return JSON.stringify([stack.name, address && String(address), port, via]);
}
