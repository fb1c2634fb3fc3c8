/** The header of TCP. RFC 9293 §3.1 */

import { isIntact, putChecksum } from './checksum.ts';
import { type Flaw, reserve } from './codec.ts';
import { putUint16, putUint32, uint16, uint32 } from './network-order.ts';
import * as tcpOptions from './tcp-options.ts';

/** The control bits, as they stand in `flags`. `ae` is RFC 9768's, the rest of RFC 9293 and RFC 3168. */
export const tcpFlag = {
	fin: 1,
	syn: 2,
	rst: 4,
	psh: 8,
	ack: 16,
	urg: 32,
	ece: 64,
	cwr: 128,
	ae: 256,
} as const;

export interface TcpHeader {
	readonly sourcePort: number;
	readonly destinationPort: number;
	readonly sequence: number;
	/** Means nothing without `tcpFlag.ack`. */
	readonly acknowledgment: number;
	/** Of `tcpFlag`. */
	readonly flags: number;
	/** 0 to 65535, as sent: not yet scaled. */
	readonly window: number;
	/** Means nothing without `tcpFlag.urg`. */
	readonly urgentPointer: number;
	readonly options: tcpOptions.TcpOptions;
}

export class TcpView implements TcpHeader {
	readonly bytes: Uint8Array;
	readonly start: number;
	/** Behind the payload. */
	readonly end: number;

	constructor(bytes: Uint8Array, start: number, end: number) {
		this.bytes = bytes;
		this.start = start;
		this.end = end;
	}

	get sourcePort(): number {
		return uint16(this.bytes, this.start);
	}

	get destinationPort(): number {
		return uint16(this.bytes, this.start + 2);
	}

	get sequence(): number {
		return uint32(this.bytes, this.start + 4);
	}

	get acknowledgment(): number {
		return uint32(this.bytes, this.start + 8);
	}

	get flags(): number {
		return uint16(this.bytes, this.start + 12) & 0x1ff;
	}

	get window(): number {
		return uint16(this.bytes, this.start + 14);
	}

	get urgentPointer(): number {
		return uint16(this.bytes, this.start + 18);
	}

	/** Read anew each time it is asked for. */
	get options(): tcpOptions.TcpOptions {
		return tcpOptions.parse(this.bytes, this.start + fixedLength, this.payloadStart);
	}

	get payloadStart(): number {
		return this.start + ((this.bytes[this.start + 12]! >> 4) << 2);
	}

	get payloadLength(): number {
		return this.end - this.payloadStart;
	}
}

/** `sum` is that of the pseudo header, or `offloaded`. Flags that contradict each other are TCP's to judge. */
export function parse(bytes: Uint8Array, start: number, end: number, sum: number): TcpView | Flaw {
	if (end - start < fixedLength) return 'truncated';
	const headerLength = (bytes[start + 12]! >> 4) << 2;
	if (headerLength < fixedLength) return 'malformed';
	if (end - start < headerLength) return 'truncated';
	if (!isIntact(bytes, start, end, sum < 0 ? sum : sum + end - start)) return 'checksum';
	return new TcpView(bytes, start, end);
}

/** Of the header alone. */
export function lengthOf(header: Pick<TcpHeader, 'options'>): number {
	return fixedLength + tcpOptions.lengthOf(header.options);
}

/** Leaves the checksum zero, for `seal`. Throws `bad-argument` too for more than 40 bytes of options. */
export function emit(header: TcpHeader, out: Uint8Array, offset: number): number {
	const { options } = header;
	const end = reserve(out, offset, fixedLength + tcpOptions.lengthOf(options));
	putUint16(out, offset, header.sourcePort);
	putUint16(out, offset + 2, header.destinationPort);
	putUint32(out, offset + 4, header.sequence);
	putUint32(out, offset + 8, header.acknowledgment);
	putUint16(out, offset + 12, (((end - offset) >> 2) << 12) | (header.flags & 0x1ff));
	putUint16(out, offset + 14, header.window);
	putUint16(out, offset + 16, 0);
	putUint16(out, offset + 18, header.urgentPointer);
	return tcpOptions.emit(options, out, offset + fixedLength);
}

/** Writes the checksum of the segment from `start` to `end`; `sum` is that of the pseudo header. */
export function seal(out: Uint8Array, start: number, end: number, sum: number): void {
	putChecksum(out, start + 16, start, end, sum + end - start);
}

const fixedLength = 20;
