/** What a file of captured packets holds, in whichever format (pcap.ts, pcapng.ts). */

import type { Flaw } from './codec.ts';

/** Of the registry of link types at tcpdump.org: `raw` is IPv4 or IPv6 without a frame. */
export const linkType = { ethernet: 1, raw: 101 } as const;

export interface CaptureInterface {
	readonly linkType: number;
	/** The bytes that are kept of a packet at most. 0: no limit. */
	readonly snapLength: number;
	/** Empty where the format has no names, or none was given. */
	readonly name: string;
}

export interface CapturedPacket {
	/** Nanoseconds since 1970, in UTC; what a simulation says the time is. */
	readonly time: bigint;
	/** An index into the interfaces of the capture. */
	readonly interface: number;
	/** What was kept of it. */
	readonly bytes: Uint8Array;
	/** What it had on the link. */
	readonly originalLength: number;
}

/** What could be read of a file. Its packets are views of the file. */
export interface Capture {
	readonly interfaces: readonly CaptureInterface[];
	readonly packets: readonly CapturedPacket[];
	/** Why nothing more was read; undefined at the regular end. */
	readonly flaw: Flaw | undefined;
}
