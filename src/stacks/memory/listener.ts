/** A listener in memory: flows are handed over at once, so there is no backlog to fill. */

import type { Clock } from '../../base/clock.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import type { SocketAddress } from '../../base/socket-address.ts';
import type { Flow, FlowListener, FlowListenerHandler } from '../../stack/flow.ts';
import type { Bindings, Holder } from './bindings.ts';

export class MemoryListener implements FlowListener, Holder {
	readonly local: SocketAddress;
	readonly shared = false;
	readonly #handler: FlowListenerHandler;
	readonly #clock: Clock;
	readonly #bindings: Bindings<MemoryListener>;
	#closing: Promise<void> | undefined;

	constructor(local: SocketAddress, handler: FlowListenerHandler, clock: Clock, bindings: Bindings<MemoryListener>) {
		this.local = local;
		this.#handler = handler;
		this.#clock = clock;
		this.#bindings = bindings;
		bindings.add(this);
	}

	close(): Promise<void> {
		return this.finish(undefined);
	}

	finish(error: PostSocketsError | undefined): Promise<void> {
		if (this.#closing) return this.#closing;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#closing = promise;
		this.#bindings.delete(this);
		this.#clock.soon(() => {
			resolve();
			this.#handler.onClose(error);
		});
		return promise;
	}

	/** A peer has connected. Too late after `close`: it is told so. */
	accept(flow: Flow): void {
		if (this.#closing) flow.abort();
		else this.#handler.onFlow(flow);
	}

	/** Does nothing: see memory.ts. */
	ref(): void {}
	unref(): void {}
}
