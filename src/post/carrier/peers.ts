/** Every carrier that a listener gives, served by one function, so many at once: what sinks and responders stand on. */

import { badArgument } from '../../base/errors.ts';
import type { Carrier } from './carrier.ts';
import type { Listener } from './listener.ts';

export interface PeerLimits {
	/** Peers served at once; one more waits, as the listener's limit `pending` allows. Default 16384. */
	readonly peers: number;
}

const defaultPeers = 16_384;

/** What was asked for, or the default. Throws `bad-argument`. */
export function mostPeers({ peers = defaultPeers }: Partial<PeerLimits> = {}): number {
	if (peers >= 1) return peers;
	throw badArgument(`limits.peers is ${peers}; it is a number from 1`, 'listen');
}

export class Peers<In, Out> {
	/** Being served. */
	readonly carriers = new Set<Carrier<In, Out>>();
	readonly #listener: Listener<In, Out>;
	readonly #most: number;
	#reffed = true;
	#onLeft = () => {};

	constructor(listener: Listener<In, Out>, most: number) {
		this.#listener = listener;
		this.#most = most;
	}

	/** Calls `serve`, which never rejects, for each; resolves when the listener has ended and all are served. */
	async serve(serve: (carrier: Carrier<In, Out>) => Promise<void>): Promise<void> {
		for await (const carrier of this.#listener) {
			this.carriers.add(carrier);
			if (!this.#reffed) carrier.unref();
			void serve(carrier).finally(() => {
				this.carriers.delete(carrier);
				this.#onLeft();
			});
			while (this.carriers.size >= this.#most) await this.#left();
		}
		while (this.carriers.size > 0) await this.#left();
	}

	/** Keeps the process alive, or not: the listener, its carriers and those to come. */
	hold(reffed: boolean): void {
		this.#reffed = reffed;
		for (const one of [this.#listener, ...this.carriers]) {
			if (reffed) one.ref();
			else one.unref();
		}
	}

	#left(): Promise<void> {
		return new Promise((resolve) => {
			this.#onLeft = resolve;
		});
	}
}
