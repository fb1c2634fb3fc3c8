/** A Path (P-83): how the packets of one transient go. Its figures are read when they are asked for. */

import { formatSocketAddress, isUnix } from '../../base/socket-address.ts';
import type { Flow } from '../../stack/flow.ts';
import { type FlowMetrics, metricsOf } from '../../stack/metrics.ts';
import type { Interface, Stack } from '../../stack/stack.ts';

export class Path {
	/** Both ends as text. */
	readonly local: string;
	readonly remote: string;
	readonly stack: string;
	/** The provisioning domains its Local is in, by name; undefined where that does not say. */
	readonly pvds: readonly string[] | undefined;
	readonly #stack: Stack;
	readonly #flow: Flow;

	/** @internal */
	constructor(stack: Stack, flow: Flow, pvds: readonly string[] | undefined) {
		this.local = formatSocketAddress(flow.local);
		this.remote = formatSocketAddress(flow.remote);
		this.stack = stack.name;
		this.pvds = pvds;
		this.#stack = stack;
		this.#flow = flow;
	}

	/** The interface that has the local address now; undefined if none has, or the stack does not say. */
	get interface(): string | undefined {
		return this.#interface?.name;
	}

	/** Bytes of the largest packet that goes through: as TCP knows it, else what the interface takes. */
	get mtu(): number | undefined {
		return this.metrics?.pathMtu ?? this.#interface?.mtu;
	}

	/** Bytes of the application that one packet takes (P-84); undefined where nobody tells. */
	get payload(): number | undefined {
		return this.metrics?.maxSegmentSize;
	}

	/** Milliseconds there and back, smoothed; undefined where nobody tells. */
	get roundTrip(): number | undefined {
		return this.metrics?.roundTrip;
	}

	/** All that is known now: of TCP on Linux, with koffi. Undefined elsewhere, and when it is gone. */
	get metrics(): FlowMetrics | undefined {
		return metricsOf(this.#flow);
	}

	/** Whether its local address is gone from the interfaces, so that nothing comes back on it. */
	get lost(): boolean {
		const { local } = this.#flow;
		if (isUnix(local) || local.address.isUnspecified || !this.#stack.interfaces) return false;
		return this.#interface === undefined;
	}

	get #interface(): Interface | undefined {
		const { local } = this.#flow;
		if (isUnix(local)) return undefined;
		const { address } = local;
		return this.#stack.interfaces?.().find(({ addresses }) => addresses.some((each) => each.equals(address)));
	}
}
