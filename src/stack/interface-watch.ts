/** Who watches the interfaces of a stack, and what each of them has not heard yet. */

import type { Clock } from '../base/clock.ts';
import type { Interface, InterfaceChange } from './stack.ts';

interface Watcher {
	readonly listener: (change: InterfaceChange) => void;
	/** What it knows of. */
	seen: readonly Interface[];
}

export class InterfaceWatch {
	readonly #clock: Clock;
	readonly #read: () => readonly Interface[];
	readonly #watchers = new Set<Watcher>();

	constructor(clock: Clock, read: () => readonly Interface[]) {
		this.#clock = clock;
		this.#read = read;
	}

	get size(): number {
		return this.#watchers.size;
	}

	/** From what is there now on. Returns what to call to hear no more; harmless when repeated. */
	add(listener: (change: InterfaceChange) => void): () => void {
		const watcher = { listener, seen: this.#read() };
		this.#watchers.add(watcher);
		return () => void this.#watchers.delete(watcher);
	}

	/** Reads once, and tells each watcher what is new to it, in a later turn. */
	look(): void {
		if (this.#watchers.size === 0) return;
		const now = this.#read();
		for (const watcher of this.#watchers) {
			const change = compareInterfaces(watcher.seen, now);
			watcher.seen = now;
			if (change === undefined) continue;
			// Each on its own: one that throws takes nothing from the others.
			this.#clock.soon(() => {
				if (this.#watchers.has(watcher)) watcher.listener(change);
			});
		}
	}

	clear(): void {
		this.#watchers.clear();
	}
}

/** By name, addresses (in whatever order) and MTU; undefined where nothing differs. */
export function compareInterfaces(
	before: readonly Interface[],
	after: readonly Interface[],
): InterfaceChange | undefined {
	const old = new Map(before.map((each) => [each.name, each]));
	const names = new Set(after.map(({ name }) => name));
	const added = after.filter(({ name }) => !old.has(name));
	const removed = before.filter(({ name }) => !names.has(name));
	const changed = after.filter((each) => {
		const was = old.get(each.name);
		return was !== undefined && !same(was, each);
	});
	return added.length + removed.length + changed.length > 0 ? { added, removed, changed } : undefined;
}

function same(a: Interface, b: Interface): boolean {
	return (
		a.mtu === b.mtu &&
		a.loopback === b.loopback &&
		a.addresses.length === b.addresses.length &&
		a.addresses.every((address) => b.addresses.some((other) => other.equals(address)))
	);
}
