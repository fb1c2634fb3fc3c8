/**
 * Fragments become datagrams again. What overlaps is never put together, what is late or too much is dropped.
 * RFC 791 §3.2, RFC 8200 §4.5, RFC 5722, RFC 1858.
 */

import type { Machine, Wake } from '../../base/machine.ts';
import type { IpLimits } from './limits.ts';

export interface FragmentEvent<Context> {
	readonly type: 'fragment';
	/** Tells its datagram from all others on their way: addresses, identification and, for IPv4, protocol. */
	readonly key: string;
	/** Where its payload belongs, in bytes. */
	readonly offset: number;
	readonly more: boolean;
	/** Copied. */
	readonly payload: Uint8Array;
	/** Everything of the packet before the payload; that of the first fragment is kept, copied. */
	readonly header: Uint8Array;
	/** Bytes that the datagram may have behind its header. */
	readonly most: number;
	/** 0 to 3. */
	readonly ecn: number;
	/** How it came: handed back with what becomes of it. */
	readonly context: Context;
}

export type FragmentLoss = 'overlap' | 'too-many' | 'too-long' | 'ecn';

export interface ReassemblySink<Context> {
	/** A datagram is whole; the arrays are the receiver's. `ecn` goes into its header. RFC 3168 §5.3 */
	whole(header: Uint8Array, payload: Uint8Array, ecn: number, context: Context): void;
	/** Time is up; `start` is the first fragment, header and payload, if that came. */
	timedOut(start: Uint8Array | undefined, context: Context): void;
	lost(reason: FragmentLoss): void;
}

interface Piece {
	readonly offset: number;
	readonly bytes: Uint8Array;
}

interface Datagram<Context> {
	/** Of the first fragment that came. */
	readonly context: Context;
	readonly key: string;
	readonly until: number;
	/** By offset, without overlap. Empty once the datagram is refused: what still comes of it is dropped. RFC 5722 §4 */
	pieces: Piece[];
	bytes: number;
	/** Known once the last fragment came. */
	length: number | undefined;
	header: Uint8Array | undefined;
	refused: boolean;
	/** A bit for each codepoint of ECN seen. */
	ecn: number;
	firstEcn: number;
}

export class Reassembly<Context> implements Machine<FragmentEvent<Context>, ReassemblySink<Context>> {
	readonly #limits: IpLimits;
	/** In the order in which they began, which is that of their ends. */
	readonly #datagrams = new Map<string, Datagram<Context>>();
	#bytes = 0;

	constructor(limits: IpLimits) {
		this.#limits = limits;
	}

	/** Bytes held, and datagrams begun. */
	get held(): { readonly bytes: number; readonly datagrams: number } {
		return { bytes: this.#bytes, datagrams: this.#datagrams.size };
	}

	get deadline(): number {
		for (const { until } of this.#datagrams.values()) return until;
		return Number.POSITIVE_INFINITY;
	}

	step(event: FragmentEvent<Context> | Wake, now: number, sink: ReassemblySink<Context>): void {
		for (const datagram of this.#datagrams.values()) {
			if (datagram.until > now) break;
			this.#drop(datagram);
			if (datagram.refused) continue;
			const first = datagram.pieces[0];
			const start = first?.offset === 0 && datagram.header ? joined(datagram.header, first.bytes) : undefined;
			sink.timedOut(start, datagram.context);
		}
		if (event.type === 'fragment') this.#take(event, now, sink);
	}

	#take(event: FragmentEvent<Context>, now: number, sink: ReassemblySink<Context>): void {
		const datagram = this.#datagrams.get(event.key) ?? this.#begin(event.key, event.context, now);
		if (datagram.refused) return;
		const flaw = this.#insert(datagram, event);
		if (flaw !== undefined) {
			this.#refuse(datagram);
			sink.lost(flaw);
			return;
		}
		if (datagram.length === undefined || datagram.header === undefined || !isWhole(datagram)) {
			while (this.#bytes > this.#limits.reassemblyBytes) this.#dropOldest();
			return;
		}
		this.#drop(datagram);
		const payload = new Uint8Array(datagram.length);
		for (const { offset, bytes } of datagram.pieces) payload.set(bytes, offset);
		const ecn = mergedEcn(datagram);
		if (ecn === undefined) sink.lost('ecn');
		else sink.whole(datagram.header, payload, ecn, event.context);
	}

	#begin(key: string, context: Context, now: number): Datagram<Context> {
		if (this.#datagrams.size >= this.#limits.reassemblies) this.#dropOldest();
		const datagram: Datagram<Context> = {
			key,
			context,
			until: now + this.#limits.reassemblyTimeout,
			pieces: [],
			bytes: 0,
			length: undefined,
			header: undefined,
			refused: false,
			ecn: 0,
			firstEcn: 0,
		};
		this.#datagrams.set(key, datagram);
		return datagram;
	}

	/** Returns why the datagram is not to be put together. */
	#insert(datagram: Datagram<Context>, event: FragmentEvent<Context>): FragmentLoss | undefined {
		const { offset, more, payload, header, most, ecn } = event;
		const end = offset + payload.length;
		if (end > most || (datagram.length !== undefined && end > datagram.length)) return 'too-long';
		const { pieces } = datagram;
		let place = pieces.length;
		while (place > 0 && pieces[place - 1]!.offset >= offset) place -= 1;
		const next = pieces[place];
		// RFC 8200 §4.5: an exact duplicate is no overlap.
		if (next?.offset === offset && isSame(next.bytes, payload)) return undefined;
		const before = pieces[place - 1];
		if ((before && before.offset + before.bytes.length > offset) || (next && next.offset < end)) return 'overlap';
		if (!more) {
			const last = pieces.at(-1);
			if (datagram.length !== undefined || (last && last.offset + last.bytes.length > end)) return 'overlap';
			datagram.length = end;
		}
		// Empty ones say nothing, and would be a way to make many.
		if (payload.length === 0 && more) return 'overlap';
		if (pieces.length >= this.#limits.fragments) return 'too-many';
		pieces.splice(place, 0, { offset, bytes: new Uint8Array(payload) });
		if (offset === 0) {
			datagram.header = new Uint8Array(header);
			datagram.firstEcn = ecn;
		}
		datagram.ecn |= 1 << ecn;
		const grown = payload.length + (offset === 0 ? header.length : 0);
		datagram.bytes += grown;
		this.#bytes += grown;
		return undefined;
	}

	#refuse(datagram: Datagram<Context>): void {
		this.#bytes -= datagram.bytes;
		datagram.bytes = 0;
		datagram.pieces = [];
		datagram.refused = true;
	}

	#drop(datagram: Datagram<Context>): void {
		this.#datagrams.delete(datagram.key);
		this.#bytes -= datagram.bytes;
	}

	#dropOldest(): void {
		for (const datagram of this.#datagrams.values()) this.#drop(datagram);
	}
}

function isWhole({ pieces, length }: Datagram<unknown>): boolean {
	let end = 0;
	for (const { offset, bytes } of pieces) {
		if (offset !== end) return false;
		end += bytes.length;
	}
	return end === length;
}

/** Congestion that one fragment met the datagram has met; a mark beside none means that somebody cheats. */
function mergedEcn({ ecn, firstEcn }: Datagram<unknown>): number | undefined {
	const notCapable = 1;
	const marked = 8;
	if ((ecn & marked) === 0) return firstEcn;
	return (ecn & notCapable) === 0 ? 3 : undefined;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function joined(header: Uint8Array, payload: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(header.length + payload.length);
	bytes.set(header);
	bytes.set(payload, header.length);
	return bytes;
}
