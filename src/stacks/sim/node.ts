/** What the parts of a simulated network know of each other. */

import type { IpAddress } from '../../base/address.ts';
import type { IpEndpoint } from '../../base/socket-address.ts';
import type { IpStack } from '../ip/ip-stack.ts';
import type { MemoryFlow } from '../memory/flow.ts';
import type { MemoryListener } from '../memory/listener.ts';
import type { Gate, GateGround } from './gate.ts';
import type { HostClock } from './host-clock.ts';

/** A host as others see it. */
export interface Node {
	readonly name: string;
	readonly clock: HostClock;
	/** Undefined while it is down. */
	readonly ip: IpStack | undefined;
	/** Lives so far: a later one knows no stream of an earlier one. */
	readonly life: number;
	readonly gates: readonly Gate[];
	readonly forwards: boolean;
	readonly ends: StreamEnds;
	/** What a stream from `inside` looks like behind the translator of this host; undefined if that is not on its way. */
	translated(inside: IpEndpoint, outgoing: Gate): IpEndpoint | undefined;
}

/** Where the streams of one host begin and end. */
export interface StreamEnds {
	listenerAt(local: IpEndpoint): MemoryListener | undefined;
	add(flow: MemoryFlow): void;
	delete(flow: MemoryFlow): void;
}

/** The network as a host sees it. */
export interface World extends GateGround {
	/** Who has this address in use on an interface. */
	owner(address: IpAddress): { readonly node: Node; readonly gate: Gate } | undefined;
}
