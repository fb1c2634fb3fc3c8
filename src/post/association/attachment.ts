/**
 * Which network a path is on, as the key under which memory of that network is kept (H-70). All associations that use
 * one path share its attachment.
 */

import { hash } from 'node:crypto';
import { type Random, systemRandom } from '../../base/random.ts';
import type { AssociationStore } from './store.ts';

/** Before the key of a network that will not be known again when it is left. */
const unknown = '?';

/** Whether what is learnt on this network may be used after it was left. */
export function isRecognised(network: string): boolean {
	return !network.startsWith(unknown);
}

export class Attachment {
	readonly #store: AssociationStore;
	readonly #random: Random;
	#network: string;

	/** On a network that nothing is known of until `moved` says otherwise. */
	constructor(store: AssociationStore, random: Random = systemRandom) {
		this.#store = store;
		this.#random = random;
		this.#network = this.#somewhere();
	}

	/** The key of the network it is on now. */
	get network(): string {
		return this.#network;
	}

	/**
	 * The path now leads into another network. `identity` is what only that network has (the hardware address of its
	 * gateway with its prefix; not an SSID alone, which anybody can use): with it what was learnt there before counts
	 * again. Without, nothing is known, and nothing learnt will be used after the next move. The same identity again
	 * changes nothing.
	 */
	moved(identity?: string): void {
		const next = identity === undefined ? this.#somewhere() : `network:${hash('sha256', identity, 'hex').slice(0, 32)}`;
		if (!isRecognised(this.#network)) this.#store.clear({ network: this.#network });
		this.#network = next;
	}

	#somewhere(): string {
		const bytes = this.#random.fill(new Uint8Array(16));
		return unknown + Buffer.from(bytes).toString('hex');
	}
}
