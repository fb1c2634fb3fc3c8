/** A segment as IP takes it: written into the frame, its payload straight from where it is kept. One for a whole stack. */

import { offloaded } from '../../../wire/checksum.ts';
import * as tcp from '../../../wire/tcp.ts';
import { noOptions, type TcpOptions } from '../../../wire/tcp-options.ts';
import type { Body } from '../output.ts';
import type { Outgoing } from './connection.ts';

/** Where the payload is. */
export interface Payload {
	copy(sequence: number, out: Uint8Array, at: number, length: number): void;
}

export class Emission implements Body, tcp.TcpHeader {
	sourcePort = 0;
	destinationPort = 0;
	sequence = 0;
	acknowledgment = 0;
	flags = 0;
	window = 0;
	readonly urgentPointer = 0;
	options: TcpOptions = noOptions;
	/** Bytes of header and payload. */
	length = 0;
	#payload: Payload | undefined;
	#payloadLength = 0;

	/** Borrowed until it is sent. */
	prepare(sourcePort: number, destinationPort: number, segment: Outgoing, payload: Payload | undefined): this {
		this.sourcePort = sourcePort;
		this.destinationPort = destinationPort;
		this.sequence = segment.sequence;
		this.acknowledgment = segment.acknowledgment;
		this.flags = segment.flags;
		this.window = segment.window;
		this.options = segment.options;
		this.#payload = payload;
		this.#payloadLength = segment.length;
		this.length = tcp.lengthOf(this) + segment.length;
		return this;
	}

	write(out: Uint8Array, at: number, sum: number): void {
		const start = tcp.emit(this, out, at);
		if (this.#payloadLength > 0) this.#payload?.copy(this.sequence, out, start, this.#payloadLength);
		if (sum !== offloaded) tcp.seal(out, at, start + this.#payloadLength, sum);
	}
}
