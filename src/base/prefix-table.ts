/** Which of many prefixes says the most about an address: the table of routes, and of anything that nests like them. */

import type { IpAddress } from './address.ts';
import { Prefix } from './prefix.ts';

export interface PrefixEntry<T> {
	/** As it was set, host bits included. */
	readonly prefix: Prefix;
	readonly value: T;
}

/**
 * One value per network, asked by longest match. Host bits and zones are ignored, and IPv4 and IPv6 never match each
 * other (see `IpAddress.unmapped`). An operation takes at most as many steps as an address has bits.
 */
export class PrefixTable<T> {
	#size = 0;
	#root4: Node<T> | undefined;
	#root6: Node<T> | undefined;

	/** How many networks have a value. */
	get size(): number {
		return this.#size;
	}

	/** Replaces the value that the network had. */
	set(prefix: Prefix, value: T): this {
		if (this.#node(prefix)?.entry === undefined) this.#size += 1;
		const leaf = nodeOf(prefix.network, prefix.length, { prefix, value });
		if (prefix.address.family === 4) this.#root4 = insert(this.#root4, leaf);
		else this.#root6 = insert(this.#root6, leaf);
		return this;
	}

	/** The value of exactly this network. */
	get(prefix: Prefix): T | undefined {
		return this.#node(prefix)?.entry?.value;
	}

	/** Whether there was a value to delete. */
	delete(prefix: Prefix): boolean {
		if (this.#node(prefix)?.entry === undefined) return false;
		this.#size -= 1;
		if (prefix.address.family === 4) this.#root4 = remove(this.#root4!, prefix);
		else this.#root6 = remove(this.#root6!, prefix);
		return true;
	}

	/** The entry with the longest prefix that contains the address. */
	match(address: IpAddress): PrefixEntry<T> | undefined {
		let found: PrefixEntry<T> | undefined;
		let node = address.family === 4 ? this.#root4 : this.#root6;
		while (node !== undefined && address.commonPrefixLength(node.network) >= node.length) {
			found = node.entry ?? found;
			node = node.length < widthOf(address) ? node.children[address.bit(node.length)] : undefined;
		}
		return found;
	}

	/** IPv4 first, then by network, a prefix before those within it. */
	*[Symbol.iterator](): IterableIterator<PrefixEntry<T>> {
		if (this.#root4) yield* entries(this.#root4);
		if (this.#root6) yield* entries(this.#root6);
	}

	#node({ network, length }: Prefix): Node<T> | undefined {
		let node = network.family === 4 ? this.#root4 : this.#root6;
		while (node !== undefined && node.length < length) node = node.children[network.bit(node.length)];
		return node?.length === length && network.commonPrefixLength(node.network) >= length ? node : undefined;
	}
}

/**
 * A binary trie in which a run of bits without a choice is one step: a node without an entry has two children, so there
 * are fewer of those than entries.
 */
interface Node<T> {
	readonly network: IpAddress;
	readonly length: number;
	entry: PrefixEntry<T> | undefined;
	/** By the first bit behind the prefix. */
	readonly children: [Node<T> | undefined, Node<T> | undefined];
}

function nodeOf<T>(network: IpAddress, length: number, entry?: PrefixEntry<T>): Node<T> {
	return { network, length, entry, children: [undefined, undefined] };
}

/** What takes the place of `node`. */
function insert<T>(node: Node<T> | undefined, leaf: Node<T>): Node<T> {
	if (node === undefined) return leaf;
	const common = Math.min(leaf.network.commonPrefixLength(node.network), node.length, leaf.length);
	if (common === node.length) {
		if (common === leaf.length) {
			node.entry = leaf.entry;
		} else {
			const side = leaf.network.bit(common);
			node.children[side] = insert(node.children[side], leaf);
		}
		return node;
	}
	const above = common === leaf.length ? leaf : nodeOf<T>(Prefix.of(leaf.network, common).network, common);
	above.children[node.network.bit(common)] = node;
	if (above !== leaf) above.children[leaf.network.bit(common)] = leaf;
	return above;
}

/** What takes the place of `node`, in or below which the prefix has an entry. */
function remove<T>(node: Node<T>, prefix: Prefix): Node<T> | undefined {
	if (node.length === prefix.length) {
		node.entry = undefined;
	} else {
		const side = prefix.network.bit(node.length);
		node.children[side] = remove(node.children[side]!, prefix);
	}
	const [zero, one] = node.children;
	return node.entry === undefined && (zero === undefined || one === undefined) ? (zero ?? one) : node;
}

function* entries<T>(node: Node<T>): IterableIterator<PrefixEntry<T>> {
	if (node.entry) yield node.entry;
	for (const child of node.children) if (child) yield* entries(child);
}

function widthOf(address: IpAddress): number {
	return address.family === 4 ? 32 : 128;
}
